from __future__ import annotations

import math

import pandas as pd
import pytest

from analysis.frames.cells import (
    decimals_of,
    duration,
    format_cell,
    format_percent,
    format_points,
    format_seconds,
    format_spread,
    percent_digits,
)
from analysis.frames.labels import format_value, heading, label_in_text
from analysis.frames.measures import Measure


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
        (9.996, "10.0"),
        (99.9, "99.9"),
        (99.96, "100"),
        (100.0, "100"),
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
        ("model", "resnet50", "ResNet-50"),
        ("optimizer", "sgd", "SGD"),
        ("gamma", 0.01, "0.01"),
        ("macs", 33_184_000, "33.18"),
        ("speedup_vs_cpu", 24.04, "24.0×"),
        ("num_support_vectors", 12_345, "12,345"),
        ("num_support_vectors", 9_999, "9999"),
        ("train_loss", -23_520_842.5, "−23,520,842"),
        ("training_seconds", 123_456.7, "123,457"),
        ("train_loss", 0.0123456, "0.01235"),
        ("images_per_second", 12_345.6, "12,346"),
        ("images_per_second", 234.56, "234.6"),
        ("shared_with", "a5", "shared with a5"),
        ("shared_with", "", ""),
        ("degree", pd.NA, "–"),
        ("trial_id", None, "–"),
        ("val_loss", math.nan, "–"),
        ("val_loss", math.inf, "inf"),
        ("reason", "a | b\n<c> `d`", "a | b <c> `d`"),
    ],
)
def test_cells(column: str, value: object, text: str) -> None:
    assert format_cell(column, value, 140) == text


def test_headings_carry_the_unit() -> None:
    assert heading("test_f1") == "test F1 (%)"
    assert heading("predict_seconds") == "predict (s)"
    assert heading("val_accuracy") == "validation accuracy (%)"
    assert heading("val_loss") == "validation loss"


def test_a_mean_and_its_spread_have_the_same_decimals() -> None:
    assert format_spread("test_accuracy", 0.925, 0.0123, 160) == "92.5 ± 1.2"
    assert format_spread("test_accuracy", 0.925, math.nan, 160) == "92.5"
    assert format_spread("train_seconds", 12.34, 0.5) == "12.34 ± 0.50"
    assert format_spread("test_accuracy", math.nan, 0.1, 160) == "–"
    # 58 of 60 images at each seed; then 0.84 points apart; then 10 points.
    assert format_spread("test_accuracy", 58 / 60, 0.0, 60) == "96.7 ± 0.0"
    assert format_spread("test_accuracy", 58 / 60, 0.0084, 60) == "96.67 ± 0.84"
    assert format_spread("test_accuracy", 0.75, 0.103, 60) == "75.0 ± 10.3"
    assert format_spread("train_seconds", 1000.2, 0.004) == "1000.2 ± <0.1"
    assert format_spread("train_seconds", 220.4, 12.34) == "220 ± 12"
    assert format_spread("num_support_vectors", 371.5, 3.017) == "371.5 ± 3.0"
    assert format_spread("num_parameters", 23.5e6, 0.4e6) == "23.50 ± 0.40"
    assert format_spread("val_loss", 1e-7, 2e-8) == "1e-07 ± 2e-08"


def test_no_limit_of_iterations_is_said_in_words() -> None:
    assert format_cell("max_iter", -1) == "no limit" and format_cell("max_iter", 1000) == "1000"


@pytest.mark.parametrize("num_images", [16, 80, 160, 240, 400, 800])
def test_halves_are_rounded_up_whatever_their_binary_form_is(num_images: int) -> None:
    """61.25 % = 98 / 160 lies a little above, 81.25 % = 130 / 160 is exact: both go up."""
    assert format_percent(98 / 160, 160) == "61.3" and format_percent(130 / 160, 160) == "81.3"
    digits = percent_digits(num_images)
    for right in range(num_images + 1):
        steps = (2 * 100 * 10**digits * right + num_images) // (2 * num_images)  # whole numbers
        assert format_percent(right / num_images, num_images) == f"{steps / 10**digits:.{digits}f}"


def test_points_that_round_to_zero_have_no_sign() -> None:
    assert format_points(-0.0004, 80) == format_points(0.0004, 80) == "0.0"
    assert format_points(-0.0005, 80) == "−0.1" and format_points(math.inf) == "–"


def test_points_carry_their_sign() -> None:
    assert format_points(0.0123) == "+1.23"
    assert format_points(-0.0123, 80) == "−1.2"
    assert format_points(math.nan) == "–"


def test_durations_have_two_units_at_most() -> None:
    assert [duration(s) for s in (2, 42, 300, 3_900, 7_200, 500_400)] == [
        *("2.0 s", "42 s", "5 min", "1 h 5 min", "2 h", "139 h"),
    ]
    assert [duration(s) for s in (9.9, 10, 89.4, 90, 3_569, 3_600)] == [
        *("9.9 s", "10 s", "89 s", "2 min", "59 min", "1 h"),
    ]


def test_negative_numbers_have_a_minus_sign() -> None:
    assert format_value(-37) == "−37" and format_value(-0.25) == "−0.25"
    assert format_spread("reward", -37.5, 0.5) == "−37.50 ± 0.50"


def test_decimals_follow_what_is_known() -> None:
    assert [decimals_of(width) for width in (0.2, 0.04, 3.0, 250.0)] == [2, 3, 1, 0]
    assert decimals_of(0.0) is None and decimals_of(1e-9) is None


def test_a_loss_that_explodes_has_no_invented_digits() -> None:
    loss = Measure("loss")
    assert loss.cell(3.4e35) == "3.4e+35" and loss.difference(-3.4e35) == "−3.4e+35"
    assert loss.estimate(2e20, 1e20, 3e20) == ["2e+20", "1e+20", "3e+20"]
    assert format_spread("loss", 3.4e35, 1.23456e34) == "3.4e+35 ± 1.235e+34"
    assert loss.cell(123_456_789.0) == "123,456,789" and loss.difference(1234.5) == "+1234"


def test_a_whole_number_reads_the_same_in_a_sentence_and_in_a_table() -> None:
    assert [label_in_text(value) for value in (1.0, 0.5, 3, True)] == ["1", "0.5", "3", "on"]
