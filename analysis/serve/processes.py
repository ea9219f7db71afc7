"""Child processes that read studies, so that serving never waits for them.

They run at a lower priority than the study, whose times they must not change much. They do not get
the terminal's Ctrl-C and end with this process.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from tempfile import TemporaryFile
from typing import Any

import psutil

from search_spaces.errors import UserError, one_line

NICENESS = 10
_LONGEST_READING_SECONDS = 600.0
_LONGEST_BUILD_SECONDS = 1_800.0


def start(module: str, *arguments: str, **options: Any) -> subprocess.Popen[Any]:
    """Start a module of ours as a child process with a lower priority."""
    # The child imports modules from where this process does. -P keeps it from importing files of
    # the working directory by accident.
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109
    process: subprocess.Popen[Any] = subprocess.Popen(
        [sys.executable, "-P", "-W", "ignore", "-m", module, *arguments],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        **options,
    )
    with contextlib.suppress(psutil.Error):
        child = psutil.Process(process.pid)
        child.nice(max(child.nice(), NICENESS))
    return process


def read_state(place: str) -> dict[str, Any]:
    """Return the state of a study, as ``tune-app status --json`` tells it.

    Raises:
        UserError: the study cannot be read.
    """
    process = _status(place)
    try:
        output, errors = process.communicate(timeout=_LONGEST_READING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise UserError(f"{place}: its state could not be read in time") from None
    finally:
        _end(process)
    if process.returncode != 0:
        raise UserError(_reason(errors))
    return _parsed(output)


class Follower:
    """Reads the state of a study again and again, as long as a driver runs it.

    For a study at a URL this is cheaper than single readings: the child process keeps its copy of
    the study and fetches only what has changed.

    Args:
        place: the study.
        seconds: the time between two readings.
    """

    def __init__(self, place: str, seconds: float) -> None:
        # Nobody reads a pipe for errors meanwhile, and a storage may not answer for hours.
        self._errors = TemporaryFile("w+")  # noqa: SIM115
        self._process = _status(place, "--watch", f"{seconds:g}", stderr=self._errors)

    def states(self) -> Iterator[dict[str, Any]]:
        """Yield each state, until no driver runs the study.

        Raises:
            UserError: the study cannot be read.
        """
        try:
            for line in self._process.stdout or ():
                yield _parsed(line)
            if self._process.wait() > 0:
                self._errors.seek(0)
                raise UserError(_reason(self._errors.read()))
        finally:
            _end(self._process)
            self._errors.close()

    def stop(self) -> None:
        """End the process; ``states`` then ends too. Any thread may call this."""
        self._process.kill()


class ReportBuilder:
    """A child process that builds reports, one after another. It starts with the first one.

    Args:
        options: the keyword arguments of :func:`analysis.render.writing.report_html`.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = dict(options)
        self._process: subprocess.Popen[Any] | None = None
        self._connection: Connection | None = None

    def build(self, place: str) -> bytes:
        """Return the report of a study as HTML.

        Raises:
            UserError: it cannot be built. The message has the reason.
        """
        try:
            connection = self._connected()
            connection.send(place)
            if not connection.poll(_LONGEST_BUILD_SECONDS):
                raise EOFError
            found = connection.recv()
        except (OSError, EOFError):
            self.close()
            raise UserError(
                f"{place}: the process that builds its report ended, perhaps for want of memory"
            ) from None
        if isinstance(found, str):
            raise UserError(found)
        assert isinstance(found, bytes)
        return found

    def stop(self) -> None:
        """End the process, and with it a build in progress. Any thread may call this."""
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End the process and forget it; the next report starts another."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            _end(self._process)
        self._connection = self._process = None

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection, theirs = Pipe()
            number = str(theirs.fileno())
            with theirs:
                self._process = start("analysis.serve.builder", number, pass_fds=[theirs.fileno()])
            self._connection.send(self._options)
        return self._connection


def _status(place: str, *options: str, stderr: Any = subprocess.PIPE) -> subprocess.Popen[str]:
    words = (place, "--json", *options)
    return start("tune_app.status", *words, stdout=subprocess.PIPE, stderr=stderr, text=True)


def _end(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _reason(errors: str) -> str:
    lines = [line for line in errors.splitlines() if line.strip()]
    return one_line(lines[-1]).removeprefix("error: ") if lines else "its state cannot be read"


def _parsed(text: str) -> dict[str, Any]:
    try:
        state = json.loads(text)
    except ValueError:
        state = None
    if not isinstance(state, dict):
        raise UserError("its state cannot be read")
    return state
