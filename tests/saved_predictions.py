"""Studies that saved the predictions of their trials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from analysis.frames.load import Study, load_study
from tests.studies import line, resnet_config, study_json, write_study, write_trial
from tune_app.data.images import load_datasets
from tune_app.data.split_data import describe

LABELS = np.repeat(np.arange(10, dtype=np.uint8), 14)


def predicted(*wrong: int) -> np.ndarray:  # type: ignore[type-arg]
    """Return predictions that are wrong on these images, each in its own way."""
    predictions = LABELS.copy()
    for image in wrong:
        predictions[image] = (LABELS[image] + 1 + image) % 10
        if predictions[image] == LABELS[image]:
            predictions[image] = (LABELS[image] + 1) % 10
    return predictions


def confusion(predictions: np.ndarray) -> list[list[int]]:  # type: ignore[type-arg]
    matrix = np.zeros((10, 10), dtype=int)
    np.add.at(matrix, (LABELS[: len(predictions)], predictions), 1)
    return matrix.tolist()  # type: ignore[no-any-return]


def study_of(path: Path, with_labels: bool, **predictions: np.ndarray) -> Study:  # type: ignore[type-arg]
    configurations = {
        name: resnet_config(batch_size=16 + number) for number, name in enumerate(predictions)
    }
    study = write_study(path, study_json(configurations))
    for name, values in predictions.items():
        lines = [line(1), line(2, milestone=True, confusion_matrix=confusion(values))]
        trial = write_trial(study, name, configurations[name], {2: [name]}, lines)
        (trial / "predictions").mkdir()
        arrays = {"predictions": values} | ({"labels": LABELS} if with_labels else {})
        np.savez_compressed(trial / "predictions" / "epoch_2.npz", **arrays)
    return load_study(study)


A = predicted(0, 1, 2)


B = predicted(2, 3, 4, 5, 6, 7, 8, 9, 10, 11)


NUM_IMAGES = 700


def sample_study(path: Path, *, shift: int = 0) -> Path:
    """Write a study on sample images whose trial gets 9 of 10 right; ``shift`` moves labels."""
    data = load_datasets(["mnist"], "sample", NUM_IMAGES)
    labels = np.roll(data["mnist"].labels[data["mnist"].test], shift)
    predictions = np.where(np.arange(len(labels)) % 10 == 0, (labels + 1) % 10, labels)
    matrix = np.zeros((10, 10), dtype=int)
    np.add.at(matrix, (labels, predictions), 1)
    right = float(np.mean(labels == predictions))
    config = resnet_config()
    meta = study_json({"a": config}, data=describe(data, "sample", NUM_IMAGES, 0))
    study = write_study(path, meta)
    metrics: dict[str, Any] = {"confusion_matrix": matrix.tolist(), "num_test": len(labels)}
    metrics |= {"test_accuracy": right}
    for name in ("test_precision", "test_recall", "test_f1"):
        metrics[name] = None
    trial = write_trial(study, "k", config, {2: ["a"]}, [line(2, milestone=True, **metrics)])
    (trial / "predictions").mkdir()
    np.savez(trial / "predictions" / "epoch_2.npz", predictions=predictions.astype(np.uint8))
    return study
