"""A study's rows beside the published ones: difference, noise, and where no comparison holds.

Two accuracies on different test sets differ by sampling alone; the interval of their difference
is Newcombe's, from the Wilson intervals of both counts (Newcombe 1998, "Interval estimation for the
difference between independent proportions", Statistics in Medicine 17(8), method 10). A run has
noise of its own besides. Where a configuration has several seeds, a further run of it lies within
t · s · √(1 + 1/n) of their mean, and both are added in quadrature; with one seed the noise of
training is not known and the verdict says so by naming what it rests on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from analysis.checks.audit.table import Table, from_reference, setting_key
from analysis.frames.load import FINISHED, Study
from analysis.frames.seeds import over_seeds
from analysis.labs.reference import TABLES, Protocol, load_table
from analysis.stats import wilson_interval

COLUMNS = (
    *("report", "table", "dataset", "model", "kernel", "batch_size", "optimizer", "lr"),
    *("pin_memory", "epochs", "C", "degree", "gamma", "device", "config_id", "num_seeds"),
    *("test_accuracy", "reference_accuracy", "difference", "low", "high", "noise", "verdict"),
    *("reasons", "train_seconds", "reference_train_seconds", "reference_epochs"),
)
_SETTINGS = COLUMNS[2:14]
_NOT_MATCHED = ("epochs", "max_iter", "num_train_images", "mixed_precision")
_SAMPLING = "Wilson intervals of both counts"


_Ours = dict[str, Any]
"""One configuration of the study: its parameters, its trial's, and means over its seeds."""


@dataclass
class _Configurations:
    """All configurations of a study, found by their settings.

    Attributes:
        all: they.
        first: the first row of each, in the same order.
    """

    all: list[_Ours]
    first: pd.DataFrame
    _found: dict[tuple[str, ...], dict[tuple[str, ...], list[_Ours]]] = field(default_factory=dict)

    def with_settings(self, wanted: Mapping[str, str]) -> list[_Ours]:
        """Return those with these settings, written as ``setting_key`` writes them."""
        names = tuple(wanted)
        if names not in self._found:
            found: dict[tuple[str, ...], list[_Ours]] = {}
            keys = zip(*(self.first[name].map(setting_key) for name in names), strict=True)
            for ours, key in zip(self.all, keys, strict=True):
                found.setdefault(key, []).append(ours)
            self._found[names] = found
        return self._found[names].get(tuple(wanted.values()), [])


def compare(study: Study, tables: Sequence[str] = TABLES) -> pd.DataFrame:
    """Return a study's configurations beside published rows with the same settings.

    A row of a published table is matched by every setting that both name (the device only where
    the table compares devices), with ours of the same number of epochs, or the
    nearest where the table has no row with ours.

    Returns:
        One row per published row and configuration of ours with its settings, with ``COLUMNS``:
        ``test_accuracy`` is the mean over ``num_seeds`` seeds, ``difference`` ours minus theirs
        and ``low`` to ``high`` its 95 % interval, all fractions; ``noise`` says what the interval
        covers; ``verdict`` is ``inside noise``, ``outside noise`` or ``not comparable`` and
        ``reasons`` says why not. Times are in seconds and on whatever machine they were taken.
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
    ours: list[_Ours] = [
        {str(key): value for key, value in (trials.get(row["trial_id"], {}) | row).items()}
        | {"is_converged": row["config_id"] not in unconverged}
        for row in joined.to_dict("records")
    ]
    return _Configurations(ours, joined)


def _matching(table: Table, row: int, configurations: _Configurations) -> list[_Ours]:
    """Return our configurations with the settings of a published row, nearest in epochs."""
    ours = configurations.first
    if any((name in table.frame) != (name in ours) for name in ("model", "kernel")):
        return []
    left_out = _NOT_MATCHED if "device" in table.varying() else (*_NOT_MATCHED, "device")
    names = [name for name in table.settings if name in ours and name not in left_out]
    theirs = {name: setting_key(table.frame[name].iloc[row]) for name in names}
    same = configurations.with_settings({name: key for name, key in theirs.items() if key})
    epochs = _epochs(table, row)
    if epochs is None or not same:
        return same
    printed = set(table.numbers("epochs")) - {epochs}
    same = [o for o in same if _number(o, "epochs") not in printed]
    nearest = min((abs(_number(o, "epochs") - epochs) for o in same), default=math.nan)
    return [o for o in same if abs(_number(o, "epochs") - epochs) == nearest]


def _epochs(table: Table, row: int) -> float | None:
    if "epochs" in table.frame:
        return float(table.frame["epochs"].iloc[row])
    return None if table.protocol.epochs is None else float(table.protocol.epochs)


def _number(ours: _Ours, column: str) -> float:
    return float(pd.to_numeric(pd.Series([ours.get(column)]), errors="coerce").iloc[0])


def _record(table: Table, row: int, ours: _Ours, study: Study) -> dict[str, Any]:
    reference = table.frame.iloc[row]
    mean, theirs = float(ours["test_accuracy"]), float(reference["test_accuracy"])
    low, high, noise = _interval(ours, theirs, float(table.num_test[row]))
    reasons = _reasons(table, row, ours, study)
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
        "reference_epochs": _epochs(table, row),
    }


def _interval(ours: _Ours, theirs: float, num_theirs: float) -> tuple[float, float, str]:
    """Return the 95 % interval of ours minus theirs, and what it covers."""
    mean, num, num_seeds = (
        _number(ours, name) for name in ("test_accuracy", "num_test", "num_seeds")
    )
    if not (np.isfinite(num) and np.isfinite(num_theirs)):
        return math.nan, math.nan, "unknown: numbers of test images are missing"
    low, high = difference_interval(mean, num, theirs, num_theirs)
    noise = _SAMPLING
    if num_seeds > 1:
        from scipy.stats import t

        spread = _number(ours, "test_accuracy_sd")
        further = float(t.ppf(0.975, num_seeds - 1)) * spread * math.sqrt(1 + 1 / num_seeds)
        difference = mean - theirs
        low = difference - math.hypot(difference - low, further)
        high = difference + math.hypot(high - difference, further)
        noise += f", and a further run by the spread of {num_seeds:.0f} seeds"
    return low, high, noise


def difference_interval(
    first: float, num_first: float, second: float, num_second: float
) -> tuple[float, float]:
    """Return Newcombe's 95 % interval of ``first - second``, fractions of independent counts."""
    low_1, high_1 = wilson_interval(first * num_first, num_first)
    low_2, high_2 = wilson_interval(second * num_second, num_second)
    difference = first - second
    return (
        difference - math.hypot(first - low_1, high_2 - second),
        difference + math.hypot(high_1 - first, second - low_2),
    )


