"""Measures kinds of trials in a child process, which can be killed at any time.

A solver can compute for minutes in C++ without handling a signal. The child process does not
receive the terminal's Ctrl-C. It is killed when the command ends, or when one measurement takes too
long. One child measures all kinds of a plan, since importing torch takes seconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Protocol

import psutil

from search_spaces.errors import UserError
from tune_app.training.memory import begin_trial, peak_memory_bytes
from tune_app.training.probe import Probe
from tune_app.training.registry import load_object

LIMIT_SECONDS = 120.0
"""The longest time that measuring one kind of trial may take; shipped spaces take seconds."""
_KILLED_WITH_PARENT = 1
"""``PR_SET_PDEATHSIG`` of prctl(2)."""


class Shipped(Protocol):
    """A user's functions on their way to another process."""

    def load(self) -> Any:
        """Return the functions there."""


Ship = Callable[[Callable[..., Any]], Shipped]
"""Makes a user's functions ready for another process."""


class ProbeProcess:
    """The child process, as a context manager. It starts with the first measurement.

    Args:
        probe: ``"module:function"``, (configuration, images, threads) -> :class:`Probe`; or a
            user's functions, whose method ``probe`` is called so.
        data: data set -> its images.

    Attributes:
        is_usable: False once a measurement took too long or ended the process.
    """

    def __init__(self, probe: str | Shipped, data: Mapping[str, Any]) -> None:
        self._probe = probe
        self._data = data
        self._process: subprocess.Popen[bytes] | None = None
        self.is_usable = True

    def __enter__(self) -> ProbeProcess:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._connection.close()
            self._process.kill()
            self._process.wait()

    def measure(self, config: Mapping[str, Any], num_threads: int) -> Probe | str:
        """Measure trials with this configuration; return the result, or why there is none.

        Raises:
            UserError: the trainable refuses the configuration.
        """
        try:
            if self._process is None:
                self._start()
            self._connection.send((dict(config), num_threads))
            if not self._connection.poll(LIMIT_SECONDS):
                self.is_usable = False
                return f"a few steps of it did not end within {LIMIT_SECONDS:.0f} s"
            found = self._connection.recv()
        except (OSError, EOFError):
            self.is_usable = False
            return "the process that measured it ended"
        if isinstance(found, UserError):
            raise found
        assert isinstance(found, (Probe, str))
        return found

    def _start(self) -> None:
        self._connection, theirs = Pipe()
        # The child imports modules from where this process does. -P keeps it from importing files
        # of the working directory by accident.
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-W", "ignore", "-m", __name__, str(theirs.fileno())],
                env={**os.environ, "PYTHONPATH": path},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._connection.send((self._probe, dict(self._data)))


def measured(
    probe: str | Shipped, config: Mapping[str, Any], data: Mapping[str, Any], num_threads: int
) -> Probe | str:
    """Measure one kind of trial in this process, and by how much the process's memory grows."""
    if config.get("device") == "cuda":
        import torch

        if not torch.cuda.is_available():
            return "it needs a GPU, and this machine has none"
    function = load_object(probe) if isinstance(probe, str) else probe.load().probe
    begin_trial()
    before = psutil.Process().memory_info().rss
    found: Probe = function(config, data[config["dataset"]], num_threads)
    growth = max(0, peak_memory_bytes() - before)
    # While a checkpoint is written, its content is in memory twice: as tensors and as a file.
    return replace(found, memory_bytes=growth + found.checkpoint_bytes)


def _serve(connection: Connection) -> None:
    """Measure each configuration that is received, until the connection is closed."""
    with contextlib.suppress(OSError, AttributeError):  # not Linux: it ends after its measurement
        ctypes.CDLL(None).prctl(_KILLED_WITH_PARENT, signal.SIGKILL)
    probe, data = connection.recv()
    while True:
        config, num_threads = connection.recv()
        try:
            found: Probe | str | UserError = measured(probe, config, data, num_threads)
        except UserError as error:
            found = error
        except Exception as error:
            found = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        connection.send(found)


if __name__ == "__main__":
    with contextlib.suppress(EOFError, ConnectionError):
        _serve(Connection(int(sys.argv[1])))
