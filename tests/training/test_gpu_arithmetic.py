"""How a GPU computes, asked without one; tests/gpu asks a real one."""

from __future__ import annotations

import pytest
import torch
from torch.backends import cudnn

from tests.training.test_classifier_run import images, start  # noqa: F401 (a fixture)
from tune_app.data.split_data import SplitData
from tune_app.training.gpu_arithmetic import precision

CPU, GPU = torch.device("cpu"), torch.device("cuda")
TURING, AMPERE = (7, 5), (8, 0)


@pytest.mark.parametrize(
    ("device", "allowed", "capability", "expected"),
    [
        (CPU, True, AMPERE, "float32"),
        (GPU, True, AMPERE, "tf32"),
        (GPU, True, TURING, "float32"),
        (GPU, False, AMPERE, "float32"),
    ],
)
def test_precision(
    monkeypatch: pytest.MonkeyPatch,
    device: torch.device,
    allowed: bool,
    capability: tuple[int, int],
    expected: str,
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: capability)
    with cudnn.flags(enabled=True, allow_tf32=allowed):
        assert precision(device, mixed=False) == expected
        assert precision(device, mixed=True) == "float16"


def test_a_training_uses_convolutions_that_repeat_exactly(
    images: SplitData,  # noqa: F811
) -> None:
    with cudnn.flags(enabled=True, deterministic=False):
        start(images)
        assert cudnn.deterministic