def _reasons(table: Table, row: int, ours: _Ours, study: Study) -> list[str]:
    """Return why the two accuracies cannot be set side by side; empty when they can."""
    protocol = table.protocol
    found = [
        protocol.unusable,
        _images(protocol, ours, study),
        _input(protocol, ours),
        _optimizer(protocol, ours),
        _precision(table, row, ours),
        _trained_on(protocol, ours),
    ]
    epochs, our_epochs = _epochs(table, row), _number(ours, "epochs")
    if epochs is not None and np.isfinite(our_epochs) and epochs != our_epochs:
        found.append(f"{our_epochs:g} epochs, theirs {epochs:g}")
    if epochs is None and "model" in table.frame:
        found.append("theirs does not say its epochs")
    if not ours["is_converged"]:
        found.append("our solver did not converge")
    if not 0 <= _number(ours, "test_accuracy") <= 1:
        found.append("our accuracy is no fraction")
    return [reason for reason in found if reason]


def _images(protocol: Protocol, ours: _Ours, study: Study) -> str:
    data = study.meta.get("data")
    datasets = data.get("datasets") if isinstance(data, dict) else None
    entry = datasets.get(ours["dataset"]) if isinstance(datasets, dict) else None
    num = entry.get("num_images") if isinstance(entry, dict) else None
    if not isinstance(num, int):
        return "how many images were split is not recorded"
    if protocol.num_images in (None, num):
        return ""
    return f"{num:,} images were split, theirs {protocol.num_images:,}"


def _input(protocol: Protocol, ours: _Ours) -> str:
    channels, size = _number(ours, "in_channels"), _number(ours, "image_size")
    if protocol.input_shape is None or not np.isfinite([channels, size]).all():
        return ""
    shape = (int(channels), int(size), int(size))
    if shape == protocol.input_shape:
        return ""
    texts = ("×".join(map(str, s)) for s in (shape, protocol.input_shape))
    return "input {}, theirs {}".format(*texts)


def _optimizer(protocol: Protocol, ours: _Ours) -> str:
    name, momentum = ours.get("optimizer"), _number(ours, "momentum")
    theirs = protocol.optimizer_details.get(str(name))
    if name != "sgd" or theirs is None or not np.isfinite(momentum):
        return ""
    own = f"momentum {momentum:g}" if momentum else "no momentum"
    return "" if own == theirs else f"SGD with {own}, theirs with {theirs}"


def _precision(table: Table, row: int, ours: _Ours) -> str:
    """Mixed precision is a matter of GPUs: a published CPU row is float32 whatever is said."""
    mixed, device = table.protocol.mixed_precision, table.frame.get("device")
    own = ours.get("precision")
    if mixed is None or not isinstance(own, str):
        return ""
    mixed = mixed and (device is None or device.iloc[row] == "cuda")
    if mixed == (own != "float32"):
        return ""
    return f"{own}, theirs {'mixed precision' if mixed else 'float32'}"


def _trained_on(protocol: Protocol, ours: _Ours) -> str:
    own, theirs = _number(ours, "num_train_images"), protocol.num_train_images
    if theirs is None or not np.isfinite(own) or own == theirs:
        return ""
    return f"trained on {own:,.0f} images, theirs on {theirs:,}"
