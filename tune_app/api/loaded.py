"""A study as a Python object: its frames, its best row, its figures and its models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search_spaces.errors import UserError, choices
from tune_app.api.figure import StudyFigure

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

    from analysis.frames.load import Study


def load_study(
    place: str | Path, *, metric: str | None = None, mode: str | None = None
) -> LoadedStudy:
    """Read a study, finished or not, also while it runs.

    Args:
        place: its directory, such as ``results/q1a``, its URL, or a study that ships with the
            package, such as ``published:q1a``.
        metric: the measure that decides what is best and that figures show; by default the study's
            own objective.
        mode: ``"max"`` or ``"min"``; by default the direction that the measure is known to have.

    Raises:
        UserError: there is no study, it cannot be read, or it does not report the measure.
    """
    from analysis.frames.load import load_study as read
    from analysis.frames.objective import judged_by

    return LoadedStudy(judged_by(read(place), metric, mode))


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
        """One line per configuration and seed, with parameters, result, status and reason."""
        return self.frames.rows

    @property
    def epochs(self) -> pd.DataFrame:
        """One line per trial and epoch, with every number that was reported."""
        return self.frames.epochs

    @property
    def meta(self) -> Mapping[str, Any]:
        """The content of ``study.json``, and under ``launches`` the record of each launch."""
        return self.frames.meta

    @property
    def figures(self) -> list[str]:
        """The names of the figures that the report of this study has."""
        from analysis.sections.figures_by_name import figure_names

        return figure_names(self.frames)

    def figure(self, name: str) -> StudyFigure:
        """Return a figure of the report, which a notebook shows and ``save`` writes.

        Args:
            name: one of :attr:`figures`, such as ``"curves"``, ``"explore"`` or ``"importance"``.

        Raises:
            UserError: the report of this study has no such figure; the message lists those it has.
        """
        from analysis.sections.figures_by_name import figure_named

        return StudyFigure(figure_named(self.frames, name))

    def best(
        self,
        by: Sequence[str] | str = (),
        *,
        metric: str | None = None,
        mode: str | None = None,
    ) -> pd.DataFrame:
        """Return the best configuration of each group.

        It is picked as in the report: by the mean over seeds, among configurations with results at
        the most seeds, without those of which one seed diverged.

        Args:
            by: the parameters that make a group, such as ``"dataset"``; empty for one winner.
            metric: the measure to judge by; by default the objective.
            mode: ``"max"`` or ``"min"``; by default the direction that the measure is known to
                have.

        Returns:
            One line per group, with the columns of :attr:`rows` and ``num_seeds``. Over several
            seeds a number is their mean.

        Raises:
            UserError: a parameter or the measure is not one of the study, or nothing can be picked
                yet.
        """
        from analysis.frames.columns import repeats, same_at_every_seed
        from analysis.frames.objective import judged_by
        from analysis.frames.selection import best_rows

        study = judged_by(self.frames, metric, mode)
        groups = [by] if isinstance(by, str) else list(by)
        unknown = [name for name in groups if name not in study.config_keys]
        if unknown:
            raise UserError(
                f"best: by={unknown[0]!r} is no parameter of {study.name}; allowed: "
                f"{choices(study.config_keys)}"
            )
        # A row that repeats another configuration's result is the best of a group of its own.
        same = same_at_every_seed(study)
        rows = study.rows[~repeats(study, same)]
        found = best_rows(rows, groups, study.metric, study.mode, same=same)
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

        The shipped loop keeps the weights of the best single training of each data set and model.

        Args:
            config_id: the configuration, by its id or the beginning of it; by default the one with
                the best value of the objective among those whose weights are kept.
            build: ``build(config)`` returns the model without its weights. It is needed for models
                of your own; those of torchvision are built from their name.

        Raises:
            UserError: no such weights are kept, or they are not those of the model.
        """
        from tune_app.api.row_weights import chosen_weights, model_info, weights_content
        from tune_app.training.saved_model import load_model, read_state

        chosen = chosen_weights(self.frames, config_id)
        info = model_info(self.frames, chosen)
        return load_model(info, read_state(weights_content(self.frames, chosen), info.model), build)

    def export(
        self,
        path: str | Path,
        config_id: str = "",
        *,
        build: Callable[[Mapping[str, Any]], nn.Module] | None = None,
    ) -> list[Path]:
        """Write a trained model into a file that needs this package no more, and its model card.

        Args:
            path: ``.safetensors``, ``.pt`` (a plain state_dict) or ``.onnx``. The card is beside
                it, with the ending ``.md``. Files that are there are replaced.
            config_id: the configuration, as for :meth:`load_model`.
            build: as for :meth:`load_model`; needed for models of your own, and only for ONNX.

        Returns:
            The files written, the model first.

        Raises:
            UserError: no such weights are kept, or the format cannot hold the model.
        """
        from tune_app.api.export import export_model
        from tune_app.api.row_weights import chosen_weights

        return export_model(self.frames, chosen_weights(self.frames, config_id), path, build)
