"""What the launches of a study recorded: its trial directories, read once and handed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tune_app.study.fingerprint import data_fingerprint
from tune_app.study.rows import RowOutcome, row_outcomes
from tune_app.study.trial_directory import TrialDirectory, read_directories
from tune_app.study.trials import ENDED, RowKey, Trial, join_directories


@dataclass(frozen=True)
class Recorded:
    """The trial directories of a study that count, and what was left out.

    Attributes:
        directories: ordered by launch and name.
        notes: one line for each thing that was left out.
        foreign: directories of trials that were trained on other data than the study's.
    """

    directories: tuple[TrialDirectory, ...]
    notes: tuple[str, ...] = ()
    foreign: tuple[TrialDirectory, ...] = ()

    @cached_property
    def trials(self) -> dict[str, Trial]:
        """The trials that the directories are of: trial_key -> trial."""
        return {trial.key: trial for trial in join_directories(self.directories)}

    def outcomes(self, study: Mapping[str, Any]) -> dict[RowKey, RowOutcome]:
        """Return what became of every row of the study, in the declared order."""
        return row_outcomes(study, self.trials.values())

    def ended(self, study: Mapping[str, Any]) -> dict[RowKey, str]:
        """Return the rows that need no trial any more, with their status."""
        outcomes = self.outcomes(study)
        return {key: o.status for key, o in outcomes.items() if o.status in ENDED}

    def failures(self, study: Mapping[str, Any]) -> dict[str, Trial]:
        """Return the trials whose latest attempt ended in an error: trial_key -> trial.

        The error of an earlier attempt, which Tune may copy into a directory even after the trial
        was tried again and finished, does not count.
        """
        ended = self.ended(study).keys()
        return {
            key: trial
            for key, trial in self.trials.items()
            if trial.newest.error and not trial.rows().keys() <= ended
        }

    def with_launch(self, root: Path, study: Mapping[str, Any], launch: str) -> Recorded:
        """Return this and what one more launch recorded, which alone is read."""
        new = read_recorded(root, study, (launch,))
        return Recorded(
            (*self.directories, *new.directories),
            (*self.notes, *new.notes),
            (*self.foreign, *new.foreign),
        )


def read_recorded(
    root: Path, study: Mapping[str, Any], launches: tuple[str, ...] | None = None
) -> Recorded:
    """Read the trial directories of a study.

    A directory counts only if its trial was trained on the study's data.

    Args:
        root: the study directory.
        study: ``study.json``, parsed.
        launches: read those of these launches only.
    """
    found, notes = read_directories(root, launches)
    own: list[TrialDirectory] = []
    foreign: list[TrialDirectory] = []
    for directory in found:
        expected = data_fingerprint(study["data"], directory.config.get("dataset"))
        is_own = not directory.plan or directory.plan.get("data") == expected
        (own if is_own else foreign).append(directory)
    if foreign:
        names = sorted({directory.launch for directory in foreign})
        notes.append(
            f"{len(foreign)} trials of launch {', '.join(names)} were trained on other data than "
            "the study's and do not count"
        )
    return Recorded(tuple(own), tuple(notes), tuple(foreign))
