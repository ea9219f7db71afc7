from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from analysis.audit import from_reference
from analysis.checks.audit.averages import averages, excess, harmonic_mean
from analysis.checks.audit.columns import Options
from analysis.checks.audit.evidence import metrics_of
from analysis.checks.audit.finding import NotApplicableError
from analysis.checks.audit.read import read_csv
from analysis.checks.audit.table import QUALITY
from analysis.labs.reference import load_table
from tests.checks.audit.honest import GRID, SMALL, Kind, honest_table
from tests.checks.audit.tables import table


def test_bounds_by_hand() -> None:
    assert harmonic_mean(np.array([0.5, 0.0]), np.array([1.0, 0.0])).tolist() == [2 / 3, 0.0]
    p, r = np.array([0.9]), np.array([0.8])
    for f1, broken in ((0.70, 0.0), (0.847, 0.0), (0.85, 0.85 - 1.44 / 1.7), (0.65, 0.05)):
        assert excess(np.array([f1]), p, r, 0.0)[0] == pytest.approx(broken, abs=1e-12)


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_no_classifier_breaks_them(average: str) -> None:
    """Confusion matrices of every kind: lopsided, sparse, with classes never predicted."""
    rng = np.random.default_rng(3)
    suffix = "" if average == "macro" else "_weighted"
    rows = []
    for _ in range(3000):
        size = int(rng.integers(2, 11))
        matrix = rng.poisson(rng.gamma(0.3, 20, (size, size)))
        matrix[:, rng.random(size) < 0.2] = 0
        if matrix.sum():
            rows.append(metrics_of(matrix))
    p, r, f1 = (np.array([m[f"test_{q}{suffix}"] for m in rows]) for q in _QUANTITIES)
    assert not excess(f1, p, r, 1e-12).any()
    for decimals in (2, 4, 6):
        unit = 10.0**-decimals
        printed = [np.floor(v / unit) * unit for v in (f1, p, r)]
        assert not excess(*printed, unit + 1e-9).any()
    # That F1 lies between the averages of precision and recall is no law.
    assert (f1 < np.minimum(p, r) - 1e-9).mean() > 0.1
    if average == "weighted":
        assert np.allclose(r, [m["test_accuracy"] for m in rows])


_QUANTITIES = ("precision", "recall", "f1")


def test_metrics_of_a_matrix_are_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    labels, predicted = rng.integers(0, 4, 60), rng.integers(0, 3, 60)  # class 3 never predicted
    matrix = np.zeros((4, 4), dtype=np.int64)
    np.add.at(matrix, (labels, predicted), 1)
    metrics = metrics_of(matrix)
    for average, suffix in (("macro", ""), ("weighted", "_weighted")):
        expected = precision_recall_fscore_support(
            labels, predicted, average=average, zero_division=0
        )
        for quantity, value in zip(_QUANTITIES, expected, strict=False):
            assert metrics[f"test_{quantity}{suffix}"] == pytest.approx(float(value))


def test_mixed_up_headings_are_found_by_rule() -> None:
    honest = honest_table(np.random.default_rng(1), Kind(SMALL, 14_000, 4, "weighted"))
    assert averages(honest) == []
    swapped = honest.frame.rename(
        columns={
            "test_precision": "test_recall",
            "test_recall": "test_f1",
            "test_f1": "test_precision",
        }
    )
    mixed = table(**{str(c): swapped[c] for c in swapped})
    finding = averages(mixed)[0]
    assert finding.severity == "error" and "headed F1 holds accuracy" in finding.says
    assert "headed precision is F1" in finding.evidence
    assert "headed recall is precision" in finding.evidence


def test_report_a_is_found_and_how() -> None:
    findings = averages(from_reference(load_table("report_a_q1a")))
    assert [f.severity for f in findings] == ["error", "error"]
    assert "128 of 128 rows" in findings[0].evidence and len(findings[0].rows) == 128
    assert "25 of 128 rows" in findings[1].evidence and 116 in findings[1].rows


@pytest.mark.parametrize(
    ("averaging", "expected"),
    [
        ("weighted", ["weighted recall must equal accuracy but does not"]),
        ("micro", [f"micro {q} must equal accuracy" for q in ("precision", "recall", "F1")]),
        (None, []),
    ],
)
def test_identities_of_a_stated_average(averaging: str | None, expected: list[str]) -> None:
    cells = {"test_precision": [0.92] * 3, "test_recall": [0.91] * 3, "test_f1": [0.905] * 3}
    findings = averages(table(averaging=averaging, test_accuracy=[0.9] * 3, **cells))
    assert len(findings) == len(expected)
    assert all(f.says.startswith(says) for f, says in zip(findings, expected, strict=True))
    gap = [0.9, 0.9, np.nan]
    cells = dict.fromkeys(QUALITY, gap)
    assert averages(table(averaging=averaging, test_accuracy=[0.9] * 3, **cells)) == []


