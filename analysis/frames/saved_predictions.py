"""McNemar's test on the test predictions that studies saved."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.frames.load import Study
from analysis.frames.split import identity_of_test
from analysis.stats.predictions import McNemar, mcnemar, mcnemar_bound
from search_spaces.errors import UserError, one_line
from tune_app.study.bounded import read_bounded

Row = tuple[str, int]
"""A row of a study: config_id and seed."""
Arrays = dict[str, NDArray[np.integer]]
"""``predictions`` and perhaps ``labels``, (images,) each."""
_MOST_BYTES = 100_000_000


class StudyRow(NamedTuple):
    """A row of a study, and its data set."""

    study: Study
    row: Row
    dataset: object


def compare_predictions(first: StudyRow, second: StudyRow) -> McNemar | None:
    """Compare two rows, of one study or of two, that were tested on the same images.

    The test is exact if ``labels`` were saved beside ``predictions``. Otherwise its p-value is an
    upper bound from the counts of the confusion matrices (``mcnemar_bound``).

    Returns:
        None if a row has no predictions that can be read, if both are one result, or if they are
        not known to have the same test images.
    """
    both = (first, second)
    paths = [one.study.predictions_path(*one.row) for one in both]
    try:
        arrays = [read_predictions(path) for path in paths if path is not None]
    except UserError:  # damaged; the report of the study names the file
        return None
    if len(arrays) < 2 or paths[0] == paths[1] or not _same_images(first, second, arrays):
        return None
    num_images = len(arrays[0]["predictions"])
    return mcnemar_of(arrays, [num_correct_of(one.study, one.row, num_images) for one in both])


def _same_images(first: StudyRow, second: StudyRow, arrays: Sequence[Arrays]) -> bool:
    """Return whether two rows are known to have the same test images."""
    identities = {
        identity_of_test(one.study.meta.get("data"), str(one.dataset), one.row[1])
        for one in (first, second)
    }
    labels = [array["labels"] for array in arrays if "labels" in array]
    if len(arrays[0]["predictions"]) != len(arrays[1]["predictions"]):
        return False
    if len(labels) == 2 and not np.array_equal(labels[0], labels[1]):
        return False
    return len(identities) == 1 and (identities != {""} or len(labels) == 2)


def mcnemar_of(arrays: Sequence[Arrays], num_correct: Sequence[int | None]) -> McNemar | None:
    """Return McNemar's test of two lists of predictions of the same images.

    Args:
        arrays: ``predictions`` and, if they were saved, ``labels`` of each.
        num_correct: how many of each are right, by its confusion matrix; None if unknown.

    Returns:
        The exact test where labels were saved, else its upper bound from the counts; None if these
        are unknown or do not fit the predictions.
    """
    one, two = (array["predictions"] for array in arrays)
    labels = next((array["labels"] for array in arrays if "labels" in array), None)
    if labels is not None and labels.shape == one.shape:
        return mcnemar(one == labels, two == labels)
    first, second = num_correct
    num_different = int(np.count_nonzero(one != two))
    if first is None or second is None or abs(first - second) > num_different:
        return None
    return mcnemar_bound(first, second, num_different)


def read_predictions(path: Path) -> Arrays:
    """Return ``predictions`` and, if they were saved, ``labels`` of a file, (images,) each.

    Raises:
        UserError: the file cannot be read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(read_bounded(path, _MOST_BYTES))) as archive:
            arrays = {
                member.filename.removesuffix(".npy"): _array(archive, member)
                for member in archive.infolist()
                if member.filename in ("predictions.npy", "labels.npy")
            }
        if "predictions" not in arrays:
            raise ValueError("no array named predictions")
        return arrays
    except Exception as error:  # zipfile, zlib and NumPy raise many kinds on a damaged file
        why = one_line(str(error) or type(error).__name__)
        raise UserError(f"{path}: no readable predictions ({why})") from None


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[np.integer]:
    """Return an array of classes, (images,).

    Memory is never allocated for a size that the file merely states, be it in the archive's
    directory or in an array's shape.
    """
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("a compression that NumPy does not write")  # nor limits in size
    with archive.open(member) as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError("larger than the predictions of any test set")
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("a version of the format that lists of numbers do not have")
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    if len(shape) != 1 or not np.issubdtype(dtype, np.integer):
        raise ValueError(f"{member.filename} is not a list of classes")
    if shape[0] * dtype.itemsize != len(content) - stream.tell():
        raise ValueError(f"{member.filename} does not have the length that it states")
    return np.frombuffer(content, dtype, offset=stream.tell())


def num_correct_of(study: Study, row: Row, num_images: int) -> int | None:
    """Return how many test images a row has right; None without a confusion matrix of as many."""
    matrix = study.confusion_matrix(*row)
    if matrix is None or int(matrix.sum()) != num_images:
        return None
    return int(np.trace(matrix))
