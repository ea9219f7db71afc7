"""Starts, kills and reads studies that run in processes of their own, for fault injection.

All drivers of a test process share one Ray directory of their own, so that what a killed driver
leaves behind stands in the way of the next one as it would for a user, and can yet be told from
whatever else runs on the machine.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
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
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import psutil

from analysis.report import write_report
from tune_app.checkpoint import INDEX_FILE, STATE_FILE, find_checkpoints
from tune_app.ledger import RowKey, open_ledger, read_results

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
NUMBERS = ["test_accuracy", "test_precision", "test_recall", "test_f1", "val_accuracy"]

INJECTION = """
import os, signal, sys
function, needle, count, action, *arguments = sys.argv[1:]
real, seen = getattr(os, function), 0
def injected(first, *rest, **names):
    global seen
    path = os.readlink(f"/proc/self/fd/{first}") if isinstance(first, int) else str(first)
    seen += needle in path
    hit = needle in path and seen == int(count)
    if hit and action == "tear":
        os.truncate(path, os.path.getsize(path) - 40)
    if hit and action != "after":
        os.kill(os.getpid(), signal.SIGKILL)
    done = real(first, *rest, **names)
    if hit:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
setattr(os, function, injected)
from tune_app.run import main
sys.exit(main(arguments))
"""
"""Kills the driver at its n-th ``os.fsync`` or ``os.replace`` of a file whose path holds a word.

``before`` the call, ``after`` it, or before it with the end of the file torn off (``tear``).
"""


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
        injection: (function, word, count, action) for :data:`INJECTION`.
        environment: variables set for the driver; a value of None removes one.
        space: the search space's source.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        injection: Sequence[object] = (),
        environment: Mapping[str, str | None] | None = None,
        space: str = SPACE,
    ) -> None:
        file = folder / "my_space.py"
        if not file.exists():
            file.write_text(space)
        words = study_words(folder, *arguments)
        program = ["-c", INJECTION, *map(str, injection)] if injection else ["-m", "tune_app.run"]
        variables: dict[str, str | None] = {**os.environ, "RAY_TMPDIR": str(ray_directory())}
        variables |= environment or {}
        self._log = folder / f"driver-{len(list(folder.glob('driver-*')))}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *program, *words],
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

    def wait(self, timeout: float = 150) -> int:
        """Return the exit status once the driver has ended by itself."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout} s:\n{self.output}") from None

    def wait_for(self, condition: Callable[[], object], timeout: float = 90) -> bool:
        """Wait until the condition holds; False if the driver ended first."""
        deadline = time.monotonic() + timeout
        while not condition():
            if self.process.poll() is not None:
                return False
            assert time.monotonic() < deadline, f"waited for {timeout} s:\n{self.output}"
            time.sleep(0.01)
        return True

    def wait_for_output(self, text: str, timeout: float = 90) -> bool:
        """Wait until the driver has printed a text; False if it ended without."""
        return self.wait_for(lambda: text in self.output, timeout) or text in self.output

    def ray_processes(self) -> list[psutil.Process]:
        """Return the processes of this driver's own Ray that are running."""
        mark = re.compile(rf"session_\d\S*_{self.process.pid}\b")
        running = []
        for process in psutil.process_iter():
            try:
                named = mark.search(" ".join(process.cmdline()))
                known = named or process in self._descendants
                if known and process.status() != psutil.STATUS_ZOMBIE:
                    running.append(process)
            except psutil.NoSuchProcess:
                continue
        return running

    def wait_until_ray_is_gone(self, timeout: float = 30) -> float:
        """Return after how many seconds no process of the driver's Ray was left."""
        started = time.monotonic()
        while left := self.ray_processes():
            assert time.monotonic() < started + timeout, f"left after {timeout} s: {left}"
            time.sleep(0.1)
        return time.monotonic() - started


def study_words(folder: Path, *arguments: str) -> list[str]:
    """Return the command line's words after ``python -m tune_app.run``."""
    data = ("--data", "sample", "--images", "200", "--checkpoint-seconds", "0")
    results = ("--results-dir", str(folder / "results"))
    return ["--space", str(folder / "my_space.py"), *data, *results, *arguments]


def study_root(folder: Path) -> Path:
    """Return the study directory of :data:`SPACE`."""
    return folder / "results" / "chaos"


@dataclass(frozen=True)
class Record:
    """What a study directory held at one moment.

    Attributes:
        launches: names of the launches that have a directory.
        finished: the finished rows.
        epochs: trial_key -> recorded epochs, over all launches.
        checkpoints: trial_key -> epochs of which a whole checkpoint was there.
    """

    launches: frozenset[str]
    finished: frozenset[RowKey]
    epochs: Mapping[str, frozenset[int]]
    checkpoints: Mapping[str, frozenset[int]]


def read_record(root: Path) -> Record:
    """Check that what is on disk can be read, and return what it says.

    Fails if ``study.json`` is there and damaged, or a complete line of a ``result.json`` is no
    JSON.
    """
    for path in root.glob("tune/*/*/result.json"):
        for line in path.read_bytes().split(b"\n")[:-1]:
            json.loads(line)
    ledger = open_ledger(root)
    if ledger is None:
        return Record(frozenset(), frozenset(), {}, {})
    histories = ledger.histories()
    return Record(
        launches=frozenset(path.name for path in root.glob("tune/*")),
        finished=frozenset(ledger.finished()),
        epochs={key: frozenset(history.epochs) for key, history in histories.items()},
        checkpoints={
            key: frozenset(e for d in history.directories for e in _whole_checkpoints(d, key))
            for key, history in histories.items()
        },
    )


def _whole_checkpoints(directory: Path, key: str) -> list[int]:
    epochs = []
    for index in find_checkpoints(directory, key):
        assert (index.path / INDEX_FILE).exists()
        state = index.path / STATE_FILE
        if state.exists() and hashlib.sha256(state.read_bytes()).hexdigest() == index.sha256:
            epochs.append(index.epoch)
    return epochs


def check_nothing_is_repeated(root: Path, before: Record) -> None:
    """Check that the launches since ``before`` ran no finished row and no epoch that was safe.

    An epoch is safe once it and all before it are recorded, it has a whole checkpoint, and no
    missing milestone lies at or before it.
    """
    for params in root.glob("tune/*/*/params.json"):
        if params.parent.parent.name in before.launches:
            continue
        config = json.loads(params.read_text())
        plan = config["plan"]
        served = {(row, config["seed"]) for ids in plan["serves"].values() for row in ids}
        assert not served & before.finished, f"{params}: a finished row is run again"
        key, rows = plan["trial_key"], read_results(params.parent / "result.json")
        recorded = before.epochs.get(key, frozenset())
        safe = [
            epoch
            for epoch in before.checkpoints.get(key, ())
            if recorded.issuperset(range(1, epoch + 1)) and epoch < plan["milestones"][0]
        ]
        if rows:
            assert rows[0]["epoch"] == max(safe, default=0) + 1, f"{params}: {before}"


def read_table(root: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Return (config_id, seed) -> status and numbers, each as the report's CSV has them.

    Fails if a row is in the table twice.
    """
    with tempfile.TemporaryDirectory() as out:
        written = write_report([root], Path(out))
        [csv] = [path for path in written if path.suffix == ".csv"]
        frame = pd.read_csv(csv, dtype=str)
    rows = {
        (str(row["id"]), str(row["seed"])): {name: str(row[name]) for name in [*NUMBERS, "status"]}
        for row in frame.to_dict("records")
    }
    assert len(rows) == len(frame), "a row is in the table twice"
    return rows


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
