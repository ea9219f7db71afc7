"""Where GPUs are looked for."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import pytest

from tune_app.engine import connection, gpus, ray_internals


@pytest.mark.parametrize(
    ("has_driver", "is_new_enough", "num"), [(True, True, 2), (True, False, 0), (False, True, 0)]
)
def test_gpus_are_asked_for_where_there_is_a_driver_that_torch_can_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, has_driver: bool, is_new_enough: bool, num: int
) -> None:
    def load(name: str) -> None:
        if not has_driver:
            raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.is_available", lambda: is_new_enough)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda i: f"GPU {i}")
    monkeypatch.setattr(gpus, "_ROCM_DEVICE", tmp_path / "kfd")
    monkeypatch.setattr(ctypes, "CDLL", load)
    assert gpus.gpu_names() == ["GPU 0", "GPU 1"][:num]
    assert gpus.num_gpus() == num
    assert connection.local_cluster().total("GPU") == num


def test_a_cluster_on_this_machine_has_the_gpus_that_torch_can_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: dict[str, Any] = {}

    def start(_folder: Path, **options: Any) -> None:
        given.update(options)

    monkeypatch.setattr(connection, "num_gpus", lambda: 3)
    monkeypatch.setattr(ray_internals, "start_cluster", start)
    connection._start({})
    connection._remove_folders()
    assert given["num_gpus"] == connection.local_cluster().total("GPU") == 3
