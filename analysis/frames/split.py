"""The images of a study, found again: from a folder of IDX files and ``study.json``.

A study directory holds what a trial predicted for every test image, but no image. With the files
that the study was made from the split can be drawn again from its seed, the number of images and
the files' checksums. The seed is the study's, or each row's own where the split varies.

The split is drawn here by a second implementation on purpose, written from the description of the
first: an audit that calls the code it audits would repeat its mistakes.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.errors import UserError

Bytes = NDArray[np.uint8]
Indices = NDArray[np.int64]

PARTS = (("train", 60_000), ("t10k", 10_000))
SIDE = 28
"""Height and width of an image in pixels."""
_PIXELS = SIDE * SIDE
_PLACES = ("", "*/", "*/*/", "*/*/*/")
_SUBSET_STREAM, _SPLIT_STREAM = 0, 1


@dataclass(frozen=True, eq=False)
class Split:
    """The images of one data set and which of them a study used, at one seed or at all.

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
    return isinstance(data, dict) and data.get("vary_split") is True


def identity_of_test(data: object, dataset: str, seed: int) -> str:
    """Return what decides which images a row was tested on, as text; empty if it is not known.

    Args:
        data: the entry ``data`` of ``study.json``.
        dataset: the row's data set.
        seed: the row's seed.
    """
    datasets = data.get("datasets") if isinstance(data, dict) else None
    entry = datasets.get(dataset) if isinstance(datasets, dict) else None
    sums = entry.get("sha256") if isinstance(entry, dict) else None
    if not isinstance(data, dict) or not isinstance(sums, dict) or not sums:
        return ""
    split_seed = seed if varies(data) else data.get("split_seed")
    return repr((dataset, sorted(map(str, sums.values())), data.get("num_images"), split_seed))


def load_splits(
    data: object, dataset: str, source: str, folder: Path, seeds: Iterable[int]
) -> dict[int, Split]:
    """Find the images of a study's data set and draw its splits again.

    Args:
        data: the entry ``data`` of ``study.json``.
        dataset: the name of the data set there.
        source: the option that named the folder, for messages: ``--data``.
        folder: where its IDX files lie, gzipped or not, at most three folders deep.
        seeds: those of the rows.

    Returns:
        Seed -> its split: one and the same object for all of them unless the split varies.

    Raises:
        UserError: ``study.json`` does not say what the split is, or ``folder`` lacks a file that
            the study was made from.
    """
    where = f"{source} {folder}"
    datasets = data.get("datasets") if isinstance(data, dict) else None
    seed = data.get("split_seed") if isinstance(data, dict) else None
    if not isinstance(datasets, dict) or type(seed) is not int or seed < 0:
        raise UserError(f"{where}: study.json does not say how the images were split")
    assert isinstance(data, dict)
    entry = datasets.get(dataset)
    if not isinstance(entry, dict) or not isinstance(entry.get("sha256"), dict):
        raise UserError(f"{where}: study.json has no checksums for {dataset!r}")
    images, labels = _pooled(where, folder, dataset, entry["sha256"])
    num_images = data.get("num_images")

    def split(seed: int) -> Split:
        used = np.arange(len(labels))
        if type(num_images) is int and 0 <= num_images < len(labels):
            used = subset(labels, num_images, seed)
        return Split(images, labels, used, used[test_positions(labels[used], seed)])

    if varies(data):
        return {row_seed: split(row_seed) for row_seed in seeds}
    return dict.fromkeys(seeds, split(seed))


def _pooled(
    where: str, folder: Path, dataset: str, checksums: dict[str, Any]
) -> tuple[Bytes, Bytes]:
    images: list[Bytes] = []
    labels: list[Bytes] = []
    for part, num in PARTS:
        names = (f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte")
        if names[0] not in checksums:
            continue
        for name, found, header, num_bytes in (
            (names[0], images, 16, num * _PIXELS),
            (names[1], labels, 8, num),
        ):
            content = _file(folder, name, checksums, num_bytes=header + num_bytes)
            if content is None:
                raise UserError(
                    f"{where}: no {name} of {dataset!r} with the checksum in study.json; give the "
                    "folder that the study was made from"
                )
            found.append(np.frombuffer(content, dtype=np.uint8, offset=header))
    if not images:
        raise UserError(f"{where}: study.json names no image files for {dataset!r}")
    return np.concatenate(images).reshape(-1, _PIXELS), np.concatenate(labels)


def _file(folder: Path, name: str, checksums: dict[str, Any], *, num_bytes: int) -> bytes | None:
    """Return the content of the file with the recorded checksum, None where there is none."""
    for place in _PLACES:
        for path in sorted([*folder.glob(f"{place}{name}"), *folder.glob(f"{place}{name}.gz")]):
            content = _content(path, num_bytes)
            if hashlib.sha256(content).hexdigest() == checksums.get(name):
                return content if len(content) == num_bytes else None
    return None


def _content(path: Path, num_bytes: int) -> bytes:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return file.read(num_bytes + 1)
    except (OSError, EOFError, zlib.error):
        return b""


def _places_in_class(labels: Bytes, stream: int, seed: int) -> dict[int, list[int]]:
    """Return class -> its images, in the random order that keys of PCG64 give."""
    keys = np.random.PCG64([stream, seed]).random_raw(len(labels))
    members: dict[int, list[int]] = {}
    for index in np.argsort(keys, kind="stable"):
        members.setdefault(int(labels[index]), []).append(int(index))
    return members


def subset(labels: Bytes, num: int, seed: int) -> Indices:
    """Return the positions of ``num`` images, each class in proportion (Webster's method)."""
    ranked = [
        ((place + 0.5) / len(images), label, image)
        for label, images in _places_in_class(labels, _SUBSET_STREAM, seed).items()
        for place, image in enumerate(images)
    ]
    return np.array(sorted(image for _, _, image in sorted(ranked)[:num]), dtype=np.int64)


def test_positions(labels: Bytes, seed: int) -> Indices:
    """Return the positions of the test images of the 70/10/20 split, ascending.

    In each class the first images are validation images, the next test images. Every class gives
    its share of each, rounded down; who gives one more is decided part by part: first the classes
    with most images left over, of these the ones with the largest remainders.
    """
    members = _places_in_class(labels, _SPLIT_STREAM, seed)
    total, classes = len(labels), sorted(members)
    num_test, num_val = round(total / 5), round(total / 10)
    sizes = (num_val, num_test, total - num_val - num_test)
    exact = {c: [len(members[c]) * size for size in sizes] for c in classes}
    share = {c: [value // total for value in exact[c]] for c in classes}
    left = {c: len(members[c]) - sum(share[c]) for c in classes}
    for part, size in enumerate(sizes):
        needy = sorted(classes, key=lambda c: (-left[c], -(exact[c][part] % total), c))
        for c in needy[: size - sum(share[c][part] for c in classes)]:
            share[c][part] += 1
            left[c] -= 1
    chosen = [i for c in classes for i in members[c][share[c][0] : share[c][0] + share[c][1]]]
    return np.array(sorted(chosen), dtype=np.int64)
