from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from analysis.load import load_study
from analysis.markdown import (
    format_cell,
    format_percent,
    format_seconds,
    heading,
    markdown_table,
    percent_digits,
    to_markdown,
)
from analysis.tables import grid_table, study_table
from tests.studies import (
    A5,
    PREFIX,
    line,
    prefix_study,
    resnet_config,
    shared_study,
    study_json,
    write_study,
    write_trial,
)


@pytest.mark.parametrize(
    ("num_images", "digits"),
    [(10, 0), (70, 0), (100, 0), (101, 1), (140, 1), (1000, 1), (1001, 2), (14_000, 2), (10**9, 2)],
)
def test_digits_tell_neighbouring_accuracies_apart(num_images: int, digits: int) -> None:
    assert percent_digits(num_images) == digits
    if num_images <= 10_000:
        texts = {format_percent(right / num_images, num_images) for right in range(num_images + 1)}
        assert len(texts) == num_images + 1


def test_digits_of_an_unknown_number_of_images() -> None:
    assert percent_digits(None) == percent_digits(math.nan) == percent_digits(0) == 2


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.00"),
        (0.00412, "0.00412"),
        (0.25, "0.250"),
        (1.234, "1.23"),
        (12.34, "12.3"),
        (99.9, "99.9"),
        (123.4, "123"),
        (5482.5, "5482"),
        (1e-9, "0.000000"),
        (math.inf, "inf"),
    ],
)
def test_seconds(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("test_accuracy", 138 / 140, "98.6"),
        ("test_f1_weighted", 0.5, "50.0"),
        ("dataset", "fashion_mnist", "FashionMNIST"),
        ("dataset", "own", "own"),
        ("pin_memory", True, "yes"),
        ("pin_memory", False, "no"),
        ("lr", 0.0001, "0.0001"),
        ("C", 100.0, "100"),
        ("gamma", "scale", "scale"),
        ("gamma", 0.01, "0.01"),
        ("macs", 33_184_000, "33.18"),
        ("speedup_vs_cpu", 24.04, "24.0×"),
        ("num_support_vectors", 12_345, "12345"),
        ("images_per_second", 12_345.6, "12346"),
        ("images_per_second", 234.56, "234.6"),
        ("shared_with", "a5", "shared with a5"),
        ("shared_with", "", ""),
        ("degree", pd.NA, "–"),
        ("trial_id", None, "–"),
        ("val_loss", math.nan, "–"),
        ("val_loss", math.inf, "inf"),
        ("reason", "a | b\n<c> `d`", "a \\| b &lt;c> 'd'"),
    ],
)
def test_cells(column: str, value: object, text: str) -> None:
    assert format_cell(column, value, 140) == text


def test_headings_carry_the_unit() -> None:
    assert heading("test_f1") == "test F1 (%)"
    assert heading("predict_seconds") == "predict (s)"
    assert heading("val_loss") == "val loss"


def test_golden_table_of_shared_rows(tmp_path: Path) -> None:
    study = load_study(shared_study(tmp_path / "grid"))
    columns = ["id", "pin_memory", "epochs", "test_accuracy", "train_seconds", "shared_with"]
    assert to_markdown(grid_table(study)[columns], study) == (
        "| id   | pin memory   |   epochs |   test accuracy (%) |   train (s) | shared         |\n"
        "|:-----|:-------------|---------:|--------------------:|------------:|:---------------|\n"
        "| a2   | no           |        2 |                98.6 |        20.0 | shared with a5 |\n"
        "| a5   | no           |        5 |                99.3 |        50.0 |                |\n"
        "| b2   | yes          |        2 |                98.6 |      20.0 † | shared with a5 |\n"
        "| b5   | yes          |        5 |                99.3 |      50.0 † | shared with a5 |\n"
        "\n"
        "*shared with*: the row is read from the trial of the row named there, at the row's own "
        "epoch. Rows with the same trial are one training run.\n"
        "\n"
        "† The same trial, read at the same epoch, as a row that differs only in pin_memory: the "
        "time is one measurement, and comparing times across pin_memory is not applicable."
    )


def test_rows_without_result_are_shown_without_marker_or_number(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    write_trial(path, "k1", A5, PREFIX, [line(1), line(2, milestone=True)], error="KeyError: 1")
    study = load_study(path)
    table = grid_table(study)[["id", "test_accuracy", "train_seconds", "status"]]
    assert to_markdown(table, study).splitlines()[2:4] == [
        "| a2   |                98.6 |        20.0 | finished |",
        "| a5   |                   – |           – | failed   |",
    ]
    assert "†" not in to_markdown(grid_table(study), study)


def test_dagger_marks_times_only(tmp_path: Path) -> None:
    configurations = {"a5": A5, "b5": resnet_config(epochs=5, pin_memory=True)}
    path = write_study(tmp_path / "grid", study_json(configurations))
    write_trial(path, "k1", A5, {5: ["a5", "b5"]}, [line(1)])
    study = load_study(path)
    table = grid_table(study)[["id", "train_seconds", "shared_with"]]
    assert to_markdown(table, study).splitlines()[3] == ("| b5   |           – | shared with a5 |")


def test_digits_follow_the_test_set_of_each_row(tmp_path: Path) -> None:
    configurations = {"small": resnet_config(lr=0.1), "large": resnet_config(lr=0.2)}
    path = write_study(tmp_path / "grid", study_json(configurations))
    for config_id, num_test in (("small", 140), ("large", 14_000)):
        result = line(2, milestone=True, test_accuracy=0.98765, num_test=num_test)
        trial = {2: [config_id]}
        write_trial(path, f"k{config_id}", configurations[config_id], trial, [result])
    study = load_study(path)
    text = to_markdown(grid_table(study)[["id", "test_accuracy", "val_accuracy"]], study)
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in text.splitlines()[2:]]
    assert cells == [["small", "98.8", "90"], ["large", "98.77", "90"]]


def test_identifiers_that_look_like_numbers_stay_text() -> None:
    text = markdown_table({"id": ["3e45678901", "0012345678"], "n": ["1.50", "–"]})
    assert "3e45678901" in text and "0012345678" in text and "1.50" in text


def test_empty_table(tmp_path: Path) -> None:
    study = load_study(write_study(tmp_path / "empty", study_json({})))
    assert to_markdown(study_table(study), study) == "No rows."


def test_two_columns_may_print_under_one_heading(tmp_path: Path) -> None:
    config = resnet_config(trial="own")
    meta = study_json({"a2": config}, space={"factors": ["trial"]})
    path = write_study(tmp_path / "own", meta)
    write_trial(path, "k1", config, {2: ["a2"]}, [line(2, milestone=True)])
    study = load_study(path)
    head = to_markdown(study_table(study), study).splitlines()[0]
    assert "| trial " in head and "| trial_id " in head
