from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.checks.audit.columns import Options
from analysis.checks.audit.finding import Finding, NotApplicableError
from analysis.checks.audit.read import read_csv
from analysis.checks.audit.sums import confusion, parts_and_total


def sums(tmp_path: Path, *, total: list[float] | None = None) -> list[Finding]:
    """Return the findings on times of three parts and their total."""
    parts = np.round(np.random.default_rng(0).lognormal(2, 0.6, (8, 3)), 2)
    totals = parts.sum(axis=1) if total is None else np.array(total)
    rows = [
        f"{100 - i},{a:.2f},{b:.2f},{c:.2f},{t:.2f}"
        for i, ((a, b, c), t) in enumerate(zip(parts, totals, strict=True))
    ]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["acc,A,B,C,D", *rows]))
    return parts_and_total(read_csv(path, Options({})))


def test_parts_do_not_add_up(tmp_path: Path) -> None:
    assert sums(tmp_path) == []
    parts = np.round(np.random.default_rng(0).lognormal(2, 0.6, (8, 3)), 2)
    total = parts.sum(axis=1)
    total[3] += 1
    (finding,) = sums(tmp_path, total=total.tolist())
    assert finding.severity == "serious" and finding.rows == (3,)
    assert finding.says.startswith("A + B + C is not D")
    assert sums(tmp_path, total=(total + np.arange(8) + 1).tolist()) == []  # other parts exist


@pytest.mark.parametrize("number", [2, 3, 10, 11])
def test_a_part_needs_another_and_a_total(tmp_path: Path, number: int) -> None:
    parts = np.round(np.random.default_rng(1).lognormal(2, 0.6, (8, number - 1)), 2)
    totals = parts[:, :2].sum(axis=1)
    totals[5] += 2
    cells = np.column_stack([parts, totals])
    rows = [",".join(["0.9", *(f"{value:.2f}" for value in row)]) for row in cells]
    path = tmp_path / "t.csv"
    path.write_text("\n".join([",".join(["acc", *"ABCDEFGHIJK"[:number]]), *rows]))
    table = read_csv(path, Options({}))
    if number in (2, 11):
        with pytest.raises(NotApplicableError, match="three to ten columns of numbers that vary"):
            parts_and_total(table)
        return
    (finding,) = parts_and_total(table)
    assert finding.says.startswith(f"A + B is not {'ABCDEFGHIJ'[number - 1]}")
    assert finding.rows == (5,)


HEAD = "Model,TP,FP,FN,TN,Accuracy,Precision,Recall,F1\n"
# Of 100 and 300 images 80 and 270 are right: precision 80/110, recall 80/100.
POSITIVE = "a,80,30,20,270,0.875,0.727,0.800,0.762\n"
MACRO = "b,80,30,20,270,0.875,0.829,0.850,0.838\n"
# Of the other class: 270/290, 270/300 and 540/590. Weighted: three quarters of it and one of these.
OTHERS = """\
other class,80,30,20,270,0.875,0.931,0.900,0.915
weighted,80,30,20,270,0.875,0.880,0.875,0.877
micro,80,30,20,270,0.875,0.875,0.875,0.875
"""
MEANS_OF_RUNS = "c,80.5,30,19.5,270,0.876,0.729,0.805,0.765\n"


def test_any_average_may_stand_beside_a_confusion_matrix(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(HEAD + POSITIVE + MACRO + OTHERS)
    assert confusion(read_csv(path, Options({}))) == []
    path.write_text(HEAD + POSITIVE + MACRO.replace("0.829", "0.929").replace("0.875", "0.900"))
    found = confusion(read_csv(path, Options({})))
    assert [(f.severity, f.rows, f.says.split()[0]) for f in found] == [
        ("error", (1,), "test_accuracy"),
        ("error", (1,), "test_precision"),
    ]
    assert "row 2: 0.929 where the matrix gives 0.727273" in found[1].evidence
    path.write_text('model,acc,matrix\na,0.90,"[[50, 2], [3, 45]]"\n')
    (finding,) = confusion(read_csv(path, Options({})))
    assert "0.9 where the matrix gives 0.95" in finding.evidence
    path.write_text("model,acc\na,0.9\n")
    with pytest.raises(NotApplicableError):
        confusion(read_csv(path, Options({})))


def test_means_of_counts_are_no_matrix(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(HEAD + POSITIVE + MEANS_OF_RUNS)
    assert confusion(read_csv(path, Options({}))) == []
    path.write_text(HEAD + MEANS_OF_RUNS)
    with pytest.raises(NotApplicableError, match="it needs columns TP, FP and FN"):
        confusion(read_csv(path, Options({})))


def test_without_true_negatives_the_positive_class_is_compared(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    head, right = (
        "Model,TP,FP,FN,Accuracy,Precision,Recall,F1\n",
        "a,80,30,20,0.5,0.727,0.800,0.762\n",
    )
    path.write_text(head + right)
    assert confusion(read_csv(path, Options({}))) == [], "the accuracy cannot be computed"
    path.write_text(head + right + right.replace("0.800", "0.829"))
    assert [(f.rows, f.says.split()[0]) for f in confusion(read_csv(path, Options({})))] == [
        ((1,), "test_recall")
    ]


def test_a_matrix_may_have_the_predictions_in_its_lines(tmp_path: Path) -> None:
    # True classes in lines: recall 50/52 and 45/48. Predictions in lines: 50/53 and 45/47.
    path = tmp_path / "t.csv"
    for recall in ((50 / 52 + 45 / 48) / 2, (50 / 53 + 45 / 47) / 2):
        path.write_text(f'model,recall,matrix\na,{recall:.4f},"[[50, 2], [3, 45]]"\n')
        assert confusion(read_csv(path, Options({}))) == []
    path.write_text('model,recall,matrix\na,0.9300,"[[50, 2], [3, 45]]"\n')
    assert len(confusion(read_csv(path, Options({})))) == 1
