"""CSV in which no text is taken for a formula. Every CSV file of this package is written by it.

A spreadsheet executes a cell that begins with ``=``, ``+``, ``-`` or ``@``, also after spaces, tabs
or a line break. An apostrophe before it makes the cell text (OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from search_spaces.errors import printable

_FORMULA = re.compile(r"""((?:^|;)[\s"]*)([=+\-@＝＋－＠])""")
"""The beginning of a formula, in a cell or after a ``;``. Some programs accept wide characters."""
_NEGATIVE_NUMBER = re.compile(r"-(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)


def csv_text(columns: Sequence[Any], lines: Iterable[Sequence[Any]]) -> str:
    """Return a table as CSV. Its texts are as :func:`safe_cell` returns them.

    Args:
        columns: the names of the columns.
        lines: the values of each line, in the order of the columns; None is an empty cell.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for line in (columns, *lines):
        writer.writerow([safe_cell(value) for value in line])
    return text.getvalue()


def safe_cell(value: Any) -> Any:
    """Return a value of which no spreadsheet makes a formula.

    Text becomes one printable line, with an apostrophe before what would be a formula. The
    apostrophe is also added after a ``;``, which separates cells in many countries. Numbers, also
    negative ones as text, are returned as they are.
    """
    if not isinstance(value, str) or _NEGATIVE_NUMBER.fullmatch(value):
        return value
    return _FORMULA.sub(r"\1'\2", printable(re.sub(r"\s", " ", value)))
