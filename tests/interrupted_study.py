"""Runs a study twice, once undisturbed and once killed and resumed, and compares the records."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.harness import INJECTION, ray_directory
from tests.studies import QUICK
from tune_app.planning.sharing_check import measures_of
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import Ledger, open_ledger

KILLED = -9

Records = dict[tuple[str, int], dict[str, Any]]
"""Trial and epoch -> its numbers without times, and whether a row ends there."""


@dataclass(frozen=True)
class Runs:
    """What the two studies recorded.

    Attributes:
        undisturbed: the records of the one that ran to its end.
        resumed: those of the one that was killed and went on.
        num_when_killed: how many rows it had recorded when its driver was killed.
        num_repeated: how many rows were trained again, because the trial had no checkpoint.
    """

    undisturbed: Records
    resumed: Records
    num_when_killed: int
    num_repeated: int


@dataclass(frozen=True)
class Interrupted:
    """A study in a user's folder, run by the command line.

    Attributes:
        folder: where the commands run.
        words: the words after ``python -m tune_app.run``.
        study: the name of the study.
        python: the interpreter.
        environment: variables for the commands; others are those of this process.
    """

    folder: Path
    words: tuple[str, ...]
    study: str
    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)

    def run_both(self, killed_after: int) -> Runs:
        """Run the study to its end, and again with its driver killed after so many rows."""
        self._run("undisturbed")
        self._run("resumed", kill_after=killed_after)
        before = num_rows(self.root("resumed"))
        self._run("resumed")
        records = recorded(self.root("resumed"))
        return Runs(
            undisturbed=recorded(self.root("undisturbed")),
            resumed=records,
            num_when_killed=before,
            num_repeated=num_rows(self.root("resumed")) - len(records),
        )

    def report(self) -> str:
        """Write the report of the resumed study and return its text."""
        self._python("-m", "analysis.report", str(self.root("resumed")), *QUICK)
        return (self.root("resumed") / "report" / "report.md").read_text()

    def root(self, results: str) -> Path:
        """Return the directory of one of the two studies."""
        return self.folder / results / self.study

    def _run(self, results: str, kill_after: int = 0) -> None:
        program = ["-m", "tune_app.run"]
        if kill_after:
            # A copy, for Python looks for modules in the folder of a script.
            shutil.copy(INJECTION, self.folder / "killed_run.py")
            program = ["killed_run.py", "fsync", "/result.json", str(kill_after), "after"]
        options = ("--max-concurrent", "1", "--checkpoint-seconds", "0", "--results-dir", results)
        self._python(*program, *self.words, *options, status=KILLED if kill_after else 0)

    def _python(self, *words: str, status: int = 0) -> None:
        variables = {**os.environ, "RAY_TMPDIR": str(ray_directory()), **self.environment}
        done = subprocess.run(
            [self.python, *words],
            cwd=self.folder,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr


def ledger_of(root: Path) -> Ledger:
    ledger = open_ledger(LocalStore(root))
    assert ledger is not None
    return ledger


def recorded(root: Path) -> Records:
    return {
        (key, epoch): {**measures_of(report.record), "milestone": report.record.get("milestone")}
        for key, trial in ledger_of(root).read_trials().trials.items()
        for epoch, report in trial.history.items()
    }


def num_rows(root: Path) -> int:
    """Return how many rows all launches have recorded, repeated ones included."""
    files = root.glob("tune/*/*/result.json")
    return sum(len(path.read_text().splitlines()) for path in files)
