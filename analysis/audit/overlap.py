"""Whether test images are among the training images: by index and by pixel.

A study directory holds what a trial predicted for every test image, but neither labels nor
positions. With the images themselves the split can be drawn again from ``study.json`` (its seed,
the number of images and the files' checksums). That the predictions then give the recorded
confusion matrices proves that these are the test images: with others the labels would not fit.

The split is drawn here by a second implementation on purpose, written from the description of the
first: an audit that calls the code it audits would repeat its mistakes.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.audit.evidence import Evidence
from analysis.audit.finding import Finding, percent
from analysis.audit.table import Table
from search_spaces.errors import UserError

Bytes = NDArray[np.uint8]
Indices = NDArray[np.int64]

PARTS = (("train", 60_000), ("t10k", 10_000))
_PIXELS = 28 * 28
_PLACES = ("", "*/", "*/*/", "*/*/*/")
_SUBSET_STREAM, _SPLIT_STREAM = 0, 1
_FEW = 0.01
"""Below this share of equal images no accuracy moves by more than a hundredth."""


def check_images(
    table: Table,
    data: Any,
    folder: Path,
    evidence: Evidence,
) -> list[Finding]:
    """Draw the split of every data set again and compare test images with the others.

    Args:
        table: the study's rows.
        data: the entry ``data`` of ``study.json``.
        folder: where its IDX files lie, at most three folders deep.
        evidence: the rows' confusion matrices and predictions.

    Raises:
        UserError: ``folder`` lacks a file that the study was made from.
    """
    datasets = data.get("datasets") if isinstance(data, dict) else None
    seed = data.get("split_seed") if isinstance(data, dict) else None
    if not isinstance(datasets, dict) or type(seed) is not int or seed < 0:
        raise UserError(f"--data {folder}: study.json does not say how the images were split")
    findings = []
    for name, mask in table.by_dataset():
        entry = datasets.get(name)
        if not isinstance(entry, dict) or not isinstance(entry.get("sha256"), dict):
            raise UserError(f"--data {folder}: study.json has no checksums for {name!r}")
        images, labels = _pooled(folder, name, entry["sha256"])
        num_images = data.get("num_images")
        if type(num_images) is int and 0 <= num_images < len(labels):
            chosen = subset(labels, num_images, seed)
            images, labels = images[chosen], labels[chosen]
        test = test_positions(labels, seed)
        rows = np.flatnonzero(mask).tolist()
        findings += _labels(
            table,
            name,
            rows,
            labels=labels[test],
            evidence=evidence,
        )
        findings += _pixels(table, name, images, test)
    return findings


def _labels(
    table: Table,
    name: str,
    rows: list[int],
    *,
    labels: Bytes,
    evidence: Evidence,
) -> list[Finding]:
    """Check that predictions and the labels drawn again give the recorded confusion matrix."""
    wrong = []
    for row in rows:
        matrix, predicted = evidence.matrices[row], evidence.predictions[row]
        if matrix is None or predicted is None:
            continue
        known = range(len(matrix))
        if len(predicted) == len(labels) and {*np.unique(predicted), *np.unique(labels)} <= {
            *known
        }:
            again = np.zeros_like(matrix)
            np.add.at(again, (labels, predicted), 1)
            if (again == matrix).all():
                continue
        wrong.append(row)
    if not wrong:
        return []
    return [
        Finding(
            rule="overlap",
            severity="error",
            table=table.name,
            says=f"rows of {name} were not tested on the test images that study.json stands for",
            evidence=f"{len(wrong)} of {len(rows)} rows: predictions and labels of the split drawn "
            "again do not give the recorded confusion matrix",
            settle="the version of the program and the command that wrote the study",
            rows=tuple(wrong),
        )
    ]


def _pixels(table: Table, name: str, images: Bytes, test: Indices) -> list[Finding]:
    """Count test images that equal a training or validation image pixel by pixel."""
    others = np.setdiff1d(np.arange(len(images)), test)
    seen = {images[i].tobytes() for i in others}
    equal = sum(images[i].tobytes() in seen for i in test)
    if not equal:
        return []
    share = equal / len(test)
    return [
        Finding(
            rule="overlap",
            severity="note" if share < _FEW else "serious",
            table=table.name,
            says=f"test images of {name} are also among its training and validation images",
            evidence=f"{equal} of {len(test):,} test images ({percent(share)}) equal one of the "
            f"{len(others):,} others pixel by pixel, though no index is in both: no accuracy can "
            f"be off by more than {percent(share)}",
            settle="accuracies without these images",
        )
    ]


def _pooled(folder: Path, dataset: str, checksums: dict[str, Any]) -> tuple[Bytes, Bytes]:
    images, labels = [], []
    for part, num in PARTS:
        names = (f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte")
        if names[0] not in checksums:
            continue
        images.append(
            _items(folder, dataset, names[0], checksums, header=16, num_bytes=num * _PIXELS)
        )
        labels.append(_items(folder, dataset, names[1], checksums, header=8, num_bytes=num))
    if not images:
        raise UserError(f"--data {folder}: study.json names no image files for {dataset!r}")
    return np.concatenate(images).reshape(-1, _PIXELS), np.concatenate(labels)


def _items(
    folder: Path, dataset: str, name: str, checksums: dict[str, Any], *, num_bytes: int, header: int
) -> Bytes:
    """Return the content of the file with the recorded checksum, without its header."""
    for place in _PLACES:
        for path in sorted([*folder.glob(f"{place}{name}"), *folder.glob(f"{place}{name}.gz")]):
            content = _content(path, header + num_bytes)
            if hashlib.sha256(content).hexdigest() == checksums.get(name):
                return np.frombuffer(content, dtype=np.uint8, offset=header)
    raise UserError(
        f"--data {folder}: no {name} of {dataset!r} with the checksum in study.json; give the "
        "folder that the study was made from"
    )


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
