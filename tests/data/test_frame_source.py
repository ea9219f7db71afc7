"""A pandas table as data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.refused import refused
from tune_app.data.array_data import ArrayData

FRAME = pd.DataFrame(
    {"age": [1.5, 2, 3], "sex": ["m", "f", "m"], "ok": [True, False, True], "y": [7, 5, 7]}
)


def test_columns_become_numbers() -> None:
    data = ArrayData.from_frame(FRAME, target="y")
    assert data.inputs.tolist() == [[1.5, 1, 1], [2, 0, 0], [3, 1, 1]]
    assert data.inputs.dtype == np.float64
    assert data.feature_names == ("age", "sex", "ok")
    assert data.labels.tolist() == [1, 0, 1] and data.class_names == ("5", "7")


def test_the_target_decides_between_classes_and_regression() -> None:
    assert ArrayData.from_frame(FRAME, "age").class_names is None
    assert ArrayData.from_frame(FRAME, "sex").class_names == ("f", "m")
    assert ArrayData.from_frame(FRAME, "ok").class_names == ("False", "True")


def test_categories_keep_their_order() -> None:
    sizes = pd.Categorical(["S", "L", "S"], categories=["S", "M", "L"], ordered=True)
    data = ArrayData.from_frame(FRAME.assign(size=sizes), "y")
    assert data.inputs[:, 3].tolist() == [0, 2, 0]
    data = ArrayData.from_frame(FRAME.assign(size=sizes), "size")
    assert data.labels.tolist() == [0, 1, 0] and data.class_names == ("S", "L")


def test_types_of_pandas_own() -> None:
    more = {
        "whole": pd.array([1, 2, 3], dtype="Int64"),
        "sure": pd.array([True, False, True], dtype="boolean"),
        "text": pd.array(["b", "a", "b"], dtype="string"),
    }
    data = ArrayData.from_frame(FRAME.assign(**more), "y")
    assert data.inputs[:, 3:].tolist() == [[1, 1, 1], [2, 0, 0], [3, 1, 1]]


@pytest.mark.parametrize(
    ("frame", "target", "says"),
    [
        (FRAME, "ag", "there is no column 'ag'; did you mean 'age'?; allowed: age, sex, ok, y"),
        (FRAME.assign(d=[None, 1, 2]), "y", "values are missing or infinite in d (1 times)"),
        (FRAME.assign(d=[1, np.inf, 2]), "y", "values are missing or infinite in d (1 times)"),
        (FRAME.assign(y=[1, 2, None]), "y", "values are missing or infinite in y (1 times)"),
        (FRAME.assign(d=pd.Timestamp("2020")), "y", "column 'd' holds datetime64"),
        (FRAME.assign(d=[[], 1, "a"]), "y", "column 'd' holds object; allowed: numbers, booleans"),
        (FRAME.assign(y=pd.Timestamp("2020")), "y", "column 'y' holds datetime64"),
        (FRAME[["y"]], "y", "3 rows and 0 columns beside 'y'"),
        (FRAME[:0], "y", "0 rows and 3 columns beside 'y'"),
        (FRAME.set_axis(["a", "a", "b", "y"], axis=1), "y", "two columns have the name 'a'"),
        ([1, 2], "y", "the table is of the type list; allowed: a pandas DataFrame"),
    ],
)
def test_tables_that_are_refused(frame: Any, target: str, says: str) -> None:
    message = refused(lambda: ArrayData.from_frame(frame, target))
    assert message.startswith("ArrayData.from_frame: ") and says in message
