"""Find the images of a study again, from a folder of IDX files and ``study.json``.

A study directory has the predictions for every test image, but no images. Given the files that the
study was made from, its split can be drawn again: ``study.json`` records the seed of the split, the
number of images and the files' checksums. If the split varies, each row's own seed is the seed of
its split.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.frames.meta import datasets_of
from search_spaces.errors import UserError
from tune_app.storage.user_path import is_folder
from tune_app.study.arithmetic import mapping
from tune_app.study.idx import IMAGE_SIZE, PART_SIZES, images_stem, labels_stem, read_idx
from tune_app.study.splits import Indices, split_positions

Bytes = NDArray[np.uint8]

_PLACES = ("", "*/", "*/*/", "*/*/*/")


@dataclass(frozen=True, eq=False)
class Split:
    """The images of one data set and which of them a study used.

    Attributes:
        images: (pooled images, 784) pixels, 0 to 255.
        labels: (pooled images,) classes.
        used: ascending positions of the images that were trained, validated or tested on.
        test: ascending positions of the test images.
    """

    images: Bytes
    labels: Bytes
    used: Indices
    test: Indices


def varies(data: object) -> bool:
    """Return whether the entry ``data`` of ``study.json`` says that each seed has its own split."""
    return mapping(data).get("vary_split") is True


def identity_of_test(data: object, dataset: str, seed: int) -> str:
    """Return a text that is equal for rows with the same test images; empty if they are unknown.

    Args:
        data: the entry ``data`` of ``study.json``.
        dataset: the row's data set.
        seed: the row's seed.
    """
    checksums = mapping(datasets_of(data).get(dataset, {}).get("sha256"))
    if not checksums:
        return ""
    split_seed = seed if varies(data) else mapping(data).get("split_seed")
    num_images = mapping(data).get("num_images")
    return repr((dataset, sorted(map(str, checksums.values())), num_images, split_seed))


def is_own(data: object, dataset: str) -> bool:
    """Return whether a data set was loaded by the study's own search space, from no IDX files."""
    return {*mapping(datasets_of(data).get(dataset, {}).get("sha256"))} == {"inputs", "labels"}


def item_noun(data: object, dataset: object = None) -> str:
    """Return what an item of a data set is called: ``image`` if it comes from IDX files.

    Args:
        data: the entry ``data`` of ``study.json``.
        dataset: the data set; None for all of the study's.
    """
    names = list(datasets_of(data)) if dataset is None else [str(dataset)]
    known = [name for name in names if name in datasets_of(data)]
    are_images = bool(known) and not any(is_own(data, name) for name in known)
    return "image" if are_images else "example"


def load_splits(
    data: object, dataset: str, source: str, folder: Path, seeds: Iterable[int]
) -> dict[int, Split]:
    """Find the images of a study's data set and draw its splits again.

    Args:
        data: the entry ``data`` of ``study.json``.
        dataset: the name of the data set there.
        source: the option that named the folder, for messages: ``--data``.
        folder: the folder of its IDX files, gzipped or not, at most three folders deep.
        seeds: the seeds of the rows.

    Returns:
        Seed -> its split; the same object for every seed unless the split varies.

    Raises:
        UserError: ``study.json`` does not describe the split, or ``folder`` lacks a file that the
            study was made from.
    """
    where = f"{source} {folder}"
    datasets, seed = datasets_of(data), mapping(data).get("split_seed")
    if not datasets or type(seed) is not int or seed < 0:
        raise UserError(f"{where}: study.json does not say how the images were split")
    checksums = datasets.get(dataset, {}).get("sha256")
    if not isinstance(checksums, dict):
        raise UserError(f"{where}: study.json has no checksums for {dataset!r}")
    images, labels = _pooled(where, folder, dataset, checksums)
    num_images = mapping(data).get("num_images")
    if type(num_images) is not int or not 0 <= num_images < len(labels):
        num_images = None

    def split(seed: int) -> Split:
        parts = split_positions(labels, num_images, seed)
        return Split(images, labels, np.sort(np.concatenate(parts)), parts[2])

    if varies(data):
        return {row_seed: split(row_seed) for row_seed in seeds}
    return dict.fromkeys(seeds, split(seed))


def _pooled(
    where: str, folder: Path, dataset: str, checksums: dict[str, Any]
) -> tuple[Bytes, Bytes]:
    images: list[Bytes] = []
    labels: list[Bytes] = []
    for part, num in PART_SIZES.items():
        if images_stem(part) not in checksums:
            continue
        for name, found, shape in (
            (images_stem(part), images, (num, IMAGE_SIZE, IMAGE_SIZE)),
            (labels_stem(part), labels, (num,)),
        ):
            array = _file(folder, name, checksums, shape)
            if array is None:
                raise UserError(
                    f"{where}: no {name} of {dataset!r} with the checksum in study.json; give the "
                    "folder that the study was made from"
                )
            found.append(array)
    if not images:
        raise UserError(f"{where}: study.json names no image files for {dataset!r}")
    return np.concatenate(images).reshape(-1, IMAGE_SIZE**2), np.concatenate(labels)


def _file(
    folder: Path, name: str, checksums: dict[str, Any], shape: tuple[int, ...]
) -> Bytes | None:
    """Return the content of the file with the recorded checksum, or None if there is none."""
    for place in _PLACES if is_folder(folder) else ():
        for path in sorted([*folder.glob(f"{place}{name}"), *folder.glob(f"{place}{name}.gz")]):
            if not path.is_file():  # reading a pipe would wait for its writer
                continue
            with contextlib.suppress(UserError):
                idx = read_idx(path, shape)
                if idx.sha256 == checksums.get(name):
                    return idx.array
    return None
