"""The data of learning curves: measures by epoch, one line per trial."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.figures.chart import Data, values_of
from analysis.figures.fields import Field, factor_field, with_parts
from analysis.frames.columns import numbers, varied
from analysis.frames.load import FINISHED, Study
from analysis.frames.measures import is_share_in, measure_of
from analysis.frames.summary import best_data
from analysis.frames.tables import inert_axes
from tune_app.study.measures import NOT_MEASURED, quantity_of

MOST_LINES = 200
"""Of more trials the picked ones and the best are drawn, and an even sample of the others."""
MOST_EPOCHS = 60
"""Of more epochs so many are drawn, the first and the last among them."""
MOST_MEASURES = 8


@dataclass(frozen=True, eq=False)
class Curves:
    """The learning curves of a study.

    Attributes:
        lines: ``line`` (its number), ``id`` (the configuration at the trial's last milestone,
            empty if it has no result), ``picked``, and a column per factor.
        points: ``line``, ``epoch``, and a column per measure.
        factors: the varied factors.
        measures: the measures that are reported by epoch; the objective or its quantity first.
        num_trials: how many trials have curves; more than are drawn in a large study.
    """

    lines: Data
    points: Data
    factors: tuple[Field, ...]
    measures: tuple[Field, ...]
    num_trials: int

    @property
    def num_drawn(self) -> int:
        """How many trials are drawn."""
        return len(self.lines.columns["line"])


def curves_data(study: Study, key: str) -> Curves | None:
    """Return the learning curves; None if no trial has two epochs with a measure."""
    epochs = study.epochs
    if epochs.empty or (epochs.groupby("trial_key")["epoch"].nunique() < 2).all():
        return None
    names = epoch_measures(study)
    if not names:
        return None
    served = _served(study)
    first = epochs.drop_duplicates("trial_key").set_index("trial_key", drop=False)
    picked = _picked(study)
    drawn = _drawn(study, list(first.index), served, picked)
    trials = first.loc[drawn].reset_index(drop=True)
    varying = [n for n in varied(study, study.factors) if n not in inert_axes(study)]
    varying = [n for n in varying if n in trials]
    factors = [factor_field(study, trials, n, f"f{i}") for i, n in enumerate(varying)]
    ids = [served.get(t, "") for t in trials["trial_key"]]
    lines: dict[str, list[Any]] = {
        "line": list(range(len(trials))),
        "id": ids,
        "picked": [t in picked for t in trials["trial_key"]],
        **{one.key: list(one.values) for one in with_parts(factors)},
    }
    points = _points(study, drawn, names, picked)
    measures = [_field(study, name, f"e{i}", points) for i, name in enumerate(names)]
    return Curves(
        Data(f"{key}-lines", lines),
        Data(f"{key}-points", points),
        tuple(factors),
        tuple(measures),
        len(first),
    )


def epoch_measures(study: Study) -> list[str]:
    """Return the measures with values at several epochs, those of the objective's quantity first.

    Times that only grow are left out.
    """
    epochs = study.epochs
    names = []
    for name in map(str, epochs.columns):
        if name in NOT_MEASURED or name in study.config_keys or name.endswith("_seconds"):
            continue
        # What is the same at all epochs of every trial is a setting, not a measure.
        if (numbers(epochs, name).groupby(epochs["trial_key"]).nunique() > 1).any():
            names.append(name)
    quantity = quantity_of(study.metric)

    def order(name: str) -> tuple[bool, bool, bool]:
        return (name != study.metric, quantity_of(name) != quantity, quantity_of(name) != "loss")

    return sorted(names, key=order)[:MOST_MEASURES]


def _picked(study: Study) -> set[str]:
    """Return the trials of the picked configurations, also of those that end before the trial."""
    picks = best_data(study)
    if picks.empty:
        return set()
    return set(study.rows.loc[study.rows["config_id"].isin(picks["config_id"]), "trial_id"])


def _served(study: Study) -> dict[str, str]:
    """Return the configuration at the last finished milestone of each trial."""
    rows = study.rows[study.rows["status"].isin(FINISHED) & (study.rows["same_as"] == "")]
    rows = rows.sort_values("milestone", kind="stable").drop_duplicates("trial_id", keep="last")
    return {str(t): str(c) for t, c in zip(rows["trial_id"], rows["config_id"], strict=True)}


def _drawn(
    study: Study, trials: Sequence[str], served: dict[str, str], picked: set[str]
) -> list[str]:
    """Return the trials that are drawn: all, or the picks, the best quarter and a sample."""
    if len(trials) <= MOST_LINES:
        return list(trials)
    sign = -1.0 if study.mode == "max" else 1.0
    values = numbers(study.rows, study.metric).groupby(study.rows["config_id"]).mean() * sign
    known = values.dropna().to_dict()
    ranked = sorted(trials, key=lambda t: known.get(served.get(t, ""), math.inf))
    best, others = ranked[: MOST_LINES // 4], ranked[MOST_LINES // 4 :]
    at = np.linspace(0, len(others) - 1, MOST_LINES - len(best)).round().astype(int)
    wanted = {*picked, *best, *(others[i] for i in at)}
    return [t for t in trials if t in wanted]


def _points(
    study: Study, drawn: Sequence[str], names: Sequence[str], picked: set[str]
) -> dict[str, list[Any]]:
    # Lines that come later are drawn on top: those of the picked configurations.
    places = {trial: place for place, trial in enumerate(drawn)}
    epochs = study.epochs[study.epochs["trial_key"].isin(places)]
    epochs = epochs.reset_index(drop=True)
    # Each trial may report each measure at epochs of its own.
    kept = {label for name in names for label in _some(epochs[numbers(epochs, name).notna()])}
    epochs = epochs[epochs.index.isin(kept)]
    on_top = epochs["trial_key"].isin(picked)
    epochs = epochs.assign(line=epochs["trial_key"].map(places), on_top=on_top)
    epochs = epochs.sort_values(["on_top", "line", "epoch"], kind="stable")
    columns: dict[str, list[Any]] = {
        "line": [int(v) for v in epochs["line"]],
        "epoch": values_of(epochs["epoch"]),
    }
    for place, name in enumerate(names):
        factor = 100.0 if is_share_in(study, name) else 1.0
        columns[f"e{place}"] = values_of(round(v * factor, 5) for v in numbers(epochs, name))
    return columns


def _some(epochs: pd.DataFrame) -> Iterator[Any]:
    """Yield the labels of at most ``MOST_EPOCHS`` epochs of each trial, evenly, with both ends."""
    for _, rows in epochs.sort_values("epoch", kind="stable").groupby("trial_key", sort=False):
        places = np.linspace(0, len(rows) - 1, min(MOST_EPOCHS, len(rows))).round().astype(int)
        yield from rows.index[places]


def _field(study: Study, name: str, key: str, points: dict[str, list[Any]]) -> Field:
    known = [v for v in points[key] if v is not None]
    positive = bool(known) and min(known) > 0
    log = positive and quantity_of(name) == "loss" and max(known) > 4 * min(known)
    return Field(
        key,
        measure_of(study, name).heading,
        log=log,
        format=".4~r",
        better=measure_of(study, name).better,
        values=(None,),
    )
