"""Read the rows of a LaTeX table."""

from __future__ import annotations

import re

_RULES = re.compile(
    r"\\(?:toprule|midrule|bottomrule|hline|centering|small|cmidrule(?:\([a-z]*\))?\{[^}]*\}"
    r"|cline\{[^}]*\}|addlinespace(?:\[[^\]]*\])?)"
)
TABULAR = re.compile(r"\\begin\{(tabular[xy*]?|longtable)\}(.*?)\\end\{\1\}", re.DOTALL)
_MULTICOLUMN = re.compile(
    r"\\multicolumn\{(\d+)\}\{[^{}]*(?:\{[^{}]*\})?[^{}]*\}\{(.*)\}", re.DOTALL
)
_MULTIROW = re.compile(r"\\multirow\{(\d+)\}\{[^{}]*\}\{(.*)\}", re.DOTALL)


def rows_of(body: str) -> list[list[str]]:
    """Return the cells of each row of a ``tabular``, given what stands in it."""
    body = re.sub(r"(?<!\\)%.*", "", body)
    body = re.sub(r"^\s*(?:\[[a-z]\]|\{[^{}]*\})?\s*\{(?:[^{}]|\{[^{}]*\})*\}", "", body, count=1)
    rows: list[list[str]] = []
    down: dict[int, tuple[int, str]] = {}
    for line in re.split(r"\\\\(?:\[[^\]]*\])?|\\tabularnewline", body):
        row: list[str] = []
        for text in re.split(r"(?<!\\)&", _RULES.sub("", line)):
            cell = text.strip()
            if many := _MULTICOLUMN.fullmatch(cell):
                row += [many[2].strip(), *[""] * (int(many[1]) - 1)]
                continue
            if tall := _MULTIROW.fullmatch(cell):
                down[len(row)] = (int(tall[1]), tall[2].strip())
            left, above = down.get(len(row), (0, ""))
            if left:
                down[len(row)] = (left - 1, above)
            filled = tall[2].strip() if tall else cell or (above if left else "")
            row.append(re.sub(r"\\([#%&_$])", r"\1", filled))
        if any(row):
            rows.append(row)
    return rows
