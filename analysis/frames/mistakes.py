"""The test images that trainings classify wrongly, from the predictions that they saved.

Each training counts once, with the predictions of its last milestone. The true classes come from
the labels saved beside the predictions, or from the images themselves (``Split``). Predictions are
used only if they and the labels give the recorded confusion matrix, so labels of other images are
noticed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.frames.columns import finished, levels
from analysis.frames.confusions import fits_matrix
from analysis.frames.load import Study
from analysis.frames.saved_predictions import Row, read_predictions
from analysis.frames.split import Split, is_own, varies
from analysis.frames.split import load_splits as draw_splits
from search_spaces.errors import UserError

Splits = Mapping[str, Mapping[int, Split]]
"""Data set -> seed -> its images, where they are known."""
MOST = 12
"""The number of images that are shown of each data set."""
_MOST_CLASSES = 1_000_000
"""A larger number in a file of predictions is not the number of a class."""


@dataclass(frozen=True, eq=False)
class Predicted:
    """The predictions of all trainings for the test images of one data set.

    Attributes:
        labels: (num_images,) true classes.
        predictions: (num_trials, num_images) predicted classes.
        trials: key of each training -> its line in ``predictions``.
        left_out: the files of predictions that cannot be read or do not fit the labels, relative
            to the study directory.
    """

    labels: NDArray[np.int64]
    predictions: NDArray[np.int64]
    trials: dict[str, int]
    left_out: tuple[str, ...]


def predicted(
    study: Study, dataset: object, split: Split | None = None, seed: int | None = None
) -> Predicted | None:
    """Return the test predictions of a data set's finished trainings.

    Args:
        study: the study.
        dataset: its data set; None for all rows.
        split: the images, if they are known; their labels are then used.
        seed: the seed of the trainings; None for all seeds, which must share their test images.

    Returns:
        None if no training saved predictions, or if the true classes are unknown.
    """
    rows = finished(study)
    rows = rows[rows["dataset"] == dataset] if dataset is not None else rows
    rows = rows[rows["seed"] == seed] if seed is not None else rows
    rows = rows.sort_values("milestone", kind="stable").drop_duplicates("trial_id", keep="last")
    rows = rows.sort_index()
    labels = None if split is None else split.labels[split.test].astype(np.int64)
    found: dict[str, NDArray[np.int64]] = {}
    left_out: list[str] = []
    for record in rows.to_dict("records"):
        row = (str(record["config_id"]), int(record["seed"]))
        path = study.predictions_path(*row)
        if path is None:
            continue
        arrays = _classes(study, row)
        expected = arrays.get("labels") if labels is None else labels
        if expected is None or not _fits(study, row, expected, arrays):
            left_out.append(name_in_study(study, path))
            continue
        labels = expected
        found[str(record["trial_id"])] = arrays["predictions"]
    if labels is None or not (found or left_out):
        return None
    predictions = np.array(list(found.values()), dtype=np.int64).reshape(len(found), len(labels))
    places = {key: place for place, key in enumerate(found)}
    return Predicted(labels, predictions, places, tuple(left_out))


def name_in_study(study: Study, path: Path) -> str:
    """Return the name of a file of a study in notes: its path relative to the study directory."""
    return path.relative_to(study.path.resolve()).as_posix()


def saved_without_labels(study: Study, picks: pd.DataFrame) -> bool:
    """Return whether a pick has readable predictions but no labels to judge them by."""
    saved = [
        _classes(study, (str(config_id), int(seed)))
        for config_id, seed in zip(picks["config_id"], picks["seed"], strict=True)
    ]
    return any("predictions" in arrays and "labels" not in arrays for arrays in saved)


def _classes(study: Study, row: Row) -> dict[str, NDArray[np.int64]]:
    path = study.predictions_path(*row)
    try:
        arrays = {} if path is None else read_predictions(path)
    except UserError:
        return {}
    if any(len(a) and not 0 <= a.min() <= a.max() < _MOST_CLASSES for a in arrays.values()):
        return {}
    return {name: array.astype(np.int64) for name, array in arrays.items()}


def _fits(
    study: Study, row: Row, labels: NDArray[np.int64], arrays: Mapping[str, NDArray[np.int64]]
) -> bool:
    predictions, own, matrix = (
        arrays.get("predictions"),
        arrays.get("labels"),
        study.confusion_matrix(*row),
    )
    if predictions is None or len(predictions) != len(labels):
        return False
    if own is not None and not np.array_equal(own, labels):
        return False
    if matrix is None:
        return own is not None
    return fits_matrix(matrix, labels, predictions)


def load_splits(study: Study, folder: Path) -> Splits:
    """Find the images of every data set and seed in a folder, by their checksums.

    Data sets that the study's own search space loaded are left out.

    Raises:
        UserError: the folder lacks a file that the study was made from.
    """
    datasets = levels(study.rows, "dataset") if "dataset" in study.rows else []
    data = study.meta.get("data")
    seeds = [int(seed) for seed in study.meta["seeds"]]
    names = [str(name) for name in datasets if not is_own(data, str(name))]
    return {name: draw_splits(data, name, "--images", folder, seeds) for name in names}


def seeds_apart(study: Study, picks: pd.DataFrame) -> list[int | None]:
    """Return the seeds of the picks if each seed has its own test images, else one None."""
    return levels(picks, "seed") if varies(study.meta.get("data")) else [None]


def mistakes_data(found: Predicted, picks: Sequence[str], most: int = MOST) -> pd.DataFrame:
    """Return the test images that a picked training gets wrong.

    Images that most trainings get wrong come first. Among equals the pair of classes that is
    confused more often comes first, then the lower position.

    Args:
        found: the predictions.
        picks: keys of the picked trainings; those without predictions are ignored.
        most: the largest number of rows.

    Returns:
        ``position`` (in the test split, from 0), ``true``, ``predicted`` (the most frequent wrong
        class; among equals the lowest), ``num_wrong`` and ``num_trials``.
    """
    places = [found.trials[key] for key in dict.fromkeys(picks) if key in found.trials]
    wrong = found.predictions != found.labels
    positions = np.flatnonzero(wrong[places].any(axis=0))
    pairs = found.labels * _MOST_CLASSES + found.predictions
    values, numbers = np.unique(pairs[wrong], return_counts=True)
    pair_counts = dict(zip(values.tolist(), numbers.tolist(), strict=True))
    records: list[dict[str, Any]] = []
    for position in positions.tolist():
        here = found.predictions[wrong[:, position], position]
        counts = np.bincount(here)
        label, taken_for = int(found.labels[position]), int(counts.argmax())
        record = {"position": position, "true": label, "predicted": taken_for}
        record |= {"num_wrong": len(here), "num_trials": len(found.predictions)}
        records.append(record | {"pair": pair_counts[label * _MOST_CLASSES + taken_for]})
    columns = ["position", "true", "predicted", "num_wrong", "num_trials"]
    frame = pd.DataFrame(records, columns=[*columns, "pair"])
    order = ["num_wrong", "pair", "position"]
    ranked = frame.sort_values(order, ascending=[False, False, True], ignore_index=True)
    return ranked[columns].head(most)
