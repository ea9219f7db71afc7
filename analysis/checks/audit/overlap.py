"""Check whether test images are among the training images, pixel by pixel.

A study directory has the predictions for every test image, but not which images these are. Given
the images, the split can be drawn again from ``study.json``: from its seed (or each row's own), the
number of images and the files' checksums. If the predictions and the labels of the split give the
recorded confusion matrices, these are the test images. With other images the labels would not fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from analysis.checks.audit.evidence import Evidence
from analysis.checks.audit.finding import Finding, NotApplicableError, percent
from analysis.checks.audit.table import Table
from analysis.frames.confusions import fits_matrix
from analysis.frames.meta import datasets_of
from analysis.frames.split import Bytes, Split, is_own, load_splits

_FEW = 0.01
"""Below this share of equal images no accuracy changes by more than a point."""


def check_images(table: Table, data: Any, folder: Path, evidence: Evidence) -> list[Finding]:
    """Draw the split of every data set again and compare its test images with the others.

    Data sets that the study's own search space loaded are left out.

    Args:
        table: the study's rows.
        data: the entry ``data`` of ``study.json``.
        folder: the folder of its IDX files, at most three folders deep.
        evidence: the rows' confusion matrices and predictions.

    Raises:
        NotApplicableError: there are no other data sets.
        UserError: ``folder`` lacks a file that the study was made from.
    """
    findings = []
    found = [(n, m) for n, m in table.by_dataset() if not is_own(data, _in_study(data, n))]
    if not found:
        raise NotApplicableError("the study's search space loaded its own data")
    for name, mask in found:
        rows = np.flatnonzero(mask).tolist()
        seeds = _seeds(table)
        splits = load_splits(data, name, "--data", folder, [seeds[row] for row in rows])
        labels = {seed: split.labels[split.test] for seed, split in splits.items()}
        findings += _labels(name, rows, [labels[seeds[row]] for row in rows], evidence)
        findings += _pixels(name, splits)
    return findings


def _in_study(data: Any, name: str) -> str:
    """Return the data set's name in ``study.json``; the rows of a study's only one may lack it."""
    datasets = datasets_of(data)
    return next(iter(datasets)) if name not in datasets and len(datasets) == 1 else name


def _seeds(table: Table) -> list[int]:
    """Return each row's seed; 0 if there is no column of seeds."""
    seeds = np.nan_to_num(table.numbers("seed"))
    return [int(seed) for seed in seeds]


def _labels(name: str, rows: list[int], labels: list[Bytes], evidence: Evidence) -> list[Finding]:
    """Check that the predictions and the split's labels give the recorded confusion matrix."""
    wrong = []
    for row, drawn in zip(rows, labels, strict=True):
        matrix, predicted = evidence.matrices[row], evidence.predictions[row]
        if matrix is None or predicted is None:
            continue
        if not fits_matrix(matrix, drawn, predicted):
            wrong.append(row)
    if not wrong:
        return []
    return [
        Finding(
            severity="error",
            says=f"rows of {name} were not tested on the test images that study.json describes",
            evidence=f"{len(wrong)} of {len(rows)} rows: their predictions and the labels of the "
            "split do not give the recorded confusion matrix",
            settle="the version of the program and the command that wrote the study",
            rows=tuple(wrong),
        )
    ]


def _pixels(name: str, splits: Mapping[int, Split]) -> list[Finding]:
    """Count test images that equal a training or validation image pixel by pixel.

    If there are several splits, the one with most such images counts.
    """
    distinct = {id(split): seed for seed, split in splits.items()}
    found = {seed: _num_equal(splits[seed]) for seed in distinct.values()}
    seed = max(found, key=found.__getitem__)
    equal, split = found[seed], splits[seed]
    if not equal:
        return []
    share, num_test = equal / len(split.test), len(split.test)
    which = f", at seed {seed}, the most of {len(found)} splits" if len(found) > 1 else ""
    return [
        Finding(
            severity="note" if share < _FEW else "serious",
            says=f"test images of {name} are also among its training and validation images",
            evidence=f"{equal} of {num_test:,} test images ({percent(share)}) equal one of the "
            f"{len(split.used) - num_test:,} others pixel by pixel, although no index is in both"
            f"{which}: this changes no accuracy by more than {percent(share)}",
            settle="the accuracies without these images",
        )
    ]


def _num_equal(split: Split) -> int:
    images = split.images
    seen = {images[i].tobytes() for i in np.setdiff1d(split.used, split.test)}
    return sum(images[i].tobytes() in seen for i in split.test)
