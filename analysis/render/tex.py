r"""Render tables as LaTeX, to ``\input`` into a document with booktabs and longtable."""

from __future__ import annotations

from analysis.render.document import Table
from search_spaces.errors import one_line

_SPECIAL = {
    "\\": r"\textbackslash{}",
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "÷": r"$\div$",
    "−": r"$-$",
    "†": r"$^\dagger$",
    "‡": r"$^\ddagger$",
    "★": r"$\star$",
    "\u2032": r"$'$",
    "²": r"$^2$",
    "→": r"$\rightarrow$",
    "≤": r"$\leq$",
    "η": r"$\eta$",
    "–": "--",
    "…": r"\ldots{}",
}


def escape(text: object) -> str:
    """Return text in which LaTeX finds no command."""
    return "".join(_SPECIAL.get(character, character) for character in one_line(str(text)))


def table_tex(table: Table) -> str:
    """Return the table as a ``longtable``, which may span pages, with its notes below."""
    columns = "".join("r" if number else "l" for number in table.is_number)
    head = " & ".join(map(escape, table.headings))
    lines = [
        f"\\begin{{longtable}}{{{columns}}}",
        f"\\caption{{{escape(table.caption)}}}\\\\",
        *("\\toprule", f"{head} \\\\", "\\midrule", "\\endhead", "\\bottomrule", "\\endfoot"),
        *(" & ".join(map(escape, line)) + r" \\" for line in table.lines),
        "\\end{longtable}",
        *(f"\\noindent\\footnotesize {escape(note)}\\par" for note in table.notes),
    ]
    return "\n".join(lines) + "\n"
