"""The files of a trial beside its rows and checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from tune_app.storage.local_store import LocalStore
from tune_app.training.trial_files import write_weights


class OnGpu(torch.Tensor):
    """Stands for a tensor in the memory of a GPU, which has other values on the CPU."""

    def cpu(self, *_: Any, **_options: Any) -> torch.Tensor:
        return torch.tensor([7.0])


def test_kept_weights_name_no_gpu(tmp_path: Path) -> None:
    weights = {"weight": torch.zeros(1).as_subclass(OnGpu), "steps": 3}
    path = tmp_path / "mnist-net.epoch_1.pt"
    store = LocalStore(tmp_path)
    write_weights(store, path, weights, group="mnist-net", metric="val_accuracy", score=0.5)
    kept = torch.load(path, weights_only=True)
    assert type(kept["weight"]) is torch.Tensor and kept == {
        "weight": torch.tensor([7.0]),
        "steps": 3,
    }
