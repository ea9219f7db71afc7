"""The table that rules are applied to, whatever its source."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.audit.clock import tick_of
from analysis.checks.audit.sizes import smallest_steps
from analysis.frames.pairing import positions_of_sets
from analysis.labs.reference import Protocol, Statement
from tune_app.study.measures import is_share

Value = TypeVar("Value")
Floats = NDArray[np.float64]
SETTINGS = (
    *("dataset", "model", "kernel", "degree", "C", "gamma", "max_iter", "num_train_images"),
    *("batch_size", "optimizer", "lr", "pin_memory", "epochs", "device", "mixed_precision"),
    *("num_workers", "seed", "in_channels", "image_size", "weight_decay", "momentum"),
)
"""Columns that are settings. A study or a user may have more of them."""
ONE_TEST_SET = frozenset(SETTINGS) - {"dataset", "num_train_images", "seed", "image_size"}
"""Settings whose levels are tested on the same images. Others may be tasks or splits."""
QUALITY = ("test_precision", "test_recall", "test_f1")
MEASURED = ("test_accuracy", *QUALITY, "val_accuracy", "train_accuracy", "train_seconds", "flops")
STEADY = "steady_seconds"
"""Training time without the warm-up, from ``steady_seconds`` (studies only)."""
PLACEBOS = ("pin_memory", "num_workers")
"""Settings that change where data are stored and when they are copied, but not arithmetic."""


def _once(compute: Callable[[Table, str], Value]) -> Callable[[Table, str], Value]:
    """Keep what a method returned for a column."""

    @functools.wraps(compute)
    def kept(table: Table, column: str) -> Value:
        key = (compute.__name__, column)
        if key not in table._known:
            table._known[key] = compute(table, column)
        value: Value = table._known[key]
        return value

    return kept


@dataclass(frozen=True, eq=False)
class Table:
    """Rows to audit.

    Attributes:
        name: its name in findings.
        frame: one line per row, with this project's column names; fractions and numbers.
        unit: the last printed digit of each number (1e-4 for 0.9855), with the shape of the
            measured columns; 0 if the number was not rounded.
        settings: the columns that are settings.
        num_test: (rows,), images each row was tested on; NaN if unknown.
        protocol: what is known about the origin of the numbers.
        statements: what its source says about the table.
        averaging: average of precision, recall and F1; None if unknown.
        is_averaging_stated: whether ``averaging`` was stated, and not only named by headings.
        runs: how many runs each row is the mean of; None if rows are means of an unknown number.
        is_runs_stated: whether ``runs`` is known, not just assumed because nothing says otherwise.
        ceiling: highest plausible test accuracy, given by the user.
        compared: settings whose levels are compared as arms.
        remarks: how it was read.
        names: the name of each row; empty if rows are named by their number.
        printed: the numbers of all columns as the file prints them, by its headings.
        printed_unit: their last printed digits.
        texts: the cells of the columns that are not numbers.
    """

    name: str
    frame: pd.DataFrame
    unit: pd.DataFrame
    settings: tuple[str, ...]
    num_test: Floats
    protocol: Protocol
    statements: tuple[Statement, ...] = ()
    averaging: str | None = None
    is_averaging_stated: bool = True
    runs: int | None = 1
    is_runs_stated: bool = True
    ceiling: float | None = None
    compared: tuple[str, ...] = ()
    remarks: tuple[str, ...] = field(default=())
    names: tuple[str, ...] = ()
    printed: pd.DataFrame = field(default_factory=pd.DataFrame)
    printed_unit: pd.DataFrame = field(default_factory=pd.DataFrame)
    texts: pd.DataFrame = field(default_factory=pd.DataFrame)

    @functools.cached_property
    def _known(self) -> dict[tuple[str, str], Any]:
        """What was computed before, by the name of a method and a column."""
        return {}

    @_once
    def numbers(self, column: str) -> Floats:
        """Return a column as floats, NaN where it is missing."""
        if column not in self.frame:
            return np.full(len(self.frame), np.nan)
        numbers = self.frame[column]
        if numbers.dtype != np.float64:
            numbers = pd.to_numeric(numbers, errors="coerce")
        return np.asarray(numbers, dtype=np.float64)

    @_once
    def units(self, column: str) -> Floats:
        """Return the last printed digit of each cell of a column."""
        return np.asarray(self.unit[column], dtype=np.float64)

    @_once
    def resolution(self, column: str) -> Floats:
        """Return the smallest difference that two cells of a column can have: (rows,).

        It is the last printed digit, or for a test accuracy one image. Where the number of images
        is unknown it is what the digits tell. Of times it is the tick of their clock, if all are
        multiples of one.
        """
        units = self.units(column)
        if column.endswith("_seconds"):
            return np.maximum(units, tick_of(self.numbers(column), units))
        if not is_share(column):
            return units
        images = 1 / (self.num_test * (self.runs or 1))
        if column != "test_accuracy" or not np.isfinite(images).all():
            datasets = self.groups(["dataset"]).values() if "dataset" in self.frame else ()
            settings = set(self.varying()) - ONE_TEST_SET
            tasks = [rows for name in settings for rows in self.groups([name]).values()]
            images = smallest_steps(self.numbers(column), units, datasets, tasks)
        return np.fmax(units, images)

    @_once
    def levels(self, column: str) -> list[str]:
        """Return each row's value of a column as text to compare rows by, empty without one."""
        if column not in self.frame:
            return [""] * len(self.frame)
        return [setting_key(value) for value in self.frame[column]]

    def keys(self, columns: tuple[str, ...] | list[str]) -> list[tuple[str, ...]]:
        """Return each row's values of some columns as text, to compare rows by."""
        if not len(columns):
            return [()] * len(self.frame)
        return list(zip(*map(self.levels, columns), strict=True))

    def groups(self, columns: Sequence[str]) -> dict[tuple[str, ...], list[int]]:
        """Return the positions of the rows that agree in some columns, by their values."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for row, key in enumerate(self.keys(list(columns))):
            groups.setdefault(key, []).append(row)
        return groups

    def varying(self) -> tuple[str, ...]:
        """Return the settings that have more than one value."""
        return tuple(s for s in self.settings if len(set(self.levels(s))) > 1)

    def matched(self, factor: str, within: NDArray[np.bool_] | None = None) -> list[list[int]]:
        """Return the groups of rows that differ only in ``factor``, as row positions.

        A group with two rows of the same level is left out, because their difference is unknown.
        """
        rows = np.arange(len(self.frame)) if within is None else np.flatnonzero(within)
        keys = self.keys([name for name in self.settings if name != factor])
        levels = self.levels(factor)
        sets = positions_of_sets([keys[row] for row in rows], [levels[row] for row in rows])
        return [[int(rows[i]) for i in group] for group in sets]

    def pairs(
        self, factor: str, first: Any, second: Any, within: NDArray[np.bool_] | None = None
    ) -> list[tuple[int, int]]:
        """Return each row at level ``first`` with its counterpart at level ``second``."""
        levels = self.levels(factor)
        pairs = []
        for rows in self.matched(factor, within):
            by_level = {levels[row]: row for row in rows}
            if setting_key(first) in by_level and setting_key(second) in by_level:
                pairs.append((by_level[setting_key(first)], by_level[setting_key(second)]))
        return pairs

    def paired(
        self,
        metric: str,
        factor: str,
        first: Any,
        second: Any,
        within: NDArray[np.bool_] | None = None,
    ) -> Floats:
        """Return the metric of each of ``pairs``, (2, pairs): first level, second level."""
        pairs = np.array(self.pairs(factor, first, second, within), dtype=int).reshape(-1, 2)
        values: Floats = self.numbers(metric)[pairs.T]
        return values

    def subset(self, where: Any) -> NDArray[np.bool_]:
        """Return which rows have these values: a mask (rows,)."""
        mask = np.ones(len(self.frame), dtype=bool)
        for column, value in dict(where).items():
            wanted = setting_key(value)
            mask &= np.array([text == wanted for text in self.levels(column)], dtype=bool)
        return mask

    def by_dataset(self) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """Yield each data set and its rows; one group if there is no data set column."""
        if "dataset" not in self.frame:
            yield "all rows", np.ones(len(self.frame), dtype=bool)
            return
        for name in dict.fromkeys(self.levels("dataset")):
            yield name, self.subset({"dataset": name})

    def named(self, row: int) -> str:
        """Return the name of a row, or its number from 1 if it has none."""
        return self.names[row] if self.names else str(row + 1)

    def listed(self, rows: Sequence[int], most: int = 8) -> str:
        """Return rows as text, the first ``most`` of them: ``rows 2, 3``."""
        shown = ", ".join(map(self.named, rows[:most]))
        shown += f", … ({len(rows)} in all)" if len(rows) > most else ""
        return f"row {shown}" if len(rows) == 1 else f"rows {shown}"

    def describe(self, row: int) -> str:
        """Return those settings of a row that vary in the table, as text."""
        return ", ".join(f"{s}={self.levels(s)[row] or '–'}" for s in self.varying())


def setting_key(value: Any) -> str:
    """Return a setting as text that is the same for 1, 1.0 and "1"."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    text = str(value).strip()
    try:
        return f"{float(text):.12g}"
    except ValueError:
        return text.lower()
