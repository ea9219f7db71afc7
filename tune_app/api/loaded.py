"""A study as a Python object: its frames, its best row, its figures and its models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search_spaces.errors import UserError, choices
from tune_app.study.kept_weights import KeptWeights, kept_weights

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

    from analysis.frames.load import Study

_MOST_BYTES = 20_000_000_000
"""Of a file of weights at a URL."""


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

    def load_model(
        self,
        config_id: str = "",
        *,
        build: Callable[[Mapping[str, Any]], nn.Module] | None = None,
    ) -> nn.Module:
        """Return a trained model with its weights, on the CPU and in evaluation mode.

        The shipped loop keeps the weights of the best configuration of each data set and model.

        Args:
            config_id: the configuration, by its id or the beginning of it; by default the one with
                the best value of the objective among those whose weights are kept.
            build: ``build(config)`` returns the model without its weights. It is needed for models
                of your own; those of torchvision are built from their name.

        Raises:
            UserError: no such weights are kept, or they are not those of the model.
        """
        from tune_app.training.saved_model import load_saved_model

        weights = self._kept(config_id)
        store = self.frames.store
        with store.fetched(weights.path.parent, _MOST_BYTES) as folder:
            content = (folder / weights.path.name).read_bytes()
        return load_saved_model(content, weights.config, build)

    def _kept(self, config_id: str) -> KeptWeights:
        study = self.frames
        trials = {id(o.trial): o.trial for o in study.outcomes.values() if o.trial is not None}
        directories = [d for trial in trials.values() for d in trial.directories]
        served = {d.path: d.serves() for d in directories}
        kept = [
            (weights, served[weights.path.parent.parent].get(weights.epoch, []))
            for weights in kept_weights(study.store, directories)
        ]
        if not kept:
            raise UserError(
                f"load_model: {study.name} keeps no weights; those of the shipped loop are kept "
                "once a row has its result, and a function of your own saves its own checkpoints"
            )
        found = [w for w, ids in kept if any(row.startswith(config_id) for row in ids)]
        if not found or (config_id and len(found) > 1):
            raise UserError(
                f"load_model: no weights of {config_id} are kept; allowed: "
                f"{choices([row for _, ids in kept for row in ids])}"
            )
        sign = 1 if study.mode == "min" else -1
        return min(found, key=lambda weights: sign * weights.score)
