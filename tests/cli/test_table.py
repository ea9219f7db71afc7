"""Tables of text: aligned numbers, and a table that is too wide folded step by step."""

from __future__ import annotations

from itertools import product

from search_spaces.measure import Measure
from tune_app.cli.table import Column, measure_texts, table_lines, value_texts
from tune_app.study.measures import Measures

GRID = list(product(("mnist", "fashion"), (16, 32), ("sgd", "adam")))
COLUMNS = [
    Column("row", [str(n + 1) for n in range(8)], is_number=True),
    Column("dataset", [row[0] for row in GRID], is_factor=True),
    Column("batch_size", [str(row[1]) for row in GRID], is_number=True, is_factor=True),
    Column("optimizer", [row[2] for row in GRID], is_factor=True),
    Column("status", ["finished"] * 8),
]


def table(width: int | None) -> list[str]:
    return list(table_lines(COLUMNS, width))


def test_a_table_that_fits_has_every_column() -> None:
    lines = table(None)
    assert lines == table(48)
    assert lines[:2] == [
        "row  dataset  batch_size  optimizer  status",
        "  1  mnist            16  sgd        finished",
    ]
    assert len(lines) == 9


def test_what_is_the_same_in_all_rows_is_said_once() -> None:
    assert table(36)[:4] == [
        "in all rows: status finished",
        "",
        "row  dataset  batch_size  optimizer",
        "  1  mnist            16  sgd",
    ]


def test_then_headings_take_two_lines() -> None:
    assert table(33)[2:5] == [
        "              batch_",
        "row  dataset    size  optimizer",
        "  1  mnist        16  sgd",
    ]


def test_then_a_factor_becomes_the_heading_of_a_group() -> None:
    assert table(28)[2:] == [
        "     batch_",
        "row    size  optimizer",
        *("", "dataset mnist"),
        *("  1      16  sgd", "  2      16  adam", "  3      32  sgd", "  4      32  adam"),
        *("", "dataset fashion"),
        *("  5      16  sgd", "  6      16  adam", "  7      32  sgd", "  8      32  adam"),
    ]


def test_last_each_row_has_its_factors_below_it() -> None:
    assert table(20)[-4:] == [
        "  8",
        "     dataset=fashion",
        "       batch_size=32",
        "       optimizer=adam",
    ]


def test_a_table_without_factors_keeps_its_columns() -> None:
    columns = [Column("study", ["a_long_name", "b"]), Column("state", ["running", "failed"])]
    assert list(table_lines(columns, 15)) == [
        "study        state",
        "a_long_name  running",
        "b            failed",
    ]


def test_a_table_without_columns_has_no_lines() -> None:
    assert list(table_lines([], None)) == list(table_lines([], 40)) == []


def test_a_table_whose_rows_are_all_the_same_says_it_once() -> None:
    columns = [Column("dataset", ["mnist"] * 3, is_factor=True), Column("seed", ["0"] * 3)]
    assert list(table_lines(columns, 12)) == ["in all rows:\n  dataset\n  mnist,\n  seed 0"]


def test_a_table_of_nothing_but_factors_keeps_one_as_a_column() -> None:
    columns = [Column(name, list("ab"), is_factor=True) for name in ("one", "another")]
    assert list(table_lines(columns, 8)) == ["one", *("a", "     another=a", "b", "     another=b")]
    only = [Column("learning_rate", list("aaaabbbb"), is_factor=True)]
    assert list(table_lines(only, 8)) == ["learning_rate", *"aaaabbbb"]


def test_texts_of_a_user_stay_on_their_line() -> None:
    assert list(table_lines([Column("a\nb", ["c\nd"])], None)) == ["a b", "c d"]


def test_parameters_have_the_digits_that_tell_them_apart() -> None:
    assert value_texts([0.019557988, 0.1]) == ["0.01956", "0.1"]
    assert value_texts([0.123456, 0.123457]) == ["0.123456", "0.123457"]
    assert value_texts([True, None, 3, "x"]) == ["True", "None", "3", "x"]


def test_measures_have_the_same_number_of_decimals() -> None:
    rmse = Measures("val_rmse", "min", {"val_rmse": Measure(unit="mm")})
    assert measure_texts(rmse, "val_rmse", [1.25, 2, None]) == ["1.25 mm", "2.00 mm", "-"]
    assert measure_texts(rmse, "loss", [0.05711, 1.11127]) == ["0.05711", "1.11127"]
    assert measure_texts(rmse, "loss", [1.5e-7, 2.25]) == ["1.5e-07", "2.25"]
    assert measure_texts(rmse, "macs", [1234567.0, 2]) == ["1,234,567", "2"]


def test_other_values_of_the_study_tell_whether_a_measure_is_a_share() -> None:
    assert measure_texts(Measures(), "val_accuracy", [0.5]) == ["50.00 %"]
    assert measure_texts(Measures(), "val_accuracy", [0.5], [90.0]) == ["0.5"]
