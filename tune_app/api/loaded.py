"""A study as a Python object: its frames, its best row, its figures and its models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search_spaces.errors import UserError, choices

if TYPE_CHECKING:
    import pandas as pd

    from analysis.frames.load import Study


def load_study(place: str | Path) -> LoadedStudy:
    """Read a study, finished or not, also while it runs.

    Args:
        place: its directory, such as ``results/q1a``, or its URL.

    Raises:
        UserError: there is no study, or it cannot be read.
    """
    from analysis.frames.load import load_study as read

    return LoadedStudy(read(place))


class LoadedStudy:
    """A study as it stood when it was read.

    Attributes:
        frames: the study as the report reads it (:class:`analysis.frames.load.Study`).
    """

    def __init__(self, study: Study) -> None:
        self.frames = study

    def __repr__(self) -> str:
        """Return the name, the number of rows by status, and the objective."""
        counts = self.rows["status"].value_counts(sort=False)
        states = ", ".join(f"{number} {status}" for status, number in counts.items())
        return f"<study {self.frames.name}: {states or 'no rows'}; by {self.frames.metric}>"

    @property
    def rows(self) -> pd.DataFrame:
        """One line per configuration and seed: parameters, result, status and reason."""
        return self.frames.rows

    @property
    def epochs(self) -> pd.DataFrame:
        """One line per trial and epoch, with every number that was reported."""
        return self.frames.epochs

    @property
    def meta(self) -> Mapping[str, Any]:
        """The content of ``study.json``, and under ``launches`` the record of each launch."""
        return self.frames.meta

    def best(self, by: Sequence[str] | str = ()) -> pd.DataFrame:
        """Return the best configuration of each group by the study's own objective.

        It is picked as in the report: by the mean over seeds, among configurations with results at
        the most seeds, without those of which one seed diverged.

        Args:
            by: the parameters that make a group, such as ``"dataset"``; empty for one winner.

        Returns:
            One line per group, with the columns of :attr:`rows` and ``num_seeds``. Over several
            seeds a number is their mean.

        Raises:
            UserError: a parameter is not one of the study, or nothing can be picked yet.
        """
        from analysis.frames.selection import best_rows

        study = self.frames
        groups = [by] if isinstance(by, str) else list(by)
        unknown = [name for name in groups if name not in study.config_keys]
        if unknown:
            raise UserError(
                f"best: by={unknown[0]!r} is no parameter of {study.name}; allowed: "
                f"{choices(study.config_keys)}"
            )
        found = best_rows(self.rows, groups, study.metric, study.mode)
        if found.empty:
            raise UserError(f"best: no row of {study.name} has {study.metric} yet")
        return found
