"""What the captions of figures share, and which rows a figure needs."""

from __future__ import annotations

from analysis.figures.fields import Field
from analysis.figures.rows import Rows, rows_of
from analysis.frames.cells import grouped, half_up
from analysis.frames.labels import format_value, label, with_minus
from analysis.frames.load import Study

FEWEST = 3
"""With fewer configurations a table says it all."""


def drawn_rows(study: Study, key: str) -> Rows | None:
    """Return the configurations of a figure; None if they are too few for one."""
    rows = rows_of(study, key)
    return rows if rows is not None and len(rows.frame) >= FEWEST else None


def capital(text: str) -> str:
    """Return a text with its first letter as a capital."""
    return text[:1].upper() + text[1:]


def of_dataset(dataset: object, text: str) -> str:
    """Return a caption after the name of its data set; with a capital if there is no data set."""
    return capital(text) if dataset is None else f"{label('dataset', dataset)}: {text}"


def coloured(field: Field | None) -> str:
    """Return how a caption goes on if a field colours the marks."""
    return f", coloured by {field.title}" if field else ""


def value_words(field: Field, value: float) -> str:
    """Return a value or a mean of a field: a share as its axis has it, else three digits."""
    if field.format.endswith("f"):
        return with_minus(half_up(value, int(field.format[1:-1])))
    return grouped(format_value(value if abs(value) >= 1000 else float(f"{value:.3g}")))


def range_words(field: Field) -> str:
    """Return a sentence on the smallest and the largest value of a field."""
    known = [float(v) for v in field.values if v is not None]
    low, high = (value_words(field, end) for end in (min(known), max(known)))
    return f"{capital(field.title)} goes from {low} to {high}."