def test_balanced_macro_recall_is_accuracy_and_fine() -> None:
    honest = honest_table(np.random.default_rng(2), Kind(GRID, 14_000, 6, "macro"))
    assert (np.abs(honest.numbers("test_recall") - honest.numbers("test_accuracy")) < 1e-6).all()
    assert averages(honest) == []


def test_needs_all_three_columns() -> None:
    with pytest.raises(NotApplicableError, match="test_precision"):
        averages(table(test_f1=[0.9]))


BOTH = ["test_precision", "test_recall"]


@pytest.mark.parametrize(
    ("headings", "row", "used"),
    [
        (
            "precision (weighted),recall (weighted),F1 (macro),F1 (weighted)",
            "0.951,0.96,0.551,0.953",
            ["test_precision", "test_recall", "test_f1"],
        ),
        (
            "macro precision,macro recall,micro F1",
            "0.71,0.64,0.96",
            ["test_precision", "test_recall"],
        ),
        ("Precision,Recall,Macro F1", "0.95,0.96,0.6", ["test_precision", "test_recall"]),
    ],
)
def test_columns_of_two_averages_are_not_compared(
    tmp_path: Path, headings: str, row: str, used: list[str]
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\n".join([f"model,accuracy,{headings}", *(f"{m},0.96,{row}" for m in "abc")]))
    read = read_csv(path, Options({}))
    assert [column for column in QUALITY if column in read.frame] == used
    if "(weighted)" in headings:
        assert read.numbers("test_f1")[0] == 0.953 and averages(read) == []


@pytest.mark.parametrize("average", ["micro", "weighted"])
def test_items_may_have_several_labels(tmp_path: Path, average: str) -> None:
    """Then no average of recall must equal the share of items whose labels are all right."""
    path = tmp_path / "table.csv"
    names = ",".join(f"{average} {name}" for name in ("precision", "recall", "F1"))
    rows = ["a,0.512,0.81,0.74,0.773", "b,0.533,0.82,0.76,0.787", "c,0.571,0.85,0.77,0.805"]
    path.write_text("\n".join([f"model,accuracy,{names}", *rows]))
    found = averages(read_csv(path, Options({})))
    assert found and {finding.severity for finding in found} == {"note"}
    assert {f.severity for f in averages(read_csv(path, Options({}, averaging=average)))} == {
        "error"
    }
    equal = [f"{m},0.{n},0.9,0.{n},0.9" for m, n in zip("defgh", range(901, 906), strict=True)]
    path.write_text("\n".join([f"model,accuracy,{names}", rows[0], *equal]))
    assert averages(read_csv(path, Options({})))[0].severity == "error"


def test_precision_that_equals_accuracy_beside_a_recall_that_does_is_not_misnamed() -> None:
    """Where recall equals accuracy, too, no heading is known to be wrong."""
    accuracy = np.round(np.linspace(0.9012, 0.9431, 12), 4)
    columns = {"test_accuracy": accuracy, "test_recall": accuracy, "test_f1": accuracy - 0.0021}
    assert averages(table(**columns, test_precision=accuracy, unit=1e-4)) == []
    lower = columns | {"test_recall": accuracy - 0.0038}
    (found, *_) = averages(table(**lower, test_precision=accuracy, unit=1e-4))
    assert found.severity == "error" and "headed precision holds accuracy" in found.says
    both = averages(table(**lower | {"test_f1": accuracy}, test_precision=accuracy, unit=1e-4))
    assert not [f for f in both if "headed" in f.says], "which of the two it is, nobody can know"
    once = np.where(np.arange(12) == 3, accuracy - 0.0021, accuracy)
    assert not [f for f in averages(table(**lower, test_precision=once)) if "headed" in f.says]
    gap = np.where(np.arange(12) == 3, np.nan, accuracy)
    (found, *_) = averages(table(**lower | {"test_accuracy": gap}, test_precision=accuracy))
    assert "in 11 of 11 rows, recall in 0;" in found.evidence and 3 not in found.rows
