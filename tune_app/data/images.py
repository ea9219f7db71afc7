"""Load the images of a study and split them, once for all trials or anew for every seed.

The parts of a data set are pooled and split 70/10/20 into training, validation and test images,
stratified by class. The split depends only on the labels and the split seed. With
``--vary-split`` each trial uses its own seed as the split seed (``ImageData.at_seed``): all trials
share the images, and only the positions differ.

This module does not import torch, which takes seconds and some hundred MB, and which neither the
command line nor an SVM needs. ``tune_app.data.input_pipeline`` makes batches of tensors.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.errors import UserError
from tune_app.data.datasets import DatasetSpec, dataset_spec
from tune_app.data.sources import num_pooled, read_pooled
from tune_app.study.splits import Indices, split_positions, stratified_subset

MIN_IMAGES = 100
"""With fewer images a validation split of a tenth could not have all of ten classes."""


@dataclass(frozen=True, eq=False)
class ImageData:
    """A data set with its split, in arrays that Ray's object store shares without copying.

    Attributes:
        name: The data set's name in ``DATASETS``.
        images: uint8, (N, 28, 28); read-only.
        labels: uint8, (N,); read-only.
        train: Positions of the training images in ``images``, ascending, int64.
        val: Positions of the validation images.
        test: Positions of the test images.
        mean: Mean of the data set's pixels divided by 255, for ``normalise``.
        std: Their standard deviation.
        class_names: The classes, in the order of their labels.
        sha256: Name of each file that was read -> SHA-256 of its decompressed content.
        vary_split: Whether every seed has its own split. ``train``, ``val`` and ``test`` are then
            an example with the right numbers of images.
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
        """The number of images that are used: those in the three parts of the split."""
        return len(self.train) + len(self.val) + len(self.test)

    def at_seed(self, seed: int) -> ImageData:
        """Return the data with the split of a trial with this seed. The images are shared."""
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
    """Load data sets and split them.

    Args:
        names: Names in ``DATASETS``.
        source: ``"full"``, ``"sample"`` or a folder; see ``tune_app.data.sources``.
        num_images: Number of images of each data set, or None for all. They are a stratified choice
            by ``split_seed``, made before the split. A larger choice contains a smaller one.
        split_seed: Seed of that choice and of the split, 0 or more.
        vary_split: Whether trials choose and split by their own seeds. All images are kept then,
            because every seed chooses others.

    Raises:
        UserError: An unknown name; a number or seed that is not allowed; a file that is missing,
            damaged, or of another data set.
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
    """Return the number of images of the smallest of the data sets, without reading them.

    Raises:
        UserError: An unknown name, or a folder that lacks one of the data sets.
    """
    return min(num_pooled(dataset_spec(name), source) for name in names)


def describe(
    datasets: Mapping[str, ImageData], source: str, num_images: int | None, split_seed: int
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
            }
            for name, data in datasets.items()
        },
    }


def subset_train(data: ImageData, num_train: int, seed: int) -> ImageData:
    """Return the data with a stratified choice of its training images; the rest stays the same.

    With the same seed, a larger choice contains a smaller one.

    Raises:
        UserError: ``num_train`` is larger than the number of training images, or smaller than the
            number of classes.
    """
    allowed = range(len(data.class_names), len(data.train) + 1)
    if num_train not in allowed:
        raise UserError(
            f"num_train_images {num_train}: allowed {allowed[0]} to {allowed[-1]:,}, the training"
            f" images of {data.name}; choose fewer, or load more images"
        )
    chosen = stratified_subset(data.labels[data.train], num_train, seed)
    return dataclasses.replace(data, train=data.train[chosen])
