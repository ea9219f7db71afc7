"""A data set with its split: its parts, its description, and choices from it."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from search_spaces.errors import UserError
from tune_app.data.array_data import ArrayData
from tune_app.data.datasets import DATASETS
from tune_app.data.images import load_datasets
from tune_app.data.own_data import split_own
from tune_app.data.split_data import SplitData, describe, subset_train

IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def test_arrays_are_pickled_out_of_band_and_shared_read_only() -> None:
    """Ray's object store uses this protocol: all but a little must go without a copy."""
    data = load_datasets(["mnist"], "sample")["mnist"]
    buffers: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(data, protocol=5, buffer_callback=buffers.append)
    assert len(pickled) < 5_000
    again: SplitData = pickle.loads(pickled, buffers=buffers)
    assert np.shares_memory(again.inputs, data.inputs)
    assert not data.inputs.flags.writeable
    assert not data.labels.flags.writeable


def test_describe_is_json_for_the_study_file() -> None:
    datasets = load_datasets(["mnist"], "sample", num_images=700)
    entry = describe(datasets, "sample", 700, 0)
    assert json.loads(json.dumps(entry)) == entry
    assert entry == {
        "source": "sample",
        "num_images": 700,
        "split_seed": 0,
        "datasets": {
            "mnist": {
                "num_images": 700,
                "num_train": 490,
                "num_val": 70,
                "num_test": 140,
                "sha256": {stem: DATASETS["mnist"].sha256[stem] for stem in (IMAGES, LABELS)},
            }
        },
    }


def test_subset_train_is_nested_and_leaves_the_rest() -> None:
    data = load_datasets(["mnist"], "sample")["mnist"]
    small, large = subset_train(data, 100, seed=3), subset_train(data, 1_000, seed=3)
    assert (len(small.train), len(large.train)) == (100, 1_000)
    assert np.isin(small.train, large.train).all()
    assert np.isin(large.train, data.train).all()
    assert len(np.unique(data.labels[small.train])) == 10
    assert small.test is data.test
    assert small.val is data.val
    assert not np.array_equal(small.train, subset_train(data, 100, seed=4).train)
    with pytest.raises(UserError, match=r"^num_train_images 7001: allowed 10 to 7,000"):
        subset_train(data, 7_001, seed=0)


def test_a_users_classes_are_described() -> None:
    """The parts of 20 items are 14, 2 and 4."""
    data = ArrayData(np.zeros((20, 3)), ["elm", "ash"] * 10)
    entry = describe(
        {"trees": split_own("trees", data, None, 0, vary_split=False)}, "full", None, 0
    )
    trees = entry["datasets"]["trees"]
    assert trees["class_names"] == ["ash", "elm"]
    assert [trees[f"num_{part}"] for part in ("images", "train", "val", "test")] == [20, 14, 2, 4]
    assert set(trees["sha256"]) == {"inputs", "labels"}
    assert trees["input"] == {"shape": [3], "dtype": "float64", "mean": [0.0], "std": [1.0]}


def test_several_targets_are_described() -> None:
    for shape, expected in (((20, 3), [3]), ((20,), None)):
        data = ArrayData(np.zeros((20, 2)), np.zeros(shape))
        split = {"yields": split_own("yields", data, None, 0, vary_split=False)}
        assert describe(split, "full", None, 0)["datasets"]["yields"].get("targets") == expected


def test_parts_are_copies_with_all_that_the_data_set_has() -> None:
    """Item i has the input (i, i) and the label of its place; 100 items give 70, 10 and 20."""
    names = ("even", "odd")
    whole = ArrayData(
        np.arange(100).repeat(2).reshape(100, 2), np.arange(100) % 2, names, ("a", "b")
    )
    split = split_own("mine", whole, None, 5, vary_split=False)
    parts = split.parts()
    assert [len(part) for part in (parts.train, parts.val, parts.test)] == [70, 10, 20]
    assert parts.test.inputs[:, 0].tolist() == split.test.tolist()
    assert (parts.test.labels == split.test % 2).all()
    assert parts.val.class_names == names and parts.val.feature_names == ("a", "b")
    assert parts.train is parts.train
    parts.train.inputs[:] = 0
    assert split.inputs.sum() == 2 * sum(range(100))
    assert not split.inputs.flags.writeable


def test_targets_are_split_at_random_and_by_each_seed() -> None:
    whole = ArrayData(np.arange(50.0)[:, None], np.linspace(0, 1, 50))
    split = split_own("mine", whole, 40, 0, vary_split=True)
    assert split.num_classes == 0 and split.num_images == 40
    first, other = split.at_seed(1), split.at_seed(2)
    assert [len(part) for part in (first.train, first.val, first.test)] == [28, 4, 8]
    assert not np.array_equal(first.test, other.test)
    assert first.inputs is split.inputs
    assert np.array_equal(first.test, split.at_seed(1).test)
    assert split.parts().train.class_names is None
