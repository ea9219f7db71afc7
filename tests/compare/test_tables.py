"""The cells of a comparison's tables: which study is which, signs, units and order."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.compare.document import build_document
from analysis.render.document import Document, Table
from tests.compared import GRID, base, compared, fitted, trained


def changed(config: dict[str, float], seed: int) -> float | None:
    """Return no error for the last row, and else one that is 3 lower to 2 higher."""
    return None if config == GRID[3] else base(config, seed) + seed - 3


def table(document: Document, name: str) -> Table:
    [found] = [one for one in document.tables if one.name == f"b-a-{name}"]
    return found


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """Return the comparison of errors in mm; each study has a rate of its own."""
    root = tmp_path_factory.mktemp("errors")
    a = fitted(root / "a", configs=[*GRID, {"lr": 0.9, "width": 8}])
    b = fitted(root / "b", changed, configs=[*GRID, {"lr": 0.7, "width": 8}])
    return build_document(compared(a, b))


@pytest.fixture(scope="module")
def accuracies(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """Return the comparison of accuracies: 50 % with 40 to 45 %, at 1 to 6 times the time."""
    root = tmp_path_factory.mktemp("accuracies")
    a = {name: {"val_accuracy": 0.5, "cpu_seconds": 4.0} for name in "abcdef"}
    b = {
        name: {"val_accuracy": 0.4 + place / 100, "cpu_seconds": 4.0 * (1 + place)}
        for place, name in enumerate(a)
    }
    return build_document(compared(trained(root / "a", a), trained(root / "b", b)))


def test_what_changed_is_in_the_column_of_its_study(errors: Document) -> None:
    found = table(errors, "changes")
    assert found.headings == ("kind", "what", "A", "B")
    assert found.lines == [("space", "parameter lr", "0.1, 0.5, 0.9", "0.1, 0.5, 0.7")]


def test_an_interval_begins_with_its_lower_end(errors: Document) -> None:
    found = table(errors, "settings")
    assert found.lines[0] == ("learning rate", "0.1", "12", "−0.5 mm [−2.5, +1.5]")
    assert found.caption.endswith("(B − A; negative is better).")


def test_the_largest_difference_of_either_sign_is_the_first_row(errors: Document) -> None:
    found = table(errors, "rows")
    assert found.headings[:3] == ("B − A (mm)", "A", "B")
    assert found.headings[6:8] == ("test rmse (mm) A", "test rmse (mm) B")
    assert found.lines[0][:8] == ("−3", "9", "6", "0.1", "8", "0", "10", "7")
    assert [line[0] for line in found.lines[2:5]] == ["−3", "−2", "+2"]
    assert found.caption.endswith("(negative is better).")


def test_means_of_measures_are_in_the_column_of_their_study(errors: Document) -> None:
    found = table(errors, "measures")
    assert found.headings[3:] == ("mean A", "mean B", "difference", "largest of a row")
    line = ("test rmse (mm)", "18", "3", "19.96", "19.46", "−0.5 mm", "3 mm")
    assert found.lines[1] == line


def test_rows_that_do_not_count_name_the_study_that_lacks_them(errors: Document) -> None:
    found = table(errors, "one-sided")
    assert found.headings[3:5] == ("A", "B")
    assert found.lines[0][:5] == ("0.5", "32", "0", "finished", "not begun: no trial has begun")
    found = table(errors, "unmatched")
    assert found.headings[4] == "validation rmse (mm)"
    assert [line[:5] for line in found.lines[::6]] == [
        ("A", "0.9", "8", "0", "17"),
        ("B", "0.7", "8", "0", "12"),
    ]


def test_of_accuracies_the_higher_are_better(accuracies: Document) -> None:
    found = table(accuracies, "rows")
    assert found.lines[0][:4] == ("−10.0", "50", "40", "0.1")
    assert found.caption.endswith("(positive is better).")
    [figure] = accuracies.figures
    assert figure.notes == ("Points above the line are better in B.",)


def test_times_are_divided_by_those_of_the_first_study(accuracies: Document) -> None:
    found = table(accuracies, "times")
    assert found.headings[2:5] == ("B ÷ A", "95 % interval", "single pairs")
    assert found.lines[0] == ("processor time", "6", "2.99×", "1× to 6×", "1× to 6×", "0")


def test_values_in_other_units_are_in_no_table(tmp_path: Path) -> None:
    measures = {"val_rmse": {"unit": "um", "better": "min"}}
    a = fitted(tmp_path / "a", configs=GRID[:2])
    b = fitted(tmp_path / "b", configs=GRID[1:3], measures=measures)
    document = build_document(compared(a, b))
    for one in document.tables:
        assert not any("rmse" in heading for heading in one.headings)
        assert "value" not in one.frame
    assert table(document, "unmatched").headings == (
        *("study", "learning rate", "width", "seed", "status", "id"),
    )
