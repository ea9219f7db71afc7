"""Stratified splits and subsets that depend only on the labels and a seed, not on versions.

Random choices use keys drawn directly from the PCG64 bit generator. NumPy guarantees that stream
for a fixed seed ("Compatibility Guarantee" in the documentation of PCG64). It guarantees
neither ``Generator.shuffle`` nor ``permutation`` (NEP 19), and scikit-learn does not guarantee its
splits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Labels = NDArray[np.integer[Any]]

_SUBSET_STREAM, _SPLIT_STREAM = 0, 1


def split_positions(
    labels: Labels, num_images: int | None, seed: int
) -> tuple[Indices, Indices, Indices]:
    """Choose ``num_images`` images (None: all) and split them; both use the same seed.

    Returns:
        The positions of the training, validation and test images.
    """
    if num_images is None or num_images == len(labels):
        return split_indices(labels, seed)
    chosen = stratified_subset(labels, num_images, seed)
    train, val, test = (chosen[part] for part in split_indices(labels[chosen], seed))
    return train, val, test


def split_indices(labels: Labels, seed: int) -> tuple[Indices, Indices, Indices]:
    """Split images 70/10/20 by class.

    The sizes are exact: of N images, N/5 (rounded) are test images, N/10 (rounded) are validation
    images, and the rest are training images. Each class has its proportional share of each split,
    to within one image.

    Args:
        labels: (N,), small non-negative integers.
        seed: The split seed.

    Returns:
        The positions of the training, validation and test images, each ascending.
    """
    num_test, num_val = round(len(labels) / 5), round(len(labels) / 10)
    sizes = np.array([num_val, num_test, len(labels) - num_val - num_test])
    counts = np.bincount(labels)
    shares = _apportion(counts, sizes)
    ranks = _ranks_in_class(labels, counts, _SPLIT_STREAM, seed)
    val_end, test_end = shares[:, 0][labels], shares[:, :2].sum(axis=1)[labels]
    val = np.flatnonzero(ranks < val_end)
    test = np.flatnonzero((ranks >= val_end) & (ranks < test_end))
    train = np.flatnonzero(ranks >= test_end)
    return train, val, test


def _apportion(counts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many images of each class go into each split: (classes, splits) integers.

    Rows add up to ``counts``, columns to ``sizes``. Every cell is its proportional share rounded
    down, or one more. Which get one more is a 0/1 table with given row and column sums; it exists
    because the fractions are such a table of numbers from 0 to 1, and giving each column's ones
    to the rows that still need most finds it (Gale 1957, Ryser 1957). Of rows that need the same,
    those with the largest fractions go first.
    """
    exact = counts[:, None] * sizes
    shares = exact // counts.sum()
    fractions = exact % counts.sum()
    missing = counts - shares.sum(axis=1)
    for column, size in enumerate(sizes):
        neediest_first = np.lexsort((-fractions[:, column], -missing))
        chosen = neediest_first[: size - shares[:, column].sum()]
        shares[chosen, column] += 1
        missing[chosen] -= 1
    assert not missing.any(), "the splits do not add up to the images"
    return np.asarray(shares)


def stratified_subset(labels: Labels, num: int, seed: int) -> Indices:
    """Choose ``num`` images, with every class in proportion. A larger choice contains a smaller.

    Image number r of a class of n, in a random order, gets the key (r + 1/2) / n, and the smallest
    keys win. This is the method of Webster and Sainte-Laguë for the seats of a parliament, with
    the classes as parties: proportional, and no party loses a seat when the house grows.

    Args:
        labels: (N,), small non-negative integers.
        num: How many to choose, 0 to N.
        seed: The seed of the choice.

    Returns:
        The positions of the chosen images, ascending.
    """
    assert 0 <= num <= len(labels), f"{num} of {len(labels)} images"
    counts = np.bincount(labels)
    keys = (_ranks_in_class(labels, counts, _SUBSET_STREAM, seed) + 0.5) / counts[labels]
    return np.sort(np.lexsort((labels, keys))[:num])


def _ranks_in_class(
    labels: Labels, counts: NDArray[np.int64], stream: int, seed: int
) -> NDArray[np.int64]:
    """Return the position of each image, from 0, in a random order of the images of its class."""
    keys = np.random.PCG64([stream, seed]).random_raw(len(labels))
    order = np.lexsort((keys, labels))
    first_of_class = np.cumsum(counts) - counts
    ranks = np.empty(len(labels), dtype=np.int64)
    ranks[order] = np.arange(len(labels)) - first_of_class[labels[order]]
    return ranks
