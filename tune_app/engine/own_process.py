"""The process in which a user's function runs: its generators, its threads, its output."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tune_app.storage.store import StudyStore

MOST_OUTPUT_CHARACTERS = 10_000_000
"""Longest output of a trial that is kept."""
LONGEST_STEP_SECONDS = 24 * 3_600
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def seed_generators(seed: int, *, with_torch: bool) -> None:
    """Seed the generators of Python and NumPy, and those of torch if the function uses it.

    Importing torch takes seconds, so it is not imported for others.
    """
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    if with_torch or "torch" in sys.modules:
        import torch

        torch.manual_seed(seed)


def prepare_process() -> None:
    """Prepare the worker process for a user's function.

    Ray's line about each saved checkpoint stays out of what the function prints. A function that is
    stopped ends at its next report, which may take long; Ray waits two seconds and then gives up
    the trial that was to follow in the process.
    """
    logging.getLogger("ray.train").setLevel(logging.WARNING)
    os.environ["TUNE_FUNCTION_THREAD_TIMEOUT_S"] = str(LONGEST_STEP_SECONDS)


@contextmanager
def fixed_threads(number: int) -> Iterator[None]:
    """Let libraries use as many threads as the trial has CPUs; results may depend on the number.

    The variables count for libraries that the function loads later.
    """
    from threadpoolctl import threadpool_limits

    for name in _THREAD_VARIABLES:
        os.environ[name] = str(number)
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(number)
    with threadpool_limits(number):
        yield


@contextmanager
def captured_output(store: StudyStore, path: Path) -> Iterator[None]:
    """Write what is printed to a file, which appears with the first character."""
    output = _Output(path)
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            yield
    finally:
        output.close()
        if path.exists():
            store.push(path)


class _Output(io.TextIOBase):
    """A text file that is opened when something is written, and that ends at a size.

    After it is closed, for example when a thread of the function still prints, text is dropped.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left = MOST_OUTPUT_CHARACTERS
        self._file: io.TextIOWrapper | None = None
        self._is_open = True

    def writable(self) -> bool:
        """Return that text can be written."""
        return True

    def write(self, text: str) -> int:
        """Write text, as far as there is room."""
        if self._is_open and text and self._left > 0:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("a", buffering=1, errors="backslashreplace")
            self._file.write(text[: self._left])
            self._left -= len(text)
            if self._left <= 0:
                self._file.write("\nmore output is left out\n")
        return len(text)

    def flush(self) -> None:
        """Write what is buffered."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._is_open = False
        if self._file is not None:
            self._file.close()
            self._file = None
