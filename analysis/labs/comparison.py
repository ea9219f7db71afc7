"""Compare a study's rows with the published ones: differences, their noise, and verdicts.

Two accuracies on different test sets differ because of sampling. The interval of their difference
is Newcombe's, from the Wilson intervals of both counts (Newcombe 1998, "Interval estimation for the
difference between independent proportions", Statistics in Medicine 17(8), method 10). A training
run adds noise of its own. If a configuration has several seeds, another run of it lies within
t · s · √(1 + 1/n) of their mean, and this is added to the interval in quadrature. With one seed the
noise of training is unknown. The column ``noise`` says what the interval includes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from analysis.checks.audit.reference_table import from_reference
from analysis.checks.audit.table import Table, setting_key
from analysis.frames.cells import format_points
from analysis.frames.labels import MISSING
from analysis.frames.load import FINISHED, Study
from analysis.frames.seeds import over_seeds
from analysis.labs.comparability import Ours, epochs_of, number_of, reasons_of
from analysis.labs.reference import TABLES, load_table

COLUMNS = (
    *("report", "table", "dataset", "model", "kernel", "batch_size", "optimizer", "lr"),
    *("pin_memory", "epochs", "C", "degree", "gamma", "device", "config_id", "num_seeds"),
    *("test_accuracy", "reference_accuracy", "difference", "low", "high", "noise", "verdict"),
    *("reasons", "train_seconds", "reference_train_seconds", "reference_epochs"),
)
_SETTINGS = COLUMNS[2:14]
_NOT_MATCHED = ("epochs", "max_iter", "num_train_images", "mixed_precision")
_SAMPLING = "Wilson intervals of both counts"


@dataclass
class _Configurations:
    """All configurations of a study, indexed by their settings.

    Attributes:
        all: the configurations.
        first: a frame with their parameters, one row each, in the same order.
    """

    all: list[Ours]
    first: pd.DataFrame
    _found: dict[tuple[str, ...], dict[tuple[str, ...], list[Ours]]] = field(default_factory=dict)

    def with_settings(self, wanted: Mapping[str, str]) -> list[Ours]:
        """Return the configurations with these settings, as written by ``setting_key``."""
        names = tuple(wanted)
        if names not in self._found:
            found: dict[tuple[str, ...], list[Ours]] = {}
            keys = zip(*(self.first[name].map(setting_key) for name in names), strict=True)
            for ours, key in zip(self.all, keys, strict=True):
                found.setdefault(key, []).append(ours)
            self._found[names] = found
        return self._found[names].get(tuple(wanted.values()), [])


def compare(study: Study, tables: Sequence[str] = TABLES) -> pd.DataFrame:
    """Compare a study's configurations with the published rows of the same settings.

    A published row matches the configurations that agree with it in every setting both have (in
    the device only if the table compares devices) and have the same number of epochs. If no
    configuration has that number, those with the nearest number match that no other row of the
    table has.

    Returns:
        One row per published row and matching configuration, with ``COLUMNS``: ``test_accuracy``
        is the mean over ``num_seeds`` seeds, ``difference`` is ours minus theirs, and ``low`` to
        ``high`` is its 95 % interval, all as fractions. ``noise`` says what the interval includes.
        ``verdict`` is ``inside noise``, ``outside noise`` or ``not comparable``, and ``reasons``
        says why it is not comparable. Times are in seconds, each on its own machine.
    """
    configurations = _configurations(study)
    records = [
        _record(table, row, ours, study)
        for table in map(from_reference, map(load_table, tables))
        if "dataset" in table.frame and table.protocol.restates is None
        for row in range(len(table.frame))
        for ours in _matching(table, row, configurations)
    ]
    return pd.DataFrame(records, columns=list(COLUMNS))


def _configurations(study: Study) -> _Configurations:
    rows = study.rows[study.rows["status"].isin(FINISHED)]
    if not {"test_accuracy", "dataset"} <= set(rows):
        return _Configurations([], rows[:0])
    rows = rows[np.isfinite(pd.to_numeric(rows["test_accuracy"], errors="coerce"))]
    unconverged = set(rows.loc[rows["status"] == "unconverged", "config_id"])
    joined = over_seeds(rows, ["test_accuracy", "train_seconds"])
    trials = {trial["trial_key"]: trial for trial in study.trials.to_dict("records")}
    ours: list[Ours] = [
        {str(key): value for key, value in (trials.get(row["trial_id"], {}) | row).items()}
        | {"is_converged": row["config_id"] not in unconverged}
        for row in joined.to_dict("records")
    ]
    return _Configurations(ours, joined)


def _matching(table: Table, row: int, configurations: _Configurations) -> list[Ours]:
    """Return our configurations with the settings of a published row, nearest in epochs."""
    ours = configurations.first
    if any((name in table.frame) != (name in ours) for name in ("model", "kernel")):
        return []
    left_out = _NOT_MATCHED if "device" in table.varying() else (*_NOT_MATCHED, "device")
    names = [name for name in table.settings if name in ours and name not in left_out]
    theirs = {name: setting_key(table.frame[name].iloc[row]) for name in names}
    same = configurations.with_settings({name: key for name, key in theirs.items() if key})
    epochs = epochs_of(table, row)
    if epochs is None or not same:
        return same
    printed = set(table.numbers("epochs")) - {epochs}
    same = [o for o in same if number_of(o, "epochs") not in printed]
    nearest = min((abs(number_of(o, "epochs") - epochs) for o in same), default=math.nan)
    return [o for o in same if abs(number_of(o, "epochs") - epochs) == nearest]


def _record(table: Table, row: int, ours: Ours, study: Study) -> dict[str, Any]:
    reference = table.frame.iloc[row]
    mean, theirs = float(ours["test_accuracy"]), float(reference["test_accuracy"])
    low, high, noise = _interval(ours, theirs, float(table.num_test[row]))
    reasons = reasons_of(table, row, ours, study)
    inside = low <= 0 <= high
    record = {name: ours[name] for name in _SETTINGS if name in ours}
    return record | {
        "report": table.protocol.report,
        "table": table.name,
        "config_id": ours["config_id"],
        "num_seeds": ours["num_seeds"],
        "test_accuracy": mean,
        "reference_accuracy": theirs,
        "difference": mean - theirs,
        "low": low,
        "high": high,
        "noise": noise,
        "verdict": "not comparable" if reasons else f"{'inside' if inside else 'outside'} noise",
        "reasons": "; ".join(reasons),
        "train_seconds": float(ours["train_seconds"]),
        "reference_train_seconds": float(reference.get("train_seconds", math.nan)),
        "reference_epochs": epochs_of(table, row),
    }


def _interval(ours: Ours, theirs: float, num_theirs: float) -> tuple[float, float, str]:
    """Return the 95 % interval of ours minus theirs, and what it includes."""
    mean, num, num_seeds = (
        number_of(ours, name) for name in ("test_accuracy", "num_test", "num_seeds")
    )
    if not (np.isfinite(num) and np.isfinite(num_theirs)):
        return math.nan, math.nan, "unknown, because numbers of test images are missing"
    spread = number_of(ours, "test_accuracy_sd")
    low, high = difference_to_published(
        mean, num, theirs, num_theirs, spread=spread, num_seeds=int(num_seeds)
    )
    noise = _SAMPLING
    if num_seeds > 1:
        noise += f", and the noise of another run from the spread of {num_seeds:.0f} seeds"
    return low, high, noise


def difference_to_published(
    mean: float,
    num_images: float,
    theirs: float,
    num_theirs: float,
    *,
    spread: float,
    num_seeds: int,
) -> tuple[float, float]:
    """Return the 95 % interval of a mean over seeds minus the accuracy of one other run.

    Args:
        mean, num_images: the mean and the images that each accuracy was counted on.
        theirs, num_theirs: the other run's accuracy and images.
        spread: standard deviation over the seeds; with one seed it is unknown and left out.
        num_seeds: the number of seeds.
    """
    from scipy import special

    low, high = difference_interval(mean, num_images, theirs, num_theirs)
    if num_seeds < 2:
        return low, high
    further = special.stdtrit(num_seeds - 1, 0.975) * spread * math.sqrt(1 + 1 / num_seeds)
    difference = mean - theirs
    low = difference - math.hypot(difference - low, further)
    return low, difference + math.hypot(high - difference, further)


def difference_interval(
    first: float, num_first: float, second: float, num_second: float
) -> tuple[float, float]:
    """Return Newcombe's 95 % interval of ``first - second``, fractions of independent counts."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = confint_proportions_2indep(
        *(first * num_first, num_first, second * num_second, num_second), method="newcomb"
    )
    return float(low), float(high)


def interval_cells(frame: pd.DataFrame, images: Sequence[float | None]) -> dict[str, list[str]]:
    """Return the printed intervals of ``compare``.

    Those of single runs, which lack the noise of training, are not mixed with those over seeds.
    """
    is_mean, cells = frame["num_seeds"] > 1, {}
    for title, rows in (("95 % interval, one run", ~is_mean), ("95 % interval, seeds", is_mean)):
        if rows.any():
            ends = zip(frame["low"].where(rows), frame["high"].where(rows), images, strict=True)
            cells[title] = [_interval_text(*of_row) for of_row in ends]
    return cells


def _interval_text(low: float, high: float, num_images: float | None) -> str:
    if not (math.isfinite(low) and math.isfinite(high)):
        return MISSING
    return f"{format_points(low, num_images)} … {format_points(high, num_images)}"
