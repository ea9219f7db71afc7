"""The images of a study: pooled, and split once for all trials or anew for every seed.

The parts of a data set are pooled and split 70/10/20 into training, validation and test images,
stratified by class. The split is a function of the labels and the split seed alone. Where it
varies, a trial draws its own with its seed as the split seed (``ImageData.at_seed``): the images
themselves are shared by all of them, and only positions differ.

Nothing here needs torch, which takes seconds and some hundred MB to import, and which neither the
command line nor an SVM needs. Batches of tensors are made in ``tune_app.data.input_pipeline``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.errors import UserError
from tune_app.data.datasets import DATASETS, DatasetSpec, dataset_spec
from tune_app.data.sources import num_pooled, read_pooled
from tune_app.study.splits import (
    Indices,
    split_indices,
    split_positions,
    stratified_subset,
)

__all__ = [
    "DATASETS",
    "MIN_IMAGES",
    "DatasetSpec",
    "ImageData",
    "available_images",
    "describe",
    "load_datasets",
    "split_indices",
    "stratified_subset",
    "subset_train",
]

MIN_IMAGES = 100  # the fewest of which a tenth still has every one of ten classes


@dataclass(frozen=True, eq=False)
class ImageData:
    """A data set with its split, in plain arrays that Ray's object store shares without a copy.

    Attributes:
        name: The data set's name in ``DATASETS``.
        images: uint8, (N, 28, 28); read-only.
        labels: uint8, (N,); read-only.
        train: Positions of the training images in ``images``, ascending, int64.
        val: Those of the validation images.
        test: Those of the test images.
        mean: Mean of the data set's pixels divided by 255, for ``normalise``.
        std: Their standard deviation.
        class_names: The classes, in the order of their labels.
        sha256: SHA-256 of each decompressed file the images came from, by file name.
        vary_split: Whether every seed has a split of its own; ``train``, ``val`` and ``test`` are
            then one example of it, right in number.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    train: Indices
    val: Indices
    test: Indices
    mean: float
    std: float
    class_names: tuple[str, ...]
    sha256: Mapping[str, str] = dataclasses.field(default_factory=dict)
    vary_split: bool = False

    @property
    def num_images(self) -> int:
        """How many of the images are used: those of the three splits together."""
        return len(self.train) + len(self.val) + len(self.test)

    def at_seed(self, seed: int) -> ImageData:
        """Return the data as a trial with this seed is to use them, the images being shared."""
        if not self.vary_split:
            return self
        train, val, test = split_positions(self.labels, self.num_images, seed)
        return dataclasses.replace(self, train=train, val=val, test=test)


def load_datasets(
    names: Sequence[str],
    source: str = "full",
    num_images: int | None = None,
    split_seed: int = 0,
    *,
    vary_split: bool = False,
) -> dict[str, ImageData]:
    """Load data sets, each split by ``split_seed``.

    Args:
        names: Names in ``DATASETS``.
        source: ``"full"``, ``"sample"`` or a folder; see ``tune_app.data.sources``.
        num_images: Take only so many images of each data set: a stratified choice by
            ``split_seed``, made before the split. A smaller choice is part of a larger one.
        split_seed: Seed of that choice and of the split, 0 or more.
        vary_split: Whether trials choose and split by their own seeds. All images are then kept,
            as every seed takes others of them.

    Raises:
        UserError: For an unknown name, a number or seed that is not allowed, and any file that is
            missing, damaged or another.
    """
    if split_seed < 0:
        raise UserError(f"--split-seed {split_seed}: allowed 0 or more")
    if num_images is not None:
        available = available_images(names, source)
        if not MIN_IMAGES <= num_images <= available:
            raise UserError(
                f"--images {num_images}: allowed {MIN_IMAGES} to {available:,}"
                f" with --data {source}; leave it out for all"
            )
    return {
        name: _load(dataset_spec(name), source, num_images, split_seed, vary_split=vary_split)
        for name in names
    }


def _load(
    spec: DatasetSpec, source: str, num_images: int | None, split_seed: int, *, vary_split: bool
) -> ImageData:
    pooled = read_pooled(spec, source)
    images, labels = pooled.images, pooled.labels
    if num_images is not None and not vary_split:
        chosen = stratified_subset(labels, num_images, split_seed)
        images, labels = images[chosen], labels[chosen]
        images.flags.writeable = labels.flags.writeable = False
    train, val, test = split_positions(labels, num_images, split_seed)
    return ImageData(
        name=spec.name,
        images=images,
        labels=labels,
        train=train,
        val=val,
        test=test,
        mean=spec.mean,
        std=spec.std,
        class_names=spec.class_names,
        sha256=pooled.sha256,
        vary_split=vary_split,
    )


def available_images(names: Sequence[str], source: str) -> int:
    """Return how many images each of the data sets has at least, without reading them.

    Raises:
        UserError: For an unknown name, or a folder without one of the data sets.
    """
    return min(num_pooled(dataset_spec(name), source) for name in names)


def describe(
    datasets: Mapping[str, ImageData], source: str, num_images: int | None, split_seed: int
) -> dict[str, Any]:
    """Return the ``data`` entry of ``study.json``: what was loaded, in JSON types.

    ``vary_split`` is there only where it is true: every row's seed is then its split seed.
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
            }
            for name, data in datasets.items()
        },
    }


def subset_train(data: ImageData, num_train: int, seed: int) -> ImageData:
    """Return the data with a stratified choice of its training images, all else as it is.

    With the same seed, the images of a smaller choice are all in a larger one.

    Raises:
        UserError: If there are not so many training images, or too few for every class.
    """
    allowed = range(len(data.class_names), len(data.train) + 1)
    if num_train not in allowed:
        raise UserError(
            f"num_train_images {num_train}: allowed {allowed[0]} to {allowed[-1]:,}, the training"
            f" images of {data.name}; choose fewer, or load more images"
        )
    chosen = stratified_subset(data.labels[data.train], num_train, seed)
    return dataclasses.replace(data, train=data.train[chosen])
