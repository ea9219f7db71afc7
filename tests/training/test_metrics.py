"""Classification metrics against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from tune_app.training.metrics import classification_metrics


def test_a_small_case_by_hand() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2])
    predictions = np.array([0, 0, 1, 1, 1, 0])
    metrics = classification_metrics(labels, predictions, 3)
    assert metrics["confusion_matrix"] == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    assert metrics["test_accuracy"] == pytest.approx(4 / 6)
    # Per class: precision 2/3, 2/3, 0; recall 2/3, 1, 0; F1 2/3, 4/5, 0; sizes 3, 2, 1.
    assert metrics["test_precision"] == pytest.approx((2 / 3 + 2 / 3) / 3)
    assert metrics["test_recall"] == pytest.approx((2 / 3 + 1) / 3)
    assert metrics["test_f1"] == pytest.approx((2 / 3 + 4 / 5) / 3)
    assert metrics["test_precision_weighted"] == pytest.approx((3 * 2 / 3 + 2 * 2 / 3) / 6)
    assert metrics["test_recall_weighted"] == pytest.approx(metrics["test_accuracy"])
    assert metrics["test_f1_weighted"] == pytest.approx((3 * 2 / 3 + 2 * 4 / 5) / 6)
    assert metrics["num_test"] == 6


def test_a_perfect_classifier_is_all_ones() -> None:
    labels = np.arange(10)
    metrics = classification_metrics(labels, labels, 10)
    assert all(metrics[k] == 1.0 for k in metrics if k not in {"confusion_matrix", "num_test"})


@pytest.mark.parametrize(("num_classes", "kind"), [(2, np.int64), (10, np.uint8), (256, np.uint8)])
def test_scikit_learn_finds_the_same_numbers(num_classes: int, kind: type) -> None:
    """To the last bit; some classes have no item, others are never predicted."""
    random = np.random.default_rng(num_classes)
    labels = (num_classes * random.beta(0.5, 2, 400)).astype(kind)
    predictions = np.where(random.random(400) < 0.6, labels, random.permutation(labels)).astype(
        kind
    )
    classes = list(range(num_classes))
    metrics = classification_metrics(labels, predictions, num_classes)
    for average, suffix in (("macro", ""), ("weighted", "_weighted")):
        expected = precision_recall_fscore_support(
            labels, predictions, labels=classes, average=average, zero_division=0
        )
        found = [metrics[f"test_{name}{suffix}"] for name in ("precision", "recall", "f1")]
        assert found == list(expected[:3])
    matrix = confusion_matrix(labels, predictions, labels=classes)
    assert metrics["confusion_matrix"] == matrix.tolist()


def test_many_classes_need_no_matrix() -> None:
    labels = np.array([0, 299_999])
    metrics = classification_metrics(labels, labels, 300_000)
    assert metrics["test_recall_weighted"] == 1 and "confusion_matrix" not in metrics
