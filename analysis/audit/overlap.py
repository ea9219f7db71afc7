"""Whether test images are among the training images: by index and by pixel.

A study directory holds what a trial predicted for every test image, but neither labels nor
positions. With the images themselves the split can be drawn again from ``study.json`` (its seed,
the number of images and the files' checksums). That the predictions then give the recorded
confusion matrices proves that these are the test images: with others the labels would not fit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from analysis.audit.evidence import Evidence
from analysis.audit.finding import Finding, percent
from analysis.audit.table import Table
from analysis.confusions import fits_matrix
from analysis.split import Bytes, Indices, load_split

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
    findings = []
    for name, mask in table.by_dataset():
        split = load_split(data, name, "--data", folder)
        rows = np.flatnonzero(mask).tolist()
        findings += _labels(
            table,
            name,
            rows,
            labels=split.labels[split.test],
            evidence=evidence,
        )
        findings += _pixels(table, name, split.images, split.test)
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
        if fits_matrix(matrix, labels, predicted):
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
