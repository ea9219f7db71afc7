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

    def check(self, killed_after: int, objective: str, num_repeated: int = 0) -> None:
        """Kill the driver, go on, compare with an undisturbed study, and write the report.

        Args:
            killed_after: after how many rows the driver is killed.
            objective: the objective as the report has it.
            num_repeated: how many rows are trained again, because the trial had no checkpoint.
        """
        undisturbed = self._run("undisturbed")
        assert undisturbed.returncode == 0, undisturbed.stdout + undisturbed.stderr
        killed = self._run("resumed", kill_after=killed_after)
        assert killed.returncode == KILLED, killed.stdout + killed.stderr
        before = num_rows(self.root("resumed"))
        expected = recorded(self.root("undisturbed"))
        assert before == killed_after < len(expected)
        resumed = self._run("resumed")
        assert resumed.returncode == 0, resumed.stdout + resumed.stderr
        assert recorded(self.root("resumed")) == expected
        assert num_rows(self.root("resumed")) == len(expected) + num_repeated
        self._check_report(objective)

    def root(self, results: str) -> Path:
        """Return the directory of one of the two studies."""
        return self.folder / results / self.study

    def _check_report(self, objective: str) -> None:
        report = self._python("-m", "analysis.report", str(self.root("resumed")), *QUICK)
        assert report.returncode == 0, report.stdout + report.stderr
        text = (self.root("resumed") / "report" / "report.md").read_text()
        assert objective in text, text

    def _run(self, results: str, kill_after: int = 0) -> subprocess.CompletedProcess[str]:
        program = ["-m", "tune_app.run"]
        if kill_after:
            # A copy, for Python looks for modules in the folder of a script.
            shutil.copy(INJECTION, self.folder / "killed_run.py")
            program = ["killed_run.py", "fsync", "/result.json", str(kill_after), "after"]
        options = ("--max-concurrent", "1", "--checkpoint-seconds", "0", "--results-dir", results)
        return self._python(*program, *self.words, *options)

    def _python(self, *words: str) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "RAY_TMPDIR": str(ray_directory()), **self.environment}
        return subprocess.run(
            [self.python, *words],
            cwd=self.folder,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )


def ledger_of(root: Path) -> Ledger:
    ledger = open_ledger(LocalStore(root))
    assert ledger is not None
    return ledger


def recorded(root: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """Return trial and epoch -> its numbers without times, and whether a row ends there."""
    return {
        (key, epoch): {**measures_of(report.record), "milestone": report.record.get("milestone")}
        for key, trial in ledger_of(root).read_trials().trials.items()
        for epoch, report in trial.history.items()
    }


def num_rows(root: Path) -> int:
    """Return how many rows all launches have recorded, repeated ones included."""
    files = root.glob("tune/*/*/result.json")
    return sum(len(path.read_text().splitlines()) for path in files)
