from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.compare.document import build_document
from analysis.compare.terminal import as_text
from analysis.render.document import Document
from analysis.render.drawings import to_svg
from tests.compared import GRID, base, compared, fitted, trained
from tests.studies import shared_study


def worse(config: dict[str, float], seed: int) -> float:
    return base(config, seed) + 1 + config["width"] / 100 + seed / 10


def test_the_answer_is_the_first_line_and_the_largest_difference_the_first_row(
    tmp_path: Path,
) -> None:
    document = build_document(compared(fitted(tmp_path / "a"), fitted(tmp_path / "b", worse)))
    first, *_ = document.sections
    assert first.title == "The answer"
    text = getattr(first.blocks[0], "text", "")
    assert text.startswith("B is worse than A: validation rmse +1.45 mm [")
    [rows] = [table for table in document.tables if table.name == "b-a-rows"]
    assert rows.headings[:3] == ("B − A (mm)", "A", "B")
    assert rows.lines[0][:6] == ("+1.82", "34.25", "36.07", "0.1", "32", "5")
    sizes = rows.frame["difference"].abs()
    assert sizes.is_monotonic_decreasing and len(rows.frame) == 24


def test_rows_that_repeat_others_are_in_the_file_only(tmp_path: Path) -> None:
    document = build_document(compared(shared_study(tmp_path / "a"), shared_study(tmp_path / "b")))
    [rows] = [table for table in document.tables if table.name == "b-a-rows"]
    assert len(rows.lines) == 2 and rows.frame["repeats"].sum() == 2
    assert any("left out" in note for note in rows.notes)


def test_names_are_unique_with_several_studies(tmp_path: Path) -> None:
    places = [fitted(tmp_path / name, seeds=(0,)) for name in ("a", "b")]
    places.append(fitted(tmp_path / "c", worse, seeds=(0, 1), configs=GRID[:3]))
    document = build_document(compared(*places))
    names = [block.name for block in (*document.tables, *document.figures)]
    figures = [figure.name for figure in document.figures]
    assert figures == ["b-a-rows", "c-a-rows"]
    assert len(set(names)) == len(names) - len(figures), "a figure has its table's name"
    assert [section.title for section in document.sections] == [
        "The answer",
        "B against A",
        "C against A",
    ]


def test_the_figure_has_its_finding_in_words(tmp_path: Path) -> None:
    [figure] = build_document(
        compared(fitted(tmp_path / "a"), fitted(tmp_path / "b", worse))
    ).figures
    assert "validation rmse +1.45 mm [" in figure.alt
    assert figure.notes == ("Points below the line are better in B.",)
    assert "<svg" in to_svg(figure.draw())


def test_a_study_without_any_result_is_no_error(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a")
    b = fitted(tmp_path / "b", lambda config, seed: None)
    document = build_document(compared(a, b))
    assert document.warnings == ("B: 24 of 24 rows have no result: 24 not begun.",)
    assert document.figures == []
    assert "No verdict on B against A: no row has a result in both." in as_text(document)


def test_rows_that_a_search_stopped_are_not_waited_for(tmp_path: Path) -> None:
    [found] = compared(fitted(tmp_path / "a"), fitted(tmp_path / "b"))
    study = found.second.study
    stopped = replace(study, rows=study.rows.assign(status="stopped"))
    document = build_document([replace(found, second=replace(found.second, study=stopped))])
    assert document.warnings == ()


def test_accuracy_is_nowhere_in_a_comparison_of_something_else(tmp_path: Path) -> None:
    a, b = fitted(tmp_path / "a"), fitted(tmp_path / "b", worse)
    text = as_text(build_document(compared(a, b))).replace(str(tmp_path), "")
    for word in ("accuracy", "model", "image", "training", "data set", "%"):
        assert word not in text.replace("95 % interval", "").replace("95 %\n", ""), word


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """Return the comparison of two studies of 16 rows."""
    root = tmp_path_factory.mktemp("wide")
    results = {f"name{number}": {"val_accuracy": 0.5 + number / 100} for number in range(16)}
    other = {name: {"val_accuracy": 0.5} for name in results}
    return build_document(compared(trained(root / "a", results), trained(root / "b", other)))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(
    wide: Document, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    text = as_text(wide)
    lines = [line for line in text.splitlines()[1:] if not line.startswith("...")]
    assert max(map(len, lines)) <= width
    assert "... and 6 more rows" in text
    assert ("columns that do not fit" in text) == (width == 40)


def test_rows_that_do_not_count_have_the_settings_that_they_share(tmp_path: Path) -> None:
    """Without them the one configuration that failed, or that is new, would be an id alone."""

    def failed(config: dict[str, float], seed: int) -> float | None:
        return None if config == GRID[3] else worse(config, seed)

    more = [*GRID, {"lr": 0.9, "width": 8}]
    places = fitted(tmp_path / "a", configs=more), fitted(tmp_path / "b", failed)
    tables = {table.name: table for table in build_document(compared(*places)).tables}
    for name, settings in (("one-sided", ["0.5", "32"]), ("unmatched", ["0.9", "8"])):
        cells = tables[f"b-a-{name}"].cells
        assert [cells[key][0] for key in ("learning rate", "width")] == settings
