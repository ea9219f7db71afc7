"""McNemar's test on the test predictions that a study saved."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.frames.load import Study
from analysis.frames.split import varies
from analysis.stats.predictions import McNemar, mcnemar, mcnemar_bound
from search_spaces.errors import UserError, one_line
from tune_app.study.bounded import read_bounded

Row = tuple[str, int]
"""A row of a study: config_id and seed."""
Arrays = dict[str, NDArray[np.integer]]
"""``predictions`` and perhaps ``labels``, (images,) each."""
_MOST_BYTES = 100_000_000


def compare_predictions(study: Study, first: Row, second: Row) -> McNemar:
    """Compare two rows of a study that were tested on the same images.

    If the file has ``labels`` beside ``predictions`` the test is exact. Otherwise its p-value is an
    upper bound from the counts of the confusion matrices (``mcnemar_bound``).

    Raises:
        UserError: a row has no saved predictions or they cannot be read, the two rows are the same
            result, or their data sets or numbers of images differ.
    """
    arrays = [load_predictions(study, row) for row in (first, second)]
    predictions = [array["predictions"] for array in arrays]
    if not _same_images(study, (first, second), arrays):
        raise UserError(
            f"study {study.name}: rows {_name(first)} and {_name(second)} were not tested on the "
            "same images; compare rows of one data set"
            + (" and one seed" if varies(study.meta.get("data")) else "")
        )
    if study.predictions_path(*first) == study.predictions_path(*second):
        raise UserError(
            f"study {study.name}: rows {_name(first)} and {_name(second)} are the same "
            "result; compare rows of different trainings"
        )
    num_correct = [num_correct_of(study, row, len(predictions[0])) for row in (first, second)]
    found = mcnemar_of(arrays, num_correct)
    if found is not None:
        return found
    if None in num_correct:
        row = (first, second)[num_correct.index(None)]
        raise UserError(
            f"study {study.name}: row {_name(row)} has no labels beside its predictions and no "
            "confusion matrix of the same images"
        )
    raise UserError(
        f"study {study.name}: the predictions of rows {_name(first)} and {_name(second)} do "
        "not fit their confusion matrices; run them again"
    )


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


def _name(row: Row) -> str:
    return f"{row[0]} (seed {row[1]})"


def _same_images(study: Study, rows: tuple[Row, Row], arrays: Sequence[Arrays]) -> bool:
    """Return whether two rows had the same test images, as far as it is known."""
    one, two = arrays
    if len({_dataset(study, row) for row in rows}) > 1:
        return False
    if varies(study.meta.get("data")) and len({seed for _, seed in rows}) > 1:
        return False
    if one["predictions"].shape != two["predictions"].shape:
        return False
    return not ("labels" in one and "labels" in two) or np.array_equal(one["labels"], two["labels"])


def _dataset(study: Study, row: Row) -> str:
    rows = study.rows
    match = rows[(rows["config_id"] == row[0]) & (rows["seed"] == row[1])]
    return str(match["dataset"].iloc[0]) if "dataset" in match and len(match) else ""


def load_predictions(study: Study, row: Row) -> Arrays:
    """Return a row's ``predictions`` and, if they were saved, ``labels``, (images,) each.

    Raises:
        UserError: the row has no saved predictions, or they cannot be read.
    """
    path = study.predictions_path(*row)
    if path is None:
        raise UserError(f"study {study.name}: row {_name(row)} has no saved predictions")
    return read_predictions(path)


def read_predictions(path: Path) -> Arrays:
    """Return the arrays of a file of predictions, as ``load_predictions`` does.

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
