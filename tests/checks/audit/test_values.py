"""The units of the numbers in a column, and how they are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.checks.audit.columns import Options
from analysis.checks.audit.read import read_csv


@pytest.mark.parametrize(
    ("heading", "accuracies", "how"),
    [
        (
            "Test error (%)",
            [0.992, 0.9994],
            "percentages of errors, accuracy is the rest; --fraction if they are fractions",
        ),
        ("Test error", [0.2, 0.94], "fractions of errors, accuracy is the rest"),
        ("Test accuracy (%)", [0.8, 0.06], "fractions"),
    ],
)
def test_an_error_rate_below_one_percent_is_no_fraction(
    tmp_path: Path, heading: str, accuracies: list[float], how: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"Model,{heading}\na,0.8\nb,0.06\n")
    table = read_csv(path, Options({}))
    assert table.frame["test_accuracy"].tolist() == pytest.approx(accuracies)
    assert table.unit["test_accuracy"].tolist() == pytest.approx(
        [0.001, 0.0001] if "percent" in how else [0.1, 0.01]
    )
    assert table.remarks[0].endswith(f"test_accuracy as {how}")


@pytest.mark.parametrize(
    ("heading", "name", "value", "how"),
    [
        ("Time (us)", "train_seconds", 2e-6, "in microseconds"),
        ("Time (ms)", "train_seconds", 2e-3, "in milliseconds"),
        ("Time (s)", "train_seconds", 2, "in seconds"),
        ("Time (min)", "train_seconds", 120, "in minutes"),
        ("Time (h)", "train_seconds", 7200, "in hours"),
        ("Time (days)", "train_seconds", 172_800, "in days"),
        ("FLOPs (M)", "flops", 2e6, "in units of 1e+06"),
        ("GFLOPs", "flops", 2e9, "in units of 1e+09"),
    ],
)
def test_the_unit_of_times_and_flops_is_that_of_the_heading(
    tmp_path: Path, heading: str, name: str, value: float, how: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"Acc,{heading}\n0.9,2\n0.8,3\n")
    table = read_csv(path, Options({}))
    assert table.frame[name][0] == pytest.approx(value)
    assert table.remarks[0].endswith(f"{name} {how}")


def test_a_percent_sign_in_some_cells_makes_no_fractions_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("Model,Test error (%)\na,0.8%\nb,0.5\nc,1.2%\n")
    found = read_csv(path, Options({})).frame["test_accuracy"]
    assert found.tolist() == pytest.approx([0.992, 0.995, 0.988])
