"""A data set with its split: what trials are given, and what ``study.json`` says of it.

The split depends only on the labels and the split seed. With ``--vary-split`` each trial uses its
own seed as the split seed (``SplitData.at_seed``): all trials share the arrays, and only the
positions differ.

This module does not import torch, which takes seconds and some hundred MB, and which neither the
command line nor an SVM needs. ``tune_app.data.input_pipeline`` makes batches of tensors.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.errors import UserError
from tune_app.data.array_data import ArrayData
from tune_app.data.datasets import DATASETS
from tune_app.study.splits import Indices, split_positions, stratified_subset


@dataclass(frozen=True, eq=False)
class SplitData:
    """A data set with its split, in arrays that Ray's object store shares without copying.

    Attributes:
        name: The data set's name in configurations.
        inputs: (N, ...); read-only. Grey images are uint8, (N, H, W); images with C channels are
            (N, H, W, C).
        labels: Read-only. Classes are integers from 0, (N,). Targets of a regression are floats,
            (N,) or (N, K).
        train: Positions of the training items in ``inputs``, ascending, int64.
        val: Positions of the validation items.
        test: Positions of the test items.
        mean: What a network's input pipeline subtracts, one number for each channel. For uint8 it
            is the mean of the training pixels divided by 255. If every seed has its own split, it
            is that of the example split for all seeds, so that they share one scale.
        std: What it divides by afterwards.
        class_names: The classes, in the order of their labels; None for a regression.
        feature_names: The columns of a table; empty for other data.
        sha256: What was read -> the SHA-256 of its content.
        vary_split: Whether every seed has its own split. ``train``, ``val`` and ``test`` are then
            an example with the right numbers of items.
    """

    name: str
    inputs: NDArray[Any]
    labels: NDArray[Any]
    train: Indices
    val: Indices
    test: Indices
    mean: tuple[float, ...]
    std: tuple[float, ...]
    class_names: tuple[str, ...] | None
    feature_names: tuple[str, ...] = ()
    sha256: Mapping[str, str] = dataclasses.field(default_factory=dict)
    vary_split: bool = False

    @property
    def num_images(self) -> int:
        """The number of items that are used: those in the three parts of the split."""
        return len(self.train) + len(self.val) + len(self.test)

    @property
    def num_classes(self) -> int:
        """The number of classes; 0 for a regression."""
        return len(self.class_names or ())

    def at_seed(self, seed: int) -> SplitData:
        """Return the data with the split of a trial with this seed. The arrays are shared."""
        if not self.vary_split:
            return self
        train, val, test = split_positions(self.strata(), self.num_images, seed)
        return dataclasses.replace(self, train=train, val=val, test=test)

    def strata(self) -> NDArray[Any]:
        """Return the class of each item, (N,). For a regression all items are of one class."""
        return strata(self.labels, self.class_names)

    def parts(self) -> DataParts:
        """Return the three parts as arrays of their own, as a user's function takes them."""
        return DataParts(self)


class DataParts:
    """The training, validation and test part of a data set.

    A part is copied out of the shared arrays when it is first used, so a trial may change it.

    Args:
        split: the data set with its split.
    """

    def __init__(self, split: SplitData) -> None:
        self._split = split

    @cached_property
    def train(self) -> ArrayData:
        """The training items."""
        return self._part(self._split.train)

    @cached_property
    def val(self) -> ArrayData:
        """The validation items, with which configurations are compared."""
        return self._part(self._split.val)

    @cached_property
    def test(self) -> ArrayData:
        """The test items, with which the chosen configuration is judged."""
        return self._part(self._split.test)

    def _part(self, positions: Indices) -> ArrayData:
        split = self._split
        inputs, labels = split.inputs[positions], split.labels[positions]
        return ArrayData(inputs, labels, split.class_names, split.feature_names)


def strata(labels: NDArray[Any], class_names: tuple[str, ...] | None) -> NDArray[Any]:
    """Return the class of each item, (N,); without classes, all items are of class 0."""
    return np.zeros(len(labels), dtype=np.uint8) if class_names is None else labels


def describe(
    datasets: Mapping[str, SplitData], source: str, num_images: int | None, split_seed: int
) -> dict[str, Any]:
    """Return the ``data`` entry of ``study.json``, which describes what was loaded.

    It has ``vary_split`` only if that is true. The seed of a row is then its split seed.
    """
    varies = any(data.vary_split for data in datasets.values())
    return {
        "source": source,
        "num_images": num_images,
        "split_seed": split_seed,
        **({"vary_split": True} if varies else {}),
        "datasets": {
            name: {
                "num_images": data.num_images,
                "num_train": len(data.train),
                "num_val": len(data.val),
                "num_test": len(data.test),
                "sha256": dict(data.sha256),
                **_of_own(data),
            }
            for name, data in datasets.items()
        },
    }


def _of_own(data: SplitData) -> dict[str, Any]:
    """Return what a report, or somebody who uses a model, cannot know of a user's data set.

    These are its classes or the shape of several targets, and how an item becomes the input of a
    network.
    """
    if data.name in DATASETS:
        return {}
    names = {} if data.class_names is None else {"class_names": list(data.class_names)}
    targets = {"targets": list(data.labels.shape[1:])} if data.labels.ndim > 1 else {}
    shape, dtype = list(data.inputs.shape[1:]), data.inputs.dtype.name
    scale = {"mean": list(data.mean), "std": list(data.std)}
    return {**names, **targets, "input": {"shape": shape, "dtype": dtype, **scale}}


def subset_train(data: SplitData, num_train: int, seed: int) -> SplitData:
    """Return the data with a stratified choice of its training items; the rest stays the same.

    With the same seed, a larger choice contains a smaller one.

    Raises:
        UserError: ``num_train`` is larger than the number of training items, or smaller than the
            number of classes.
    """
    fewest, most = max(1, data.num_classes), len(data.train)
    if not fewest <= num_train <= most:
        raise UserError(
            f"num_train_images {num_train}: allowed {fewest} to {most:,}, the training"
            f" images of {data.name}; choose fewer, or load more images"
        )
    chosen = stratified_subset(data.strata()[data.train], num_train, seed)
    return dataclasses.replace(data, train=data.train[chosen])
