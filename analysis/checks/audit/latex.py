"""Read the rows of a LaTeX table."""

from __future__ import annotations

import re

_UNPRINTED = re.compile(
    r"\\(?:(?:top|mid|bottom)rule|addlinespace)(?:\[[^\]]*\])?|\\specialrule(?:\{[^}]*\}){3}"
    r"|\\c(?:midrule|line)(?:\([a-z]*\))?\{[^}]*\}|\\noalign\{[^}]*\}"
    r"|\\(?:hline|centering|scriptsize|footnotesize|small|tiny)(?![a-zA-Z])"
    r"|\\(?:cell|row|arrayrule)color(?:\[[^\]]*\])?\{[^}]*\}"
)
"""Rules, sizes and colours."""
_STACKED = re.compile(
    r"\\(?:makecell|thead|shortstack)(?:\[[^\]]*\])?\{((?:[^{}]|\{[^{}]*\})*)\}", re.DOTALL
)
_AROUND = re.compile(
    r"\\(?:rotatebox\{[^{}]*\}|(?:text)?color(?:box)?\{[^{}]*\}|num)\{((?:[^{}]|\{[^{}]*\})*)\}"
)
_BRACES = re.compile(r"^\{([^{}]*)\}$|\{(\([^{}]*\))\}")
TABULAR = re.compile(r"\\begin\{(tabular[xy*]?|longtable)\}(.*?)\\end\{\1\}", re.DOTALL)
_MULTICOLUMN = re.compile(
    r"\\multicolumn\{(\d+)\}\{[^{}]*(?:\{[^{}]*\})?[^{}]*\}\{(.*)\}", re.DOTALL
)
_MULTIROW = re.compile(r"\\multirow\{(\d+)\}\{[^{}]*\}\{(.*)\}", re.DOTALL)


def rows_of(body: str) -> list[list[str]]:
    """Return the cells of each row of a ``tabular``, given what stands in it."""
    body = re.sub(r"(?<!\\)%.*", "", body)
    body = _STACKED.sub(lambda match: match[1].replace("\\\\", " "), body)
    body = re.sub(r"^\s*(?:\[[a-z]\]|\{[^{}]*\})?\s*\{(?:[^{}]|\{[^{}]*\})*\}", "", body, count=1)
    rows: list[list[str]] = []
    down: dict[int, tuple[int, str]] = {}
    for line in re.split(r"\\\\(?:\[[^\]]*\])?|\\tabularnewline", body):
        row: list[str] = []
        for text in re.split(r"(?<!\\)&", _UNPRINTED.sub("", line)):
            cell = _AROUND.sub(r"\1", text).strip()
            if many := _MULTICOLUMN.fullmatch(cell):
                row += [_printed(many[2]), *[""] * (int(many[1]) - 1)]
                continue
            if tall := _MULTIROW.fullmatch(cell):
                down[len(row)] = (int(tall[1]), tall[2].strip())
            left, above = down.get(len(row), (0, ""))
            if left:
                down[len(row)] = (left - 1, above)
            filled = tall[2].strip() if tall else cell or (above if left else "")
            row.append(_printed(filled))
        if any(row):
            rows.append(row)
    return rows


def _printed(cell: str) -> str:
    """Return a cell without its braces and with the characters that LaTeX needs escaped."""
    return re.sub(r"\\([#%&_$])", r"\1", _BRACES.sub(r"\1\2", cell.strip())).strip()
