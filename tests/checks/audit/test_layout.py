from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.metrics import classification_report

from analysis.checks.audit.cells import plain, read_number
from analysis.checks.audit.columns import Options
from analysis.checks.audit.layout import read_cells
from analysis.checks.audit.read import read_csv


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "t.txt"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "Model,MNIST,,SVHN,\n,Acc,Time (s),Acc,Time (s)\na,99.1,10.2,93.0,33.1\n",
        "Model,,MNIST,,,SVHN,\n,Acc,Time (s),F1,Acc,Time (s),F1\na,99.1,10.2,0.9,93.0,33.1,0.9\n",
        "Model,MNIST,,SVHN\n,Acc,Time (s),Acc\na,99.1,10.2,93.0\n",
        ",MNIST,,SVHN,\nModel,Acc,Time (s),Acc,Time (s)\na,99.1,10.2,93.0,33.1\n",
        ",MNIST,MNIST,SVHN,SVHN\nModel,Acc,Time (s),Acc,Time (s)\na,99.1,10.2,93.0,33.1\n",
        "&MNIST&&SVHN&\\\\Model&Acc&Time (s)&Acc&Time (s)\\\\a&99.1&10.2&93.0&33.1",
    ],
)
def test_headings_in_two_lines(tmp_path: Path, text: str) -> None:
    if "&" in text:
        text = f"\\begin{{tabular}}{{lcccc}}{text}\\end{{tabular}}"
    cells = read_cells(write(tmp_path, text))
    assert cells.header[:3] == ["Model", "Acc MNIST", "Time (s) MNIST"]
    assert "Acc SVHN" in cells.header and len(cells.rows) == 1
    assert read_csv(write(tmp_path, text), Options({})).numbers("test_accuracy")[1] == 0.93


def test_one_line_of_headings_stays(tmp_path: Path) -> None:
    for text in ("Model,Acc\na,1\nb,2\n", "Model,,Acc\na,x,1\nb,y,2\n", "Model,Acc\n,best\na,1\n"):
        assert len(read_cells(write(tmp_path, text)).rows) == 2


def test_units_below_the_headings(tmp_path: Path) -> None:
    text = "Model,Acc,Train time,Params\n,[%],(min),M\na,91.2,12,1.1\nb,92.1,21,2.2\n"
    assert read_cells(write(tmp_path, text)).header[1:3] == ["Acc (%)", "Train time (min)"]
    table = read_csv(write(tmp_path, text), Options({}))
    assert table.numbers("train_seconds").tolist() == [720, 1260]


def test_a_first_column_without_a_heading(tmp_path: Path) -> None:
    for text in (
        ",Accuracy\na,91.2\nb,92.1\n",
        "| | Acc |\n|---|---|\n| a | 91.2 |\n| b | 92.1 |\n",
    ):
        table = read_csv(write(tmp_path, text), Options({}))
        assert table.numbers("test_accuracy").tolist() == pytest.approx([0.912, 0.921])
        assert table.frame[table.settings[0]].tolist() == ["a", "b"]


def test_aligned_and_drawn_tables(tmp_path: Path) -> None:
    aligned = "Model      Acc    Time\nResNet 18  94.31  120.4\nVGG 16     95.02  240.1\n"
    assert read_cells(write(tmp_path, aligned)).rows[0] == ["ResNet 18", "94.31", "120.4"]
    drawn = "+-----+------+\n| Net | Acc  |\n+=====+======+\n| a   | 94.1 |\n+-----+------+\n"
    assert read_cells(write(tmp_path, drawn)).rows == [["a", "94.1"]]
    for text in (
        "====  ====\nNet   Acc\n====  ====\na     94.1\n====  ====\n",
        "| Net | Acc  |\n|-----+------|\n| a   | 94.1 |\n",
        "  Net    Acc\n-----  -----\na      94.1\n",
    ):
        cells = read_cells(write(tmp_path, text))
        assert (cells.header, cells.rows) == (["Net", "Acc"], [["a", "94.1"]])
    pandas = "        Net  test_acc\n0  ResNet18     94.10\n1       VGG     95.02\n"
    assert read_cells(write(tmp_path, pandas)).header == ["(no name)", "Net", "test_acc"]


