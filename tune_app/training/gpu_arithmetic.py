"""How a GPU computes: in which precision, and whether twice the same."""

from __future__ import annotations

import torch
from torch.backends import cudnn

_FIRST_WITH_TF32 = 8
"""The compute capability of Ampere."""


def repeat_exactly() -> None:
    """Let this process use only convolutions of cuDNN that add in a fixed order.

    By torch's default it may use others too, so a resumed trial could differ from an uninterrupted
    one. This has no effect on a CPU.
    """
    cudnn.deterministic = True


def precision(device: torch.device, *, mixed: bool) -> str:
    """Return the precision of matrix products and convolutions, for a row.

    By torch's default, convolutions of float32 are computed in TF32 on GPUs that have it: with 10
    bits after the point instead of 23.

    Args:
        device: the device of the model.
        mixed: whether autocast is on.
    """
    if mixed:
        return "float16"
    if device.type == "cuda" and cudnn.conv.fp32_precision == "tf32":  # type: ignore[attr-defined]
        major, _ = torch.cuda.get_device_capability(device)
        return "tf32" if major >= _FIRST_WITH_TF32 else "float32"
    return "float32"
