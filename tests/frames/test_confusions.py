from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.frames.confusions import (
    class_names,
    confused_pairs_data,
    more_as_often,
    per_class_data,
)

MATRIX = np.array([[8, 2, 0], [1, 9, 0], [5, 0, 0]])


def test_precision_and_recall_by_class() -> None:
    frame = per_class_data(MATRIX, ["a", "b", "c"]).set_index("class")
    assert frame.loc["a", "precision"] == pytest.approx(8 / 14)
    assert frame.loc["a", "recall"] == 0.8
    assert frame.loc["b", "precision"] == pytest.approx(9 / 11)
    assert frame.loc["b", "f1"] == pytest.approx(18 / 21)
    assert frame.loc["c", "recall"] == 0.0
    assert math.isnan(frame.loc["c", "precision"]), "it was never predicted"
    assert list(frame["num_images"]) == [10, 10, 5]


def test_the_pairs_mixed_up_most_come_first_and_correct_ones_never() -> None:
    pairs = confused_pairs_data(MATRIX, ["a", "b", "c"], most=2)
    assert pairs.to_dict("records") == [
        {"true": "c", "predicted": "a", "num_images": 5, "share": 1.0},
        {"true": "a", "predicted": "b", "num_images": 2, "share": 0.2},
    ]
    assert confused_pairs_data(np.diag([3, 3]), ["a", "b"]).empty
    assert MATRIX[0, 0] == 8, "the argument is left alone"


def test_pairs_left_out_that_tie_with_the_last_one_shown_are_counted() -> None:
    matrix = np.array([[8, 2, 1], [1, 9, 1], [5, 0, 4]])  # wrong: 5, 2, 1, 1, 1, 0
    assert [more_as_often(matrix, most) for most in (1, 2, 3, 4, 5, 6)] == [0, 0, 2, 1, 0, 0]
    assert more_as_often(np.diag([3, 3]), 1) == 0


def test_classes_have_names_where_the_data_set_has_them() -> None:
    assert class_names({}, "fashion_mnist", 10)[9] == "Ankle boot"
    assert class_names({}, "mnist", 3) == ["0", "1", "2"]
    assert class_names({}, "fashion_mnist", 3) == ["0", "1", "2"]
