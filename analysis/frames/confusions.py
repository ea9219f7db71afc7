"""Which classes a model confuses, from its confusion matrix on the test set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.frames.meta import datasets_of

_CLASS_NAMES = {
    "fashion_mnist": (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    )
}
"""Names of classes that are not digits, in the order of the data set's own README."""
MOST_PAIRS = 5
"""The number of pairs of classes that are shown of each confusion matrix."""


def known_names(data: object, dataset: object) -> list[str]:
    """Return the names of a data set's classes; empty if they are not known.

    Args:
        data: the entry ``data`` of ``study.json``, which names the classes of a user's data set.
        dataset: the data set; None if the study's only one is meant.
    """
    datasets = datasets_of(data)
    only = next(iter(datasets)) if len(datasets) == 1 else None
    name = str(only if dataset is None else dataset)
    recorded = datasets.get(name, {}).get("class_names")
    if isinstance(recorded, list):
        return [str(entry) for entry in recorded]
    return list(_CLASS_NAMES.get(name, ()))


def class_names(data: object, dataset: object, num_classes: int) -> Sequence[str]:
    """Return the names of the classes, or their numbers if that many have no names."""
    names = known_names(data, dataset)
    return names if len(names) == num_classes else [str(index) for index in range(num_classes)]


def per_class_data(matrix: NDArray[np.int64], names: Sequence[str]) -> pd.DataFrame:
    """Return ``class``, ``num_images``, ``precision``, ``recall`` and ``f1`` of each class.

    Args:
        matrix: (classes, classes) counts, one line per true class.
        names: one per class.

    Returns:
        One row per class; NaN for a class that was never predicted or has no images.
    """
    hits = np.diag(matrix).astype(float)
    true, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision, recall = hits / predicted, hits / true
        f1 = 2 * hits / (true + predicted)
    frame = pd.DataFrame({"class": list(names), "num_images": true})
    return frame.assign(precision=precision, recall=recall, f1=f1)


def confused_pairs_data(
    matrix: NDArray[np.int64], names: Sequence[str], most: int = MOST_PAIRS
) -> pd.DataFrame:
    """Return the pairs of classes that are confused most often.

    Returns:
        At most ``most`` rows, the most frequent first: ``true``, ``predicted``, ``num_images``
        and ``share`` (of the images of the true class).
    """
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    records = [
        {
            "true": names[row],
            "predicted": names[column],
            "num_images": int(wrong[row, column]),
            "share": wrong[row, column] / matrix[row].sum(),
        }
        for row, column in (divmod(int(place), len(names)) for place in order)
        if wrong[row, column] > 0
    ]
    return pd.DataFrame(records, columns=["true", "predicted", "num_images", "share"])


def more_as_often(matrix: NDArray[np.int64], most: int = MOST_PAIRS) -> int:
    """Return how many pairs that are not shown are as frequent as the last one shown."""
    counts = matrix[~np.eye(len(matrix), dtype=bool)]
    counts = np.sort(counts[counts > 0])[::-1]
    if len(counts) <= most:
        return 0
    return int((counts[most:] == counts[most - 1]).sum())


def fits_matrix(
    matrix: NDArray[np.int64], labels: NDArray[np.integer], predicted: NDArray[np.integer]
) -> bool:
    """Return whether labels and predictions of the same images give this confusion matrix.

    Args:
        matrix: (classes, classes) counts, one line per true class.
        labels: (images,) true classes.
        predicted: (images,) predicted classes.
    """
    if len(predicted) != len(labels) or int(matrix.sum()) != len(labels):
        return False
    if any(len(c) and not 0 <= c.min() <= c.max() < len(matrix) for c in (predicted, labels)):
        return False
    again = np.zeros_like(matrix)
    np.add.at(again, (labels, predicted), 1)
    return bool((again == matrix).all())
