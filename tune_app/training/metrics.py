"""The metrics of a milestone, computed from labels and predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

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
    classes = list(range(num_classes))
    metrics: dict[str, Any] = {"test_accuracy": float(np.mean(labels == predictions))}
    for average, suffix in (("macro", ""), ("weighted", "_weighted")):
        precision, recall, f1, _ = precision_recall_fscore_support(
            labels, predictions, labels=classes, average=average, zero_division=0
        )
        metrics[f"test_precision{suffix}"] = float(precision)
        metrics[f"test_recall{suffix}"] = float(recall)
        metrics[f"test_f1{suffix}"] = float(f1)
    if num_classes <= MOST_CLASSES_OF_A_MATRIX:
        metrics["confusion_matrix"] = confusion_matrix(labels, predictions, labels=classes).tolist()
    metrics["num_test"] = len(labels)
    return metrics


def rmse(targets: npt.NDArray[Any], predictions: npt.NDArray[Any]) -> float:
    """Return the root mean squared error of a regression; both arrays have the same shape."""
    assert targets.shape == predictions.shape
    difference = targets.astype(np.float64) - predictions.astype(np.float64)
    return float(np.sqrt(np.mean(difference**2)))
