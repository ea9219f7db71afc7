"""The metrics of a milestone, computed from labels and predictions.

They equal those of scikit-learn, whose import takes 1.5 s of every worker process.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

MOST_CLASSES_OF_A_MATRIX = 256
"""With more classes the matrix of each row would have up to millions of numbers, which nobody can
read. The saved predictions have the same information."""


def classification_metrics(
    labels: npt.NDArray[Any], predictions: npt.NDArray[Any], num_classes: int
) -> dict[str, Any]:
    """Return the test metrics of a milestone.

    Args:
        labels: true classes, shape (N,).
        predictions: predicted classes, shape (N,).
        num_classes: number of classes K.

    Returns:
        ``test_accuracy``; ``test_precision``, ``test_recall`` and ``test_f1`` averaged over classes
        (macro) and again weighted by class size (``*_weighted``); ``confusion_matrix``, K×K counts
        with true classes as rows, for up to 256 classes; ``num_test``. Accuracy, precision, recall
        and F1 are fractions. A class that is never predicted has precision 0.
    """
    assert labels.shape == predictions.shape and labels.ndim == 1
    is_hit = labels == predictions
    hits, predicted, sizes = (
        np.bincount(classes, minlength=num_classes)
        for classes in (labels[is_hit], predictions, labels)
    )
    of_each = {
        "precision": _share(hits, predicted),
        "recall": _share(hits, sizes),
        "f1": _share(2 * hits, predicted + sizes),
    }
    metrics: dict[str, Any] = {"test_accuracy": float(np.mean(is_hit))}
    for weights, suffix in ((None, ""), (sizes, "_weighted")):
        for name, values in of_each.items():
            metrics[f"test_{name}{suffix}"] = float(np.average(values, weights=weights))
    if num_classes <= MOST_CLASSES_OF_A_MATRIX:
        matrix = np.zeros((num_classes, num_classes), dtype=int)
        np.add.at(matrix, (labels, predictions), 1)
        metrics["confusion_matrix"] = matrix.tolist()
    metrics["num_test"] = len(labels)
    return metrics


def _share(counts: npt.NDArray[Any], of: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return counts as shares of other counts; 0 where these are 0."""
    return np.asarray(np.divide(counts, of, out=np.zeros(len(of)), where=of > 0))


def rmse(targets: npt.NDArray[Any], predictions: npt.NDArray[Any]) -> float:
    """Return the root mean squared error of a regression; both arrays have the same shape."""
    assert targets.shape == predictions.shape
    difference = targets.astype(np.float64) - predictions.astype(np.float64)
    return float(np.sqrt(np.mean(difference**2)))
