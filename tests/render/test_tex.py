from __future__ import annotations

import pandas as pd

from analysis.render.document import Table
from analysis.render.tex import escape, table_tex


def test_golden_table() -> None:
    frame = pd.DataFrame({"a": ["x"], "b": [1.0]})
    cells = {"a_1": ["x & y"], "b (%)": ["1.0 ± 0.5"]}
    assert table_tex(Table("t", "50 % of {all}.", cells, frame, ("† one",))) == (
        "\\begin{longtable}{lr}\n"
        "\\caption{50 \\% of \\{all\\}.}\\\\\n"
        "\\toprule\n"
        "a\\_1 & b (\\%) \\\\\n"
        "\\midrule\n\\endhead\n\\bottomrule\n\\endfoot\n"
        "x \\& y & 1.0 $\\pm$ 0.5 \\\\\n"
        "\\end{longtable}\n"
        "\\noindent\\footnotesize $^\\dagger$ one\\par\n"
    )


def test_signs_of_the_tables_have_commands() -> None:
    """LaTeX stops at a sign that no package of a plain document defines."""
    assert escape("≤ 0.1 → 3") == r"$\leq$ 0.1 $\rightarrow$ 3"


def test_nothing_in_a_value_is_a_command() -> None:
    text = escape("\\input{/etc/passwd}^^41~`\n")
    assert text == (
        r"\textbackslash{}input\{/etc/passwd\}\textasciicircum{}\textasciicircum{}41"
        r"\textasciitilde{}\textasciigrave{}"
    )


def test_columns_of_numbers_are_aligned_to_the_right() -> None:
    cells = {
        "grouped": ["10,250", "−1,250,000 ± 1,000"],
        "plain": ["1e-05 †", "< 0.001"],
        "list": ["1,2", "3,4"],
        "words": ["10,250 rows", "1"],
    }
    table = Table("t", "c", cells, pd.DataFrame(index=[0, 1]))
    assert table.is_number == (True, True, False, False)
