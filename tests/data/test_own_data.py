"""Data sets that a search space brings along: loading, splitting, identity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.refused import refused
from tune_app.data.array_data import ArrayData
from tune_app.data.images import load_datasets
from tune_app.data.own_data import load_own, split_notes, split_own
from tune_app.data.split_data import SplitData


def some_data(num: int = 100, num_classes: int = 4) -> ArrayData:
    inputs = np.random.default_rng(0).normal(size=(num, 3))
    return ArrayData(inputs, np.arange(num) % num_classes)


def split(data: ArrayData, num_images: int | None = None, seed: int = 0) -> SplitData:
    return split_own("mine", data, num_images, seed, vary_split=False)


def test_a_split_is_70_10_20_and_stratified() -> None:
    """Of 25 items of each of four classes, 17 or 18 are trained on, 2 or 3 validated, 5 tested."""
    found = split(some_data())
    assert [len(part) for part in (found.train, found.val, found.test)] == [70, 10, 20]
    assert np.bincount(found.labels[found.test]).tolist() == [5, 5, 5, 5]
    assert sorted(np.bincount(found.labels[found.val]).tolist()) == [2, 2, 3, 3]
    everything = np.concatenate([found.train, found.val, found.test])
    assert sorted(everything.tolist()) == list(range(100))
    assert not np.array_equal(found.test, split(some_data(), seed=1).test)


def test_a_subset_is_stratified_and_nested() -> None:
    small, large = split(some_data(), 20), split(some_data(), 60)
    assert np.bincount(small.labels).tolist() == [5, 5, 5, 5]
    assert small.num_images == 20 and large.num_images == 60
    rows_of_large = {row.tobytes() for row in large.inputs}
    assert all(row.tobytes() in rows_of_large for row in small.inputs)


def test_the_checksum_changes_with_every_part_of_the_content() -> None:
    """One bit of an input, one label, a class, a type, a shape, the name of a column."""
    inputs = np.arange(60.0).reshape(20, 3)
    labels = np.arange(20) % 2
    original = split(ArrayData(inputs, labels)).sha256
    assert split(ArrayData(inputs.copy(), labels.tolist())).sha256 == original
    nearly = inputs.copy()
    nearly[3, 1] = np.nextafter(nearly[3, 1], 100)
    swapped = labels.copy()
    swapped[[0, 1]] = 1, 0
    others = [
        ArrayData(nearly, labels),
        ArrayData(inputs, swapped),
        ArrayData(inputs, labels, ["no", "yes"]),
        ArrayData(inputs.astype(np.float32), labels),
        ArrayData(inputs.reshape(20, 1, 3), labels),
        ArrayData(inputs, labels, feature_names=("a", "b", "c")),
    ]
    found = [sorted(split(other).sha256.values()) for other in others]
    assert len({*map(tuple, found), tuple(sorted(original.values()))}) == 7


def test_pixels_have_their_mean_and_deviation_by_channel() -> None:
    """Red is 0 or 255 in half of the images each, green always 51, a fifth of 255."""
    images = np.zeros((20, 2, 2, 3), dtype=np.uint8)
    images[::2, :, :, 0], images[..., 1] = 255, 51
    found = split(ArrayData(images, np.arange(20) % 2))
    assert found.mean == pytest.approx((0.5, 0.2, 0))
    assert found.std == pytest.approx((0.5, 1, 1)), "a constant channel is divided by 1"
    grey = split(ArrayData(images[..., 0], np.arange(20) % 2))
    assert (grey.mean, grey.std) == ((0.5,), (0.5,))
    floats = split(ArrayData(images.astype(np.float32), np.arange(20) % 2))
    assert (floats.mean, floats.std) == ((0.0,) * 3, (1.0,) * 3)


def test_a_class_that_is_not_in_every_part_is_named() -> None:
    labels = ["ash"] * 12 + ["elm"] * 12 + ["oak", "yew"]
    found = split(ArrayData(np.zeros((26, 2)), labels))
    assert split_notes({"trees": found}) == [
        "trees: too few items of oak, yew for the class to be in the training, the validation and "
        "the test items"
    ]
    assert split_notes({"mine": split(some_data())}) == []
    assert split_notes({"mine": split(ArrayData(np.zeros((20, 2)), np.zeros(20)))}) == []
    many = split(ArrayData(np.zeros((12, 2)), [str(i) for i in range(12)]))
    assert "0, 1, 10 and 9 more for" in split_notes({"many": many})[0]


def test_a_function_may_take_the_value_of_data() -> None:
    given = []

    def load(source: str) -> ArrayData:
        given.append(source)
        return some_data()

    def with_default(folder: str = "here") -> ArrayData:
        given.append(folder)
        return some_data()

    assert len(load_own("mine", load, "sample")) == 100
    load_own("mine", with_default, "sample")
    assert given == ["sample", "here"]


def fails() -> ArrayData:
    raise FileNotFoundError("no trees here\nsecond line")


def fails_within() -> ArrayData:
    return ArrayData([[1, 2], [3]], [0, 1])


def exits() -> ArrayData:
    raise SystemExit("bye")


@pytest.mark.parametrize(
    ("load", "says"),
    [
        (fails, "data set mine: FileNotFoundError: no trees here second line (test_own_data.py, "),
        (fails_within, "data set mine: ArrayData: inputs are ragged"),
        (fails_within, "(test_own_data.py, line "),
        (exits, "data set mine: SystemExit: bye"),
        (lambda: [1, 2], "its function returns a list; allowed: ArrayData(inputs, labels), or one"),
        (lambda a, b: 1, "its function takes 2 arguments; allowed: none, or one"),
        (lambda: some_data(9), "data set mine: 9 items; allowed: at least 10"),
    ],
)
def test_functions_that_are_refused(load: Callable[..., Any], says: str) -> None:
    assert says in refused(lambda: load_own("mine", load, "full"))


def test_own_and_shipped_data_sets_load_together() -> None:
    found = load_datasets(["mnist", "mine"], "sample", 100, own={"mine": some_data(150)})
    assert [len(found[name].test) for name in ("mnist", "mine")] == [20, 20]
    own = {"mine": some_data(40)}
    message = refused(lambda: load_datasets(["mine"], "full", 41, own=own))
    assert message == "--images 41: allowed 10 to 40; leave it out for all"
    message = refused(lambda: load_datasets(["mnist", "mine"], "sample", 41, own=own))
    assert message == "--images 41: allowed 40 to 40 with --data sample; leave it out for all"
