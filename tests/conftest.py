from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A run tries the same examples every time, however long one takes on a busy machine;
# `pytest --hypothesis-profile default` tries new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

DATA = Path(__file__).parent / "data"


def pytest_configure(config: pytest.Config) -> None:
    """Hide GPUs from tests that expect what a CPU does: all but ``tests/gpu``, if it is named.

    The chaos tests start nodes with GPUs that are not there, which Ray refuses where some are
    hidden.
    """
    is_chaos = "not chaos" not in config.option.markexpr
    if not is_chaos and not any("tests/gpu" in word for word in config.args):
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


@pytest.fixture(scope="session")
def real_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of a real study: the 128 rows of q1a on 800 images. Do not change it."""
    path = tmp_path_factory.mktemp("real") / "q1a"
    shutil.copytree(DATA / "q1a", path)
    return path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a study of four rows: two finished, two of a trial that failed."""
    from tests.small_study import small_study

    return small_study(tmp_path, monkeypatch)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Give torch one thread and a fixed seed."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)
