"""The GPUs of this machine, found without importing torch where there are none."""

from __future__ import annotations

import ctypes
from pathlib import Path

_CUDA_DRIVER = "libcuda.so.1"
"""The library of the driver, which CUDA loads by this name."""
_ROCM_DEVICE = Path("/dev/kfd")
"""The device that AMD's ROCm opens."""


def num_gpus() -> int:
    """Return how many GPUs of this machine torch can use.

    torch counts them by asking the driver, which also answers if it is too old for torch.
    """
    if not _has_gpu_driver():
        return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def gpu_names() -> list[str]:
    """Return the names of this machine's GPUs."""
    if not num_gpus():
        return []
    import torch

    return [torch.cuda.get_device_name(i) for i in range(num_gpus())]


def _has_gpu_driver() -> bool:
    """Return whether torch could find a GPU here. Asking torch takes 2 s, if it is not loaded."""
    try:
        ctypes.CDLL(_CUDA_DRIVER)
    except OSError:
        return _ROCM_DEVICE.exists()
    return True
