"""The process in which a user's function runs: its generators, its threads, its output."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import random
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tune_app.storage.store import StudyStore

MOST_OUTPUT_BYTES = 10_000_000
"""Longest output of an attempt that is kept."""
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
def ends_forks() -> Iterator[None]:
    """End each process that the user's function has forked, once the function ends there.

    Such a process has none of the threads that pass results on. As a second copy of the worker it
    would wait for them for ever, and so would a function that waits for it.
    """
    process, status = os.getpid(), 0
    try:
        yield
    except BaseException:
        if os.getpid() == process:
            raise
        traceback.print_exc()
        status = 1
    if os.getpid() != process:
        _STREAM.flush()
        os._exit(status)


class _Output(io.RawIOBase):
    """The file to which a trial's output goes, opened when something is written.

    Between trials, for example when a thread of a function still prints, output is dropped.
    """

    name = "<output of the trial>"

    def __init__(self) -> None:
        self._path: Path | None = None
        self._left = 0
        self._file: io.FileIO | None = None

    def begin(self, path: Path) -> None:
        """Let output go to a file."""
        self._path, self._left = path, MOST_OUTPUT_BYTES

    def end(self) -> None:
        """Close the file."""
        self._path, self._left = None, 0
        if self._file is not None:
            self._file.close()
            self._file = None

    def writable(self) -> bool:
        """Return that output can be written."""
        return True

    def fileno(self) -> int:
        """Return the number of the file, which a user's function may hand to another program."""
        return self._opened().fileno()

    def write(self, output: Any) -> int:
        """Write output, as far as there is room."""
        content = bytes(output)
        if content and self._left > 0:
            file = self._opened()
            file.write(content[: self._left])
            self._left -= len(content)
            if self._left <= 0:
                file.write(b"\nmore output is left out\n")
        return len(content)

    def _opened(self) -> io.FileIO:
        if self._path is None:
            raise io.UnsupportedOperation("fileno")
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = io.FileIO(self._path, "a")
        return self._file


class _Stream(io.TextIOWrapper):
    """A text stream to an output that the user's function cannot close."""

    def close(self) -> None:
        """Write what is buffered."""
        self.flush()


_OUTPUT = _Output()
_STREAM = _Stream(_OUTPUT, "utf-8", "backslashreplace", line_buffering=True)
"""One stream serves all trials of the process, because handlers of ``logging`` keep the stream that
they found in the first trial."""


@contextmanager
def captured_output(store: StudyStore, path: Path) -> Iterator[None]:
    """Write what is printed to a file, which appears with the first character."""
    _OUTPUT.begin(path)
    try:
        with contextlib.redirect_stdout(_STREAM), contextlib.redirect_stderr(_STREAM):
            yield
    finally:
        _STREAM.flush()
        _OUTPUT.end()
        if path.exists():
            if store.at_url:
                _put_after_earlier(store, path)
            store.push(path)


def _put_after_earlier(store: StudyStore, path: Path) -> None:
    """Put output after what earlier attempts and other processes of the trial left at the URL."""
    with contextlib.suppress(OSError, ValueError):
        earlier = store.current_text(path).encode()
        path.write_bytes(earlier + path.read_bytes())
