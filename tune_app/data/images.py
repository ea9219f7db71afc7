"""Load the data sets of a study and split them.

The parts of a data set are pooled and split 70/10/20 into training, validation and test images,
stratified by class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from search_spaces.errors import UserError
from tune_app.data.array_data import MIN_ITEMS, ArrayData
from tune_app.data.datasets import DatasetSpec, dataset_spec
from tune_app.data.own_data import split_own
from tune_app.data.sources import num_pooled, read_pooled
from tune_app.data.split_data import SplitData
from tune_app.study.splits import split_positions, stratified_subset

MIN_IMAGES = 100
"""With fewer images a validation split of a tenth could not have all of ten classes."""
_NONE: Mapping[str, ArrayData] = MappingProxyType({})


def load_datasets(
    names: Sequence[str],
    source: str = "full",
    num_images: int | None = None,
    split_seed: int = 0,
    *,
    own: Mapping[str, ArrayData] = _NONE,
    vary_split: bool = False,
) -> dict[str, SplitData]:
    """Load data sets and split them.

    Args:
        names: Names in ``DATASETS`` or in ``own``.
        source: ``"full"``, ``"sample"`` or a folder; see ``tune_app.data.sources``.
        num_images: Number of images of each data set, or None for all. They are a stratified choice
            by ``split_seed``, made before the split. A larger choice contains a smaller one.
        split_seed: Seed of that choice and of the split, 0 or more.
        own: Name -> a user's own data set.
        vary_split: Whether trials choose and split by their own seeds. All images are kept then,
            because every seed chooses others.

    Raises:
        UserError: An unknown name; a number or seed that is not allowed; a file that is missing,
            damaged, or of another data set.
    """
    if split_seed < 0:
        raise UserError(f"--split-seed {split_seed}: allowed 0 or more")
    if num_images is not None:
        allowed = allowed_images(names, source, own)
        if num_images not in allowed:
            where = "" if all(name in own for name in names) else f" with --data {source}"
            raise UserError(
                f"--images {num_images}: allowed {allowed[0]} to {allowed[-1]:,}{where}; leave it"
                " out for all"
            )
    return {
        name: split_own(name, own[name], num_images, split_seed, vary_split=vary_split)
        if name in own
        else _load(dataset_spec(name), source, num_images, split_seed, vary_split=vary_split)
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


def allowed_images(
    names: Sequence[str], source: str, own: Mapping[str, ArrayData] = _NONE
) -> range:
    """Return the numbers of images that a study may use of each data set.

    Args:
        names: The data sets, at least one.
        source: ``"full"``, ``"sample"`` or a folder.
        own: Name -> a user's own data set. Those that ship with the package are not read.

    Raises:
        UserError: An unknown name, or a folder that lacks one of the data sets.
    """
    sizes = [
        len(own[name]) if name in own else num_pooled(dataset_spec(name), source) for name in names
    ]
    fewest = MIN_ITEMS if all(name in own for name in names) else MIN_IMAGES
    return range(min(fewest, *sizes), min(sizes) + 1)
