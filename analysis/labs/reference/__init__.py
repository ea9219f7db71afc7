"""Published tables as data: those of two lab reports, and of Xiao et al. (2017) for SVMs.

Each table is a CSV file with this project's names and units and with the printed digits.
``protocols.toml`` holds what is known about the origin of the numbers. ``statements.toml`` holds
what the reports' texts say about their tables, in a form that can be checked. Only facts and
numbers are taken from the reports.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import pandas as pd

from search_spaces.errors import UserError, choices, did_you_mean

__all__ = [
    "TABLES",
    "PrintedColumn",
    "Protocol",
    "ReferenceTable",
    "Statement",
    "load_statements",
    "load_table",
]

TABLES = (
    "report_a_q1a",
    "report_a_q1b",
    "report_a_q2",
    "report_b_q1a",
    "report_b_q1b",
    "report_b_q1b_table3",
    "report_b_pin_memory",
    "report_b_q2_table4",
    "report_b_q2_figure8",
    "xiao_2017_table3",
)
"""Names of the shipped tables."""

_BOOLEAN = {"true": True, "false": False}


@dataclass(frozen=True)
class PrintedColumn:
    """How a column is printed.

    Attributes:
        unit: ``fraction``, ``percent``, ``s``, ``ms``, ``M`` (millions) or ``1``.
        decimals: digits after the point in that unit; None if the source has a fixed number of
            significant digits, or mixes both. Trailing zeros may be left out.
        significant: significant digits; None if ``decimals`` applies.
    """

    unit: str
    decimals: int | None = None
    significant: int | None = None


@dataclass(frozen=True)
class Protocol:
    """What is known about the origin of a table's numbers; None or empty if unknown.

    Attributes:
        report: its source: ``report_a``, ``report_b`` or ``xiao_2017``; empty for other tables.
        num_test: test images per data set by the stated split.
        num_images: images that were split.
        split: the split, in words.
        input_shape: channels, height and width of a model's input.
        optimizer_details: optimizer -> its settings beyond the learning rate.
        mixed_precision: whether a GPU trained in mixed precision.
        epochs: epochs of every row, if there is no such column.
        num_train_images: training images per data set.
        max_iter: iteration limit of an SVM's solver; None if there was none or it is unknown.
        averaging: average of precision, recall and F1: ``macro``, ``weighted`` or None.
        selection: the split that best rows were picked on.
        num_candidates: configurations of which each row is the best; 1 if all are in the table.
        counting: what a FLOP is: ``macs``, ``flops`` or None.
        restates: the table that this one prints again.
        unusable: why its accuracies cannot be compared with test accuracies; empty if they can.
        printed: column -> how it is printed.
    """

    report: str = ""
    num_test: int | None = None
    num_images: int | None = None
    split: str = ""
    input_shape: tuple[int, ...] | None = None
    optimizer_details: Mapping[str, str] = field(default_factory=dict)
    mixed_precision: bool | None = None
    epochs: int | None = None
    num_train_images: int | None = None
    max_iter: int | None = None
    averaging: str | None = None
    selection: str | None = None
    num_candidates: int = 1
    counting: str | None = None
    restates: str | None = None
    unusable: str = ""
    printed: Mapping[str, PrintedColumn] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ReferenceTable:
    """A published table.

    Attributes:
        name: its name in ``TABLES``.
        frame: one row per printed row, with this project's names: ``dataset`` (``mnist``,
            ``fashion_mnist``), ``model``, ``kernel``, ``batch_size``, ``optimizer``, ``lr``,
            ``pin_memory`` (bool), ``epochs``, ``device`` (``cpu``, ``cuda``), ``test_accuracy``
            (fraction), ``train_seconds``, ... The columns ``test_precision``, ``test_recall`` and
            ``test_f1`` hold what is printed under these headings, right or wrong.
        text: the same cells as text, with the printed digits.
        protocol: the origin of the numbers.
    """

    name: str
    frame: pd.DataFrame
    text: pd.DataFrame
    protocol: Protocol


@dataclass(frozen=True)
class Statement:
    """What a report's text says about a table, in a form that can be checked.

    Attributes:
        name: short and unique.
        table: the table it is about.
        says: the statement in our own words.
        kind: how it is checked; one of ``analysis.checks.audit.prose.KINDS``.
        where: column -> value of the rows it is about; empty for all.
        arguments: further values that ``kind`` needs.
    """

    name: str
    table: str
    says: str
    kind: str
    where: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)


def load_table(name: str) -> ReferenceTable:
    """Return a published table by its name in ``TABLES``.

    Raises:
        UserError: there is no such table.
    """
    if name not in TABLES:
        raise UserError(
            f"{name}: no such reference table{did_you_mean(name, TABLES)}; "
            f"allowed: {choices(TABLES)}"
        )
    with (resources.files(__name__) / f"{name}.csv").open(encoding="utf-8") as file:
        text = pd.read_csv(file, dtype=str, keep_default_na=False)
    frame = pd.DataFrame({str(column): _typed(text[column]) for column in text})
    return ReferenceTable(name, frame, text, _protocols()[name])


def load_statements() -> tuple[Statement, ...]:
    """Return the statements of both reports' texts."""
    known = {"name", "table", "says", "kind", "where"}
    return tuple(
        Statement(
            **{key: value for key, value in entry.items() if key in known},
            arguments={key: value for key, value in entry.items() if key not in known},
        )
        for entry in _toml("statements.toml")["statement"]
    )


def _typed(cells: pd.Series[str]) -> pd.Series[Any]:
    """Return cells as booleans or numbers if all of them are; empty cells are missing values."""
    filled = cells[cells != ""]
    if len(filled) and filled.isin(_BOOLEAN).all():
        return cells.map(_BOOLEAN)
    numbers = pd.to_numeric(filled, errors="coerce")
    if len(filled) and numbers.notna().all():
        return numbers.reindex(cells.index)
    return cells.mask(cells == "")


@functools.cache
def _protocols() -> dict[str, Protocol]:
    return {name: _protocol(entry) for name, entry in _toml("protocols.toml").items()}


def _protocol(entry: dict[str, Any]) -> Protocol:
    printed = {key: PrintedColumn(**how) for key, how in entry.pop("printed", {}).items()}
    if "input_shape" in entry:
        entry["input_shape"] = tuple(entry["input_shape"])
    return Protocol(**entry, printed=printed)


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files(__name__) / name).read_text(encoding="utf-8"))
