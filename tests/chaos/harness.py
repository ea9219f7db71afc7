"""Starts, kills and reads studies that run in processes of their own, for fault injection.

All drivers of a test process share one Ray directory of their own, so that what a killed driver
leaves behind stands in the way of the next one as it would for a user, and can yet be told from
whatever else runs on the machine.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from tests.chaos.records import Record, check_nothing_is_repeated, read_record, read_table

__all__ = [
    "NUM_ROWS",
    "SPACE",
    "Driver",
    "Record",
    "check_equal",
    "check_nothing_is_repeated",
    "finish",
    "ray_directory",
    "read_record",
    "read_table",
    "study_root",
    "study_words",
    "summary_row",
    "undisturbed_table",
]


SPACE = """
from ray import tune
from search_spaces import SearchSpace
SPACE = SearchSpace(
    name="chaos", question="Which optimizer?", trainable="resnet",
    factors=("optimizer", "pin_memory", "epochs"),
    param_space={
        "dataset": "mnist", "model": "resnet18", "batch_size": 32, "lr": 1e-3,
        "optimizer": tune.grid_search(["sgd", "adam"]),
        "pin_memory": tune.grid_search([False, True]),
        "epochs": tune.grid_search([2, 6]),
    },
)
"""
"""Eight rows, served by two trials of six epochs with milestones 2 and 6."""

NUM_ROWS = 8

INJECTION = str(Path(__file__).with_name("injection.py"))


@functools.cache
def ray_directory() -> Path:
    """Return this test process's Ray directory; a short path, for Unix sockets lie in it."""
    path = Path(tempfile.mkdtemp(prefix="ray-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


class Driver:
    """One ``python -m tune_app.run`` in a session of its own; killed on leaving ``with``.

    Args:
        folder: where the space's file, the driver's output and ``results`` are.
        arguments: words after those that every study here has.
        injection: (function, word, count, when) for ``injection.py``: the driver kills itself.
        environment: variables set for the driver; a value of None removes one.
        space: the search space's source.
        prefix: the words of a command that runs the driver, if it is not run directly.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        injection: Sequence[object] = (),
        environment: Mapping[str, str | None] | None = None,
        space: str = SPACE,
        prefix: Sequence[str] = (),
    ) -> None:
        file = folder / "my_space.py"
        if not file.exists():
            file.write_text(space)
        words = study_words(folder, *arguments)
        program = [INJECTION, *map(str, injection)] if injection else ["-m", "tune_app.run"]
        variables: dict[str, str | None] = {**os.environ, "RAY_TMPDIR": str(ray_directory())}
        variables |= environment or {}
        self._log = folder / f"driver-{len(list(folder.glob('driver-*')))}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, *program, *words],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={name: value for name, value in variables.items() if value is not None},
            )
        self._descendants: set[psutil.Process] = set()

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()

    @property
    def output(self) -> str:
        """What the driver printed so far, standard error included."""
        return self._log.read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the driver alone, remembering the processes that it started."""
        self._descendants.update(psutil.Process(self.process.pid).children(recursive=True))
        self.process.send_signal(number)

    def kill(self) -> None:
        """Kill the driver with SIGKILL and wait for its end."""
        self.send(signal.SIGKILL)
        self.process.wait(timeout=10)

    def wait(self, timeout: float = 240) -> int:
        """Return the exit status once the driver has ended by itself."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout} s:\n{self.output}") from None

    def wait_for(self, condition: Callable[[], object], timeout: float = 200) -> bool:
        """Wait until the condition holds; False if the driver ended first."""
        deadline = time.monotonic() + timeout
        while not condition():
            if self.process.poll() is not None:
                return False
            assert time.monotonic() < deadline, f"waited for {timeout} s:\n{self.output}"
            time.sleep(0.01)
        return True

    def wait_for_output(self, text: str, timeout: float = 200) -> bool:
        """Wait until the driver has printed a text; False if it ended without."""
        return self.wait_for(lambda: text in self.output, timeout) or text in self.output

    def ray_processes(self) -> list[psutil.Process]:
        """Return the processes of this driver's own Ray that are running."""
        mark = re.compile(rf"session_\d\S*_{self.process.pid}\b")
        running = []
        for process in psutil.process_iter():
            try:
                known = process in self._descendants or mark.search(" ".join(process.cmdline()))
                if known and process.status() != psutil.STATUS_ZOMBIE:
                    running.append(process)
            except psutil.NoSuchProcess:
                continue
        return running

    def wait_until_ray_is_gone(self, timeout: float = 30) -> float:
        """Return after how many seconds only the agents of the driver's Ray were left.

        The two agents of a node, which run no trial, take a minute to notice that all is over.
        """
        started = time.monotonic()
        while left := [p for p in self.ray_processes() if not _is_agent(p)]:
            assert time.monotonic() < started + timeout, f"left after {timeout} s: {left}"
            time.sleep(0.1)
        return time.monotonic() - started

    def wait_until_agents_are_gone(self, timeout: float = 150) -> None:
        """Wait until nothing of the driver's Ray is left."""
        deadline = time.monotonic() + timeout
        while left := self.ray_processes():
            assert time.monotonic() < deadline, f"left after {timeout} s: {left}"
            time.sleep(0.5)


def _is_agent(process: psutil.Process) -> bool:
    try:
        return process.name() in ("ray::DashboardAgent", "ray::RuntimeEnvAgent")
    except psutil.NoSuchProcess:
        return True


def study_words(folder: Path, *arguments: str) -> list[str]:
    """Return the command line's words after ``python -m tune_app.run``."""
    data = ("--data", "sample", "--images", "200")
    saved = () if "--checkpoint-seconds" in arguments else ("--checkpoint-seconds", "0")
    results = ("--results-dir", str(folder / "results"))
    return ["--space", str(folder / "my_space.py"), *data, *saved, *results, *arguments]


def study_root(folder: Path) -> Path:
    """Return the study directory of :data:`SPACE`."""
    return folder / "results" / "chaos"


@functools.cache
def undisturbed_table() -> dict[tuple[str, str], dict[str, str]]:
    """Run :data:`SPACE` once without any fault and return its table."""
    with tempfile.TemporaryDirectory() as folder, Driver(Path(folder)) as driver:
        assert driver.wait() == 0, driver.output
        return read_table(study_root(Path(folder)))


def finish(folder: Path, *arguments: str) -> Driver:
    """Run the same command to its end and check that the study equals an undisturbed one."""
    with Driver(folder, *arguments) as driver:
        assert driver.wait() == 0, driver.output
    check_equal(folder)
    return driver


def check_equal(folder: Path) -> None:
    """Check that all rows are finished with the very numbers of an undisturbed run."""
    table = read_table(study_root(folder))
    assert len(table) == NUM_ROWS and {row["status"] for row in table.values()} == {"finished"}
    assert table == undisturbed_table()
    root = study_root(folder)
    assert not list(root.glob("tune/*/*/checkpoint_*")), "spent checkpoints stay"
    [best] = root.glob("weights/*.json")
    weights = [str(path.relative_to(root)) for path in root.glob("tune/*/*/weights/*")]
    assert weights == [json.loads(best.read_text())["file"]], "only the best weights stay"


def summary_row(fault: str, tried: int, survived: int, lost_rows: int, equal: bool) -> str:
    """Return a line of the table of faults."""
    return f"| {fault} | {tried} | {survived} | {lost_rows} | {'yes' if equal else 'no'} |"