def test_cells_that_are_empty_in_a_printed_table(tmp_path: Path) -> None:
    labels, predicted = [0] * 40 + [1] * 60, [0] * 38 + [1] * 62
    report = read_cells(write(tmp_path, str(classification_report(labels, predicted))))
    assert report.header == ["(no name)", "precision", "recall", "f1-score", "support"]
    assert report.rows[0] == ["0", "1.00", "0.95", "0.97", "40"]
    assert report.rows[2:4] == [
        ["accuracy", "", "", "0.98", "100"],
        ["macro avg", "0.98", "0.97", "0.98", "100"],
    ]
    gaps = "My runs\n\nNet        Test acc  Time\nResNet 18     94.31\nVGG           95.02   240\n"
    assert read_cells(write(tmp_path, gaps)).rows == [
        ["ResNet 18", "94.31", ""],
        ["VGG", "95.02", "240"],
    ]


def test_rows_that_are_quantities_are_turned(tmp_path: Path) -> None:
    text = "Metric,a,b,c\nAccuracy (%),94.31,95.02,92.64\nTime (s),120.4,240.1,88.0\n"
    table = read_csv(write(tmp_path, text), Options({}))
    assert table.frame["model"].tolist() == ["a", "b", "c"]
    assert table.numbers("train_seconds").tolist() == [120.4, 240.1, 88.0]
    assert "rows and columns were exchanged" in " ".join(table.remarks)


def test_merged_cells_take_the_text_above(tmp_path: Path) -> None:
    text = "Model,Optimizer,Acc\na,SGD,94\n,Adam,95\nb,SGD,94\n,Adam,96\n"
    table = read_csv(write(tmp_path, text), Options({}))
    assert table.frame["model"].tolist() == ["a", "a", "b", "b"]
    assert "empty cells of Model take the text above them: 2" in table.remarks


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("[ResNet](https://x.org/a(b))", "ResNet"),
        ("ResNet-18~\\cite{he2016}", "ResNet-18"),
        ("$5\\times10^{-4}$", "5e-4"),
        ("10⁻³", "1e-3"),
        ("**76.13** [2]", "76.13"),
        ("77.37<sup>3</sup>", "77.37"),
        ("91.2$^{\\text{a}}$", "91.2"),
        ("\\textbf{93.02}$^{\\dagger}$", "93.02"),
        ("92.64\\footnotemark[1]", "92.64"),
        ("69.76[^1]", "69.76"),
    ],
)
def test_marks_are_no_digits(cell: str, text: str) -> None:
    assert plain(cell) == text


def test_a_raised_spread_makes_a_mean() -> None:
    for cell in ("95.9$^{\\pm 0.1}$", "$95.9_{\\pm0.1}$", "95.9 ± 0.1"):
        number = read_number(cell)
        assert (number.value, number.is_mean) == (95.9, True)
    for cell in ("95.9 (0.1)", "95.9(1)", "95.9 ± 0.1 (+0.3)", "95.9 (+/- 0.1)", "95.9 (sd 0.1)"):
        assert read_number(cell)[::3] == (95.9, True)
    assert read_number("95,9 (0,1)", has_decimal_comma=True)[::3] == (95.9, True)
    for cell in ("95.9 (+0.8)", "95.9 (↑0.8)", "95.9 (3)", "95.9 (94.2)", "95.9 [95.1, 96.7]"):
        assert read_number(cell)[::3] == (95.9, False)
    assert read_number("0 days 00:05:01.5").value == 301.5
    assert read_number("1 day, 00:00:02").value == 86_402
