"""Where GPUs are looked for."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from tune_app.engine import connection, gpus


@pytest.mark.parametrize("has_driver", [True, False])
def test_gpus_are_asked_for_where_there_is_a_driver(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, has_driver: bool
) -> None:
    def load(name: str) -> None:
        if not has_driver:
            raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda i: f"GPU {i}")
    monkeypatch.setattr(gpus, "_ROCM_DEVICE", tmp_path / "kfd")
    monkeypatch.setattr(ctypes, "CDLL", load)
    names = ["GPU 0", "GPU 1"] if has_driver else []
    assert gpus.gpu_names() == names
    assert gpus.num_gpus() == len(names)
    assert connection.local_cluster().total("GPU") == len(names)
