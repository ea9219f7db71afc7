from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def gpu() -> None:
    """Skip a test where there is no GPU."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("this machine has no GPU that torch can use")
