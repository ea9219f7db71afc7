from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from analysis.figures.chart import Chart, Data
from analysis.render import pdf
from analysis.render.document import Bullets, Document, Figure, Paragraph, Section, Table
from analysis.render.drawings import Drawings

EVIL = '#panic("x") $x$ *b* _i_ `c` @ref <label> \\ " ] [ // /* #read("/etc/passwd") 漢'


def text_of(content: bytes, folder: Path) -> str:
    """Return the text of a PDF in reading order."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    (folder / "report.pdf").write_bytes(content)
    done = subprocess.run(
        ["pdftotext", "-layout", "report.pdf", "-"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def document(table: Table) -> Document:
    """Return a document of one of everything but figures."""
    section = Section("Part", (Paragraph("One."), Bullets(("Two.", "Three.")), table))
    return Document("Title", "Subtitle", ("Take care.",), (section,))


def test_texts_tables_and_warnings_are_in_it(tmp_path: Path) -> None:
    cells = {"name": ["a", "b"], "value (%)": ["1.0", "2.0 ± 0.5"]}
    table = Table("t", "Caption.", cells, pd.DataFrame(), ("★ a note",), frozenset({1}))
    text = text_of(pdf.render_pdf(document(table), Drawings()), tmp_path)
    for words in ("Title", "Subtitle", "Take care.", "Three.", "Caption.", "2.0 ± 0.5", "a note"):
        assert words in text


def test_footnotes_of_a_figure_stand_below_its_caption(tmp_path: Path) -> None:
    encoding = {"x": {"field": "v", "type": "quantitative", "title": "Größe → η²"}}
    chart = Chart(
        {"data": {"name": "d"}, "mark": "point", "encoding": encoding}, (Data("d", {"v": [1]}),)
    )
    figure = Figure("f", "Times.", "Times by size.", lambda: chart, notes=("‡ Not taken alone.",))
    section = Section("Part", (figure, Paragraph("After it.")))
    content = pdf.render_pdf(Document("Title", "", (), (section,)), Drawings())
    text = text_of(content, tmp_path)
    assert "Figure 1: Times." in text
    assert "Größe → η²" in text, "letters of a figure are letters in the PDF"
    assert text.index("Times.") < text.index("‡ Not taken alone.") < text.index("After it.")


def test_nothing_a_study_holds_is_evaluated(tmp_path: Path) -> None:
    table = Table("t", EVIL, {EVIL: [EVIL]}, pd.DataFrame(), (EVIL,))
    section = Section(EVIL, (Paragraph(EVIL), Bullets((EVIL,)), table))
    content = pdf.render_pdf(Document(EVIL, EVIL, (EVIL,), (section,)), Drawings())
    text = text_of(content, tmp_path)
    assert text.count('#read("/etc/passwd")') >= 2 and "root:" not in text


def test_a_long_table_is_cut_and_points_to_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "MOST_ROWS", 3)
    monkeypatch.setattr(pdf, "SHOWN_ROWS", 2)
    table = Table("big", "Many.", {"n": ["r1", "r2", "r3", "r4"]}, pd.DataFrame())
    text = text_of(pdf.render_pdf(document(table), Drawings()), tmp_path)
    assert "r2" in text and "r3" not in text
    assert "The first 2 of 4 rows. All rows are in tables/big.csv." in text


def sizes(content: bytes, folder: Path) -> list[str]:
    """Return whether each page is turned, ``turned``, or not, ``upright``."""
    if shutil.which("pdfinfo") is None:
        pytest.skip("pdfinfo (poppler-utils) is not installed")
    (folder / "report.pdf").write_bytes(content)
    done = subprocess.run(
        ["pdfinfo", "-l", "9", "report.pdf"], cwd=folder, capture_output=True, text=True, check=True
    )
    found = re.findall(r"Page +\d+ size: +([\d.]+) x ([\d.]+)", done.stdout)
    return ["turned" if float(width) > float(height) else "upright" for width, height in found]


@pytest.mark.parametrize(
    ("num_columns", "num_rows", "expected"),
    [
        (15, 21, ["upright", "turned", "upright"]),
        (15, 20, ["upright"]),
        (4, 21, ["upright"]),
    ],
)
def test_a_long_table_too_wide_for_the_page_is_turned_with_its_heading(
    tmp_path: Path, num_columns: int, num_rows: int, expected: list[str]
) -> None:
    cells = {f"parameter {i}": ["FashionMNIST"] * num_rows for i in range(num_columns)}
    table = Table("t", "Wide.", cells, pd.DataFrame())
    section = Section("Its heading", (table, Paragraph("After it.")))
    content = pdf.render_pdf(Document("Title", "", (), (section,)), Drawings())
    assert sizes(content, tmp_path) == expected
    pages = text_of(content, tmp_path).split("\f")
    with_table = next(page for page in pages if "FashionMNIST" in page)
    assert "Its heading" in with_table
    assert "After it." in pages[-2], "what follows stands on an upright page again"


def test_words_of_a_full_table_do_not_touch_the_next_column(tmp_path: Path) -> None:
    cells = {
        "data set": ["FashionMNIST"],
        **{name: [f"{name}: poly → rbf, C 1"] for name in ("kernel", "step", "other", "fourth")},
        "what it does": ["Test accuracy is higher on average. " * 5],
    }
    table = Table("t", "Full.", cells, pd.DataFrame())
    text = text_of(pdf.render_pdf(document(table), Drawings()), tmp_path)
    assert re.search(r"FashionMNIST +kernel:", text), text


def test_a_table_without_rows_or_columns_is_no_error(tmp_path: Path) -> None:
    for cells in ({}, {"a": []}):
        table = Table("t", "Empty.", cells, pd.DataFrame())
        assert "No rows." in text_of(pdf.render_pdf(document(table), Drawings()), tmp_path)


def test_a_long_name_stands_in_its_own_column(tmp_path: Path) -> None:
    sentence = (
        "On this data set validation rmse is 3.63 mm higher on average, in 4 of 4 pairs. " * 3
    )
    cells = {
        "data set": ["fashion_mnist_corrupted"],
        "step": ["learning rate: 0.001 → 0.01"],
        "difference in validation rmse (mm)": ["+3.24 [+2.05, +4.68]"],
        **{"pairs": ["6"], "p": ["0.062"], "verdict": ["not distinguishable"]},
        **{"processor time": ["1.01×"], "what it does": [sentence]},
    }
    content = pdf.render_pdf(document(Table("t", "Steps.", cells, pd.DataFrame())), Drawings())
    assert re.search(r"fashion_mnist_corrupted +learning rate: ", text_of(content, tmp_path))
