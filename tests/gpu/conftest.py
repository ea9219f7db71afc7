from __future__ import annotations

import time

import pytest

LATEST_START_SECONDS = 360
"""A test that would begin later is skipped, so that all of them end within 8 minutes."""
_STARTED = time.monotonic()


@pytest.fixture(autouse=True)
def gpu() -> None:
    """Skip a test where there is no GPU, or no time left."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("torch finds no GPU; where it has one: python -m pytest tests/gpu")
    if time.monotonic() - _STARTED > LATEST_START_SECONDS:
        pytest.skip(f"the tests before it took more than {LATEST_START_SECONDS} s; name its file")
