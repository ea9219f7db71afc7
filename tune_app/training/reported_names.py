"""The measures that the shipped trainables report, so that an objective is checked before a run."""

from __future__ import annotations

from collections.abc import Mapping

CLASSES, TARGETS = "classes", "targets"
"""The kinds of labels: a classification has classes, a regression has targets."""

_COST = (
    "train_seconds",
    "epoch_seconds",
    "eval_seconds",
    "cpu_seconds",
    "images_per_second",
    "peak_memory_mb",
)
_NETWORK = ("num_parameters", "macs", "flops", "live_flops")
_LOSSES = ("val_loss", "test_loss", "train_loss")
_OF_CLASSES = (
    "val_accuracy",
    "test_accuracy",
    "test_precision",
    "test_recall",
    "test_f1",
    "test_precision_weighted",
    "test_recall_weighted",
    "test_f1_weighted",
)

OF_CLASSIFIER: Mapping[str, tuple[str, ...]] = {
    CLASSES: (*_OF_CLASSES, "train_accuracy", *_LOSSES, *_COST, *_NETWORK),
    TARGETS: ("val_rmse", "test_rmse", *_LOSSES, *_COST, *_NETWORK),
}
OF_SVM: Mapping[str, tuple[str, ...]] = {
    CLASSES: (
        *_OF_CLASSES,
        *_COST,
        "fit_seconds",
        "predict_seconds",
        "num_support_vectors",
        "num_iterations",
        "num_train_images",
    )
}
