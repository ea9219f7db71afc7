"""A column of a user's table."""

from __future__ import annotations

from typing import NamedTuple

from analysis.checks.audit.cells import Number, is_missing
from analysis.checks.audit.headings import Meaning


class Column(NamedTuple):
    """A column of a file.

    Attributes:
        heading: its heading in the file.
        meaning: what it holds.
        cells: its cells as text.
        numbers: the number in each cell, NaN if there is none.
        has_decimal_comma: whether commas separate decimals.
        is_setting: whether it says how a row was made.
    """

    heading: str
    meaning: Meaning
    cells: list[str]
    numbers: list[Number]
    has_decimal_comma: bool
    is_setting: bool = False

    @property
    def name(self) -> str:
        """Our name of the column."""
        return self.meaning.name

    @property
    def known(self) -> list[float]:
        """The numbers that are there."""
        return [number.value for number in self.numbers if number.value == number.value]

    @property
    def is_numeric(self) -> bool:
        """Whether all cells with a content are numbers, and there is one."""
        filled = sum(not is_missing(cell) for cell in self.cells)
        return 0 < filled == len(self.known)
