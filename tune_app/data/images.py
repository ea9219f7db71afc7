"""Load the shipped data sets and split them.

The parts of a data set are pooled and split 70/10/20 into training, validation and test images,
stratified by class.
"""

from __future__ import annotations

from collections.abc import Sequence

from search_spaces.errors import UserError
from tune_app.data.datasets import DatasetSpec, dataset_spec
from tune_app.data.sources import num_pooled, read_pooled
from tune_app.data.split_data import SplitData
from tune_app.study.splits import split_positions, stratified_subset

MIN_IMAGES = 100
"""With fewer images a validation split of a tenth could not have all of ten classes."""


def load_datasets(
    names: Sequence[str],
    source: str = "full",
    num_images: int | None = None,
    split_seed: int = 0,
    *,
    vary_split: bool = False,
) -> dict[str, SplitData]:
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
) -> SplitData:
    pooled = read_pooled(spec, source)
    images, labels = pooled.images, pooled.labels
    if num_images is not None and not vary_split:
        chosen = stratified_subset(labels, num_images, split_seed)
        images, labels = images[chosen], labels[chosen]
        images.flags.writeable = labels.flags.writeable = False
    train, val, test = split_positions(labels, num_images, split_seed)
    return SplitData(
        name=spec.name,
        inputs=images,
        labels=labels,
        train=train,
        val=val,
        test=test,
        mean=(spec.mean,),
        std=(spec.std,),
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
