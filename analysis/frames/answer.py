"""What a study answers: the configuration that won, what it cost, and what stays unknown."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from analysis.frames.arithmetic import launch_records
from analysis.frames.best_of import FEWEST_SEEDS
from analysis.frames.columns import levels, numbers, same_at_every_seed
from analysis.frames.load import FINISHED, Study
from analysis.frames.measures import measures_of, num_items_of, picked_by, shown_of
from analysis.frames.seeds import over_seeds
from analysis.frames.selection import GAP, selection_gap
from analysis.frames.summary import candidates, compared, groups_of
from analysis.frames.tables import inert_axes
from analysis.frames.training_time import compared_time
from analysis.stats import Interval, mean_interval, proportion_interval
from analysis.stats.intervals import UNKNOWN
from tune_app.study.arithmetic import mapping

_ROUNDING = 1e-12
_FEWEST_VALUES = 3
"""The best of two values always lies at the edge."""

_TRADE = re.compile(r"\((?:R|TM)\)| Processor\b")
"""What the name of a processor has for lawyers."""


@dataclass(frozen=True)
class Winner:
    """The best configuration of a data set.

    Attributes:
        dataset: the data set; None if the study has none.
        config: its row, with the means over its seeds.
        selected: the objective, the mean over the seeds.
        shown: the measure that is shown: the same on test data, if there is one.
        low, high: the 95 % interval of ``shown``; NaN if it is unknown.
        num_items: the items of one seed that ``shown`` was counted over; None if it counts none,
            as a macro average does.
        num_seeds: seeds with a result.
        num_shown: seeds with a value of ``shown``.
        num_candidates: configurations that it was picked from.
        num_at_fewer_seeds: configurations that have results at fewer seeds than these, and are
            therefore not compared.
        num_tied: configurations as good as it, itself included.
        gap: by how much a pick by ``shown`` would have looked better; NaN if unknown.
        at_edge: numeric parameters whose best value is the smallest or largest of three or more.
            No configuration that is as good has another value.
    """

    dataset: object
    config: pd.Series[Any]
    selected: float
    shown: float
    low: float
    high: float
    num_items: float | None
    num_seeds: int
    num_shown: int
    num_candidates: int
    num_at_fewer_seeds: int
    num_tied: int
    gap: float
    at_edge: dict[str, str] = field(default_factory=dict)


def winners(study: Study) -> list[Winner]:
    """Return the best configuration of each data set, in the order of the data sets."""
    quality = picked_by(study)
    by = [name for name in groups_of(study) if name == "dataset"]
    rows = candidates(study)
    same = same_at_every_seed(study)
    gaps = selection_gap(rows, by, study.metric, study.mode, quality.shown, same=same)
    found = []
    for gap in gaps.to_dict("records"):
        mine = rows[rows["config_id"] == gap["config_id"]]
        dataset, shown = gap.get("dataset"), float(gap[quality.shown])
        is_counted = measures_of(study).is_counted(quality.shown)
        items = num_items_of(study, dataset, quality.shown) if is_counted else None
        low, high = _interval(study, mine, shown, items)
        found.append(
            Winner(
                dataset=dataset,
                config=mine.iloc[0],
                selected=float(gap[study.metric]),
                shown=shown,
                low=low,
                high=high,
                num_items=items,
                num_seeds=int(gap["num_seeds"]),
                num_shown=int(numbers(mine, quality.shown).notna().sum()),
                num_candidates=int(gap["num_candidates"]),
                num_at_fewer_seeds=int(gap["num_at_fewer_seeds"]),
                num_tied=int(gap["num_tied"]),
                gap=float(gap[GAP]) if pd.notna(gap[GAP]) else math.nan,
                at_edge=_at_edge(study, _as_good(study, rows, dataset, float(gap[study.metric]))),
            )
        )
    return found


def _interval(study: Study, rows: pd.DataFrame, shown: float, num_items: float | None) -> Interval:
    """Return the interval over seeds, or at one seed that over the items that were counted."""
    values = numbers(rows, shown_of(study).name).dropna()
    if len(values) >= FEWEST_SEEDS:
        return mean_interval(values)
    if len(values) == 1 and num_items and np.isfinite(shown):
        return proportion_interval(shown * num_items, num_items)
    return UNKNOWN


def _as_good(study: Study, rows: pd.DataFrame, dataset: object, best: float) -> pd.DataFrame:
    """Return the configurations of a data set whose objective is the best."""
    rows = rows[rows["config_id"].isin(compared(study)) & rows["status"].isin(FINISHED)]
    rows = rows if dataset is None else rows[rows["dataset"] == dataset]
    found = over_seeds(rows, [study.metric])
    return found[np.isclose(numbers(found, study.metric), best, rtol=_ROUNDING, atol=0)]


def _at_edge(study: Study, best: pd.DataFrame) -> dict[str, str]:
    """Return the parameters whose value lies at an end of the values tried: name -> which end."""
    found = {}
    for name in study.config_keys:
        values = levels(study.rows, name) if name in study.rows else []
        are_numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
        if not are_numbers or len(values) < _FEWEST_VALUES or name in inert_axes(study):
            continue
        for end, value in (("smallest", values[0]), ("largest", values[-1])):
            if len(best) and (best[name] == value).all():
                found[name] = end
    return found


@dataclass(frozen=True)
class Spent:
    """What a study took.

    Attributes:
        rows: those that are served by trials which have trained an epoch.
        num_trials: the number of these trials.
        num_epochs: epochs that were trained.
        num_unshared_epochs: epochs that would have been trained if no rows shared a training.
        train_seconds: the time of all trainings by which they are compared; without one, the time
            between reports.
        is_train: whether it is a training time that the trials reported.
        wall_seconds: from the start of each launch to its last report; NaN if unknown.
        machine: the processor of the first launch; empty if not recorded.
    """

    rows: pd.DataFrame
    num_trials: int
    num_epochs: int
    num_unshared_epochs: int
    train_seconds: float
    is_train: bool
    wall_seconds: float
    machine: str


def spent(study: Study) -> Spent:
    """Return what a study took so far."""
    epochs, trials = study.epochs, study.trials
    trained = trials[(trials["num_rows"] > 0) & (trials["num_epochs"] > 0)]
    seconds = numbers(epochs, compared_time(study))
    is_train = bool(seconds.notna().any())
    if is_train:
        total = float(seconds.groupby(epochs["trial_key"]).max().sum())
    else:
        total = float(numbers(trials, "tune_seconds").sum(min_count=1))
    return Spent(
        rows=study.rows[study.rows["trial_id"].isin(trained["trial_key"])],
        num_trials=len(trained),
        num_epochs=int(numbers(trials, "num_epochs").sum()),
        num_unshared_epochs=_unshared_epochs(study),
        train_seconds=total,
        is_train=is_train,
        wall_seconds=_wall_seconds(study),
        machine=_machine(study),
    )


def _unshared_epochs(study: Study) -> int:
    """Return the epochs that each row has behind it, summed over the rows."""
    reported = dict(zip(study.trials["trial_key"], study.trials["num_epochs"], strict=True))
    behind = study.rows["trial_id"].map(reported).fillna(0).to_numpy(float)
    return int(np.fmin(behind, numbers(study.rows, "milestone")).sum())


def _wall_seconds(study: Study) -> float:
    """Return the sum over the launches of the time from their start to their last report."""
    if "timestamp" not in study.epochs:
        return math.nan
    last = numbers(study.epochs, "timestamp").groupby(study.epochs["launch"]).max()
    total = 0.0
    for name, record in launch_records(study.meta).items():
        if name not in last:
            continue
        try:
            begun = datetime.fromisoformat(str(record.get("started_at"))).timestamp()
        except ValueError:
            return math.nan
        total += float(last[name]) - begun
    return total if total > 0 else math.nan


def _machine(study: Study) -> str:
    machines = [_hardware(record) for record in launch_records(study.meta).values()]
    known = list(dict.fromkeys(filter(None, machines)))
    return known[0] if len(known) == 1 else f"{len(known)} machines" if known else ""


def _hardware(record: dict[str, Any]) -> str:
    hardware = mapping(record.get("hardware"))
    if not hardware.get("cpu"):
        return ""
    gpus = hardware.get("gpus")
    cards = f", {', '.join(map(str, gpus))}" if isinstance(gpus, list) and gpus else ""
    number, cpu = hardware.get("num_cpus"), _TRADE.sub("", str(hardware["cpu"]))
    return f"{number} CPU{'s' * (number != 1)} of {cpu}{cards}" if number else f"{cpu}{cards}"
