"""Splits and subsets: exact sizes, every class in proportion, the same for ever."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tune_app.data.sources import SAMPLE_FOLDER
from tune_app.study.idx import read_idx
from tune_app.study.splits import Indices, Labels, split_indices, stratified_subset

# The class counts of the official 70,000 images of MNIST, by the labels file of each part.
MNIST_COUNTS = [6903, 7877, 6990, 7141, 6824, 6313, 6876, 7293, 6825, 6958]

label_lists = st.lists(st.integers(0, 9), min_size=20, max_size=400).map(np.array)
seeds = st.integers(0, 2**32)


@pytest.fixture(scope="module")
def sample_labels() -> Labels:
    return read_idx(SAMPLE_FOLDER / "mnist" / "t10k-labels-idx1-ubyte.gz", (10_000,)).array


def worst_deviation(labels: Labels, chosen: Indices) -> float:
    """Return how far, in images, a class is at most from its proportional share."""
    counts = np.bincount(labels)
    shares = np.bincount(labels[chosen], minlength=len(counts))
    return float(np.abs(shares - counts * len(chosen) / len(labels)).max())


def digest(*indices: Indices) -> str:
    return hashlib.sha256(b"".join(part.astype("<i8").tobytes() for part in indices)).hexdigest()


@given(labels=label_lists, seed=seeds)
@settings(deadline=None)
def test_split_is_exact_disjoint_and_stratified(labels: NDArray[np.int64], seed: int) -> None:
    train, val, test = split_indices(labels, seed)
    assert len(test) == round(len(labels) / 5)
    assert len(val) == round(len(labels) / 10)
    assert sorted(np.concatenate([train, val, test])) == list(range(len(labels)))
    for part in (train, val, test):
        assert part.dtype == np.int64
        assert (np.diff(part) > 0).all()
        assert worst_deviation(labels, part) <= 1


def test_sizes_for_all_of_mnist() -> None:
    labels = np.repeat(np.arange(10, dtype=np.uint8), MNIST_COUNTS)
    train, val, test = split_indices(labels, 0)
    assert (len(train), len(val), len(test)) == (49_000, 7_000, 14_000)
    assert max(worst_deviation(labels, part) for part in (train, val, test)) < 1


def test_split_is_a_function_of_labels_and_seed(sample_labels: Labels) -> None:
    """The digests change only if the split of every published study does."""
    first = split_indices(sample_labels, 0)
    assert digest(*first) == "f940a7104fff0458df68ed55ba4de890e497e864d60e2c1b2835b2400be148e0"
    assert digest(*split_indices(sample_labels.astype(np.int64), 0)) == digest(*first)
    assert digest(*split_indices(sample_labels, 1)) != digest(*first)
    assert (
        digest(stratified_subset(sample_labels, 1_000, 0))
        == "655a642ea3ef6db26d2c6d3785f3c10bb12e315daaabb70a994b7345a66f71b2"
    )


def test_images_of_a_class_are_chosen_at_random(sample_labels: Labels) -> None:
    """Test images come from all over the file: mean position of 2,000 is 5,000 ± 4 × 58."""
    _, _, test = split_indices(sample_labels, 3)
    assert abs(test.mean() - 4999.5) < 4 * 10_000 / np.sqrt(12 * 2_000) * np.sqrt(0.8)


def test_split_and_subset_are_independent(sample_labels: Labels) -> None:
    """A fifth of a chosen tenth is test images, as of all images: 200 ± 4 standard deviations."""
    chosen = stratified_subset(sample_labels, 1_000, 0)
    _, _, test = split_indices(sample_labels, 0)
    assert abs(len(np.intersect1d(chosen, test)) - 200) < 4 * np.sqrt(1_000 * 0.2 * 0.8 * 0.9)


def test_every_class_is_in_every_part_from_100_images_on(sample_labels: Labels) -> None:
    for num in (*range(100, 130), 155, 205, 299):
        labels = sample_labels[stratified_subset(sample_labels, num, 0)]
        for part in split_indices(labels, 0):
            assert len(np.unique(labels[part])) == 10, num


@given(labels=label_lists, seed=seeds, data=st.data())
@settings(deadline=None)
def test_subsets_are_nested(labels: NDArray[np.int64], seed: int, data: st.DataObject) -> None:
    large = data.draw(st.integers(0, len(labels)))
    small = data.draw(st.integers(0, large))
    larger = stratified_subset(labels, large, seed)
    smaller = stratified_subset(labels, small, seed)
    assert len(larger) == len(np.unique(larger)) == large
    assert len(smaller) == small
    assert np.isin(smaller, larger).all()


@pytest.mark.parametrize("num", [1, 9, 10, 100, 333, 1_000, 4_999, 9_999, 10_000])
def test_subsets_are_stratified(sample_labels: Labels, num: int) -> None:
    assert worst_deviation(sample_labels, stratified_subset(sample_labels, num, 5)) <= 1


def test_seats_of_two_classes_by_hand() -> None:
    """Six and two images: keys 1/12 3/12 5/12 7/12 9/12 11/12 and 1/4 3/4, ties to class 0."""
    labels = np.array([0, 1, 0, 0, 1, 0, 0, 0])
    chosen = [stratified_subset(labels, num, 8) for num in range(1, 9)]
    assert [int(labels[part].sum()) for part in chosen] == [0, 0, 1, 1, 1, 1, 2, 2]


def test_subset_of_all_is_all(sample_labels: Labels) -> None:
    assert np.array_equal(stratified_subset(sample_labels, 10_000, 9), np.arange(10_000))
