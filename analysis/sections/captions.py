"""What the captions of figures share, and which rows a figure needs."""

from __future__ import annotations

from analysis.figures.fields import Field
from analysis.figures.rows import Rows, rows_of
from analysis.frames.labels import format_value
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


def coloured(field: Field | None) -> str:
    """Return how a caption goes on if a field colours the marks."""
    return f", coloured by {field.title}" if field else ""


def range_words(field: Field) -> str:
    """Return a sentence on the smallest and the largest value of a field."""
    known = [float(v) for v in field.values if v is not None]
    low, high = (format_value(end) for end in (min(known), max(known)))
    return f"{capital(field.title)} goes from {low} to {high}."
