"""What the launches of a study recorded. It is read once and then passed on."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tune_app.study.fingerprint import data_fingerprint
from tune_app.study.result_rule import ResultRule
from tune_app.study.rows import RowOutcome, row_outcomes
from tune_app.study.trial_directory import TrialDirectory, launch_order, read_directories
from tune_app.study.trials import ENDED, RowKey, Trial, join_directories


@dataclass(frozen=True)
class Recorded:
    """The trial directories of a study.

    Attributes:
        directories: the directories that count, ordered by launch and name.
        notes: one line for each thing that was left out.
        checks: directories of trials that serve no row: they repeat one, to check sharing.
        rule: finds the results of a user's function.
    """

    directories: tuple[TrialDirectory, ...]
    notes: tuple[str, ...] = ()
    checks: tuple[TrialDirectory, ...] = ()
    rule: ResultRule | None = None

    @cached_property
    def trials(self) -> dict[str, Trial]:
        """The trials of these directories: trial_key -> trial."""
        return {trial.key: trial for trial in join_directories(self.directories, self.rule)}

    def outcomes(self, study: Mapping[str, Any]) -> dict[RowKey, RowOutcome]:
        """Return what became of every row of the study, in the declared order."""
        return row_outcomes(study, self.trials.values())

    def ended(self, study: Mapping[str, Any]) -> dict[RowKey, str]:
        """Return the rows that need no further trial, with their status."""
        outcomes = self.outcomes(study)
        return {key: o.status for key, o in outcomes.items() if o.status in ENDED}

    def failures(self, ended: Set[RowKey]) -> dict[str, Trial]:
        """Return the trials whose latest attempt ended in an error: trial_key -> trial.

        An error does not count if all rows of the trial have ended. Tune may copy the error of an
        earlier attempt into the directory of a trial that was tried again and finished.

        Args:
            ended: the rows that need no further trial, from :meth:`ended`.
        """
        return {
            key: trial
            for key, trial in self.trials.items()
            if trial.newest.error and not trial.rows().keys() <= ended
        }

    def with_launch(self, root: Path, study: Mapping[str, Any], launch: str) -> Recorded:
        """Return this together with what another launch recorded. Only that launch is read."""
        new = read_recorded(root, study, (launch,))
        return Recorded(
            (*self.directories, *new.directories),
            (*self.notes, *new.notes),
            (*self.checks, *new.checks),
            new.rule,
        )


def read_recorded(
    root: Path, study: Mapping[str, Any], launches: tuple[str, ...] | None = None
) -> Recorded:
    """Read the trial directories of a study.

    A directory counts only if its trial was trained on the study's data.

    Args:
        root: the study directory.
        study: the content of ``study.json``.
        launches: the launches to read (default: all).
    """
    found, notes = read_directories(root, launches)
    own: list[TrialDirectory] = []
    foreign: list[TrialDirectory] = []
    checks: list[TrialDirectory] = []
    for directory in found:
        if directory.plan.get("serves") == {}:
            checks.append(directory)
            continue
        expected = data_fingerprint(study["data"], directory.config.get("dataset"))
        is_own = not directory.plan or directory.plan.get("data") == expected
        (own if is_own else foreign).append(directory)
    if foreign:
        names = sorted({directory.launch for directory in foreign}, key=launch_order)
        notes.append(
            f"{len(foreign)} trials of launch {', '.join(names)} were trained on other data than "
            "the study's and do not count"
        )
    rule = ResultRule.of_study(study)
    return Recorded(tuple(own), tuple(notes), tuple(checks), rule)
