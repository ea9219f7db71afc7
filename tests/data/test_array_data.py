"""A user's arrays: what is taken, and what is refused in one line."""

from __future__ import annotations

import datetime
import subprocess
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from tests.refused import refused
from tune_app.data.array_data import ArrayData

TWO = np.zeros((2, 3))
THREE = np.zeros((3, 2))


@pytest.mark.parametrize(
    ("labels", "codes", "names"),
    [
        ([0, 1, 1], [0, 1, 1], ("0", "1")),
        (["elm", "ash", "elm"], [1, 0, 1], ("ash", "elm")),
        ([True, False, True], [1, 0, 1], ("False", "True")),
        ([3, -1, 3], [1, 0, 1], ("-1", "3")),
        (np.array([[1], [0], [1]], dtype=np.uint8), [1, 0, 1], ("0", "1")),
        (torch.tensor([2, 1, 2]), [1, 0, 1], ("1", "2")),
        (pd.Series(["x", "y", "x"], dtype="category"), [0, 1, 0], ("x", "y")),
        (pd.Series([4, 5, 4], dtype="Int64"), [0, 1, 0], ("4", "5")),
        (np.array([b"x", b"y", b"x"]), [0, 1, 0], ("x", "y")),
    ],
)
def test_integers_text_and_booleans_are_classes(
    labels: Any, codes: list[int], names: tuple[str, ...]
) -> None:
    data = ArrayData(THREE, labels)
    assert data.labels.tolist() == codes
    assert data.labels.dtype == np.int64
    assert data.class_names == names


@pytest.mark.parametrize(
    "labels", [[0.0, 1.0, 2.0], torch.tensor([0.5, 1, 2]), np.zeros((3, 1)), np.zeros((3, 4))]
)
def test_floats_are_targets(labels: Any) -> None:
    data = ArrayData(THREE, labels)
    assert data.class_names is None
    assert data.labels.shape == np.shape(labels)
    assert data.labels.dtype.kind == "f"


def test_bytes_that_are_objects_are_text() -> None:
    assert ArrayData(TWO, np.array([b"no", b"yes"], dtype=object)).class_names == ("no", "yes")


def test_named_classes_keep_their_order() -> None:
    names = ["oak", "ash", "elm"]
    assert ArrayData(TWO, ["elm", "oak"], names).labels.tolist() == [2, 0]
    assert ArrayData(TWO, [2, 0], names).labels.tolist() == [2, 0]
    data = ArrayData(TWO, [2.0, 0.0], names)
    assert data.labels.tolist() == [2, 0] and data.class_names == ("oak", "ash", "elm")


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ([0, 0.5], "the label of item 1 is 0.5; allowed: 0 to 1, as there are 2 class_names"),
        ([-1, 1], "the label of item 0 is -1; allowed: 0 to 1"),
        ([1, 2], "the label of item 1 is 2; allowed: 0 to 1"),
        (["a", "c"], "the label 'c' is not in class_names; allowed: a, b"),
    ],
)
def test_labels_that_are_no_classes(labels: Any, says: str) -> None:
    assert says in refused(lambda: ArrayData(TWO, labels, ["a", "b"]))


@pytest.mark.parametrize(
    ("inputs", "labels", "says"),
    [
        ([[1, 2], [3]], [0, 1], "inputs are ragged: the items differ in shape"),
        ([torch.zeros(2), torch.zeros(3)], [0, 1], "inputs are ragged"),
        ([[1, np.nan], [0, 1]], [0, 1], "NaN or infinity in 1 of 2 items, first in item 0"),
        (TWO, [0.0, np.inf], "labels hold NaN or infinity in 1 of 2 items, first in item 1"),
        (TWO, [0, 1, 1], "2 inputs, but 3 labels"),
        ([], [], "inputs are empty, their shape is (0,)"),
        (np.zeros((2, 0)), [0, 1], "inputs are empty, their shape is (2, 0)"),
        (np.array([{}, None]), [0, 1], "inputs have the type object"),
        (pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), [0, 1], "use ArrayData.from_frame"),
        (5, [0], "inputs are of the type int; allowed: an array or a list"),
        ((x for x in [1, 2]), [0, 1], "inputs are of the type generator"),
        (torch.zeros(2, 2, dtype=torch.bfloat16), [0, 1], "cannot be an array"),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), [0, 1], "inputs are masked in places"),
        (TWO, [0, None], "labels are objects of the types NoneType, int"),
        (TWO, ["a", 1], "labels are objects of the types int, str"),
        (TWO, [Decimal("0.5"), Decimal(2)], "labels are objects of the types Decimal; allowed:"),
        (TWO, [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)], "of the types date"),
        (TWO, np.eye(2, dtype=int), "use labels.argmax(axis=1)"),
        (TWO, np.zeros((2, 1, 1)), "labels have the shape (2, 1, 1); allowed: (N,) or (N, K)"),
        (TWO, np.array([1j, 2j]), "labels have the type complex128"),
        (np.zeros((60, 2)), np.arange(60), "60 different integers in 60 items"),
    ],
)
def test_arrays_that_are_refused(inputs: Any, labels: Any, says: str) -> None:
    assert says in refused(lambda: ArrayData(inputs, labels))


@pytest.mark.parametrize(("num_values", "num_items"), [(50, 60), (60, 120), (60, 119)])
def test_many_integers_are_classes_if_most_stand_twice(num_values: int, num_items: int) -> None:
    labels = np.arange(num_items) % num_values
    if (num_values, num_items) == (60, 119):
        assert "60 different integers in 119 items" in refused(
            lambda: ArrayData(np.zeros((num_items, 2)), labels)
        )
    else:
        names = ArrayData(np.zeros((num_items, 2)), labels).class_names
        assert names is not None and len(names) == num_values


@pytest.mark.parametrize("names", ["ab", [], [1, 2]])
def test_class_names_are_a_list_of_strings(names: Any) -> None:
    assert "class_names must be a list of strings" in refused(lambda: ArrayData(TWO, [0, 1], names))


def test_inputs_are_contiguous_and_in_native_order() -> None:
    inputs = ArrayData(np.zeros((4, 6), dtype=">f4")[:2, ::2], [0, 1]).inputs
    assert inputs.shape == (2, 3)
    assert inputs.flags.c_contiguous and inputs.dtype == np.dtype("=f4")


def test_it_needs_no_torch() -> None:
    code = (
        "import sys; from tune_app import ArrayData; ArrayData([[1.0]], [0]);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
