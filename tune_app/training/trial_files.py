"""Files of a trial: predictions, the best weights of a group, and what a full disk leaves.

A small file, ``weights/GROUP.json``, says what the best score of a group is so far and which file
holds its weights.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tune_app.storage.storage_errors import FullDiskError, is_full_disk
from tune_app.storage.store import StudyStore


def predictions_file(predictions: npt.NDArray[Any], labels: npt.NDArray[Any]) -> memoryview:
    """Return the content of a file with the predicted and the true classes of images.

    They are saved as the smallest type of integers that holds every class.

    Args:
        predictions: predicted classes, shape (N,).
        labels: true classes, shape (N,).
    """
    largest = max(int(classes.max(initial=0)) for classes in (predictions, labels))
    kind = np.min_scalar_type(largest)
    content = io.BytesIO()  # NumPy would hide an error of the disk behind one of its own
    np.savez_compressed(content, predictions=predictions.astype(kind), labels=labels.astype(kind))
    return content.getbuffer()


def best_score(store: StudyStore, group: str, metric: str) -> float | None:
    """Return the best score of a group so far, or None if there is none by this metric."""
    try:
        entry = json.loads(store.current_text(_record(store, group)))
        return float(entry["score"]) if entry["metric"] == metric else None
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def write_weights(
    store: StudyStore,
    path: Path,
    weights: dict[str, Any],
    *,
    group: str,
    metric: str,
    score: float,
) -> None:
    """Write weights, and that they are the best of their group.

    Args:
        store: where the study is kept.
        path: the file for the weights, inside of the study.
        weights: the weights.
        group: trials of a group compete for one file of weights.
        metric: the measure that selects.
        score: its value with these weights.
    """
    import torch

    content = io.BytesIO()
    # A file that names a GPU is not read where there is none.
    on_cpu = {n: v.cpu() if isinstance(v, torch.Tensor) else v for n, v in weights.items()}
    torch.save(on_cpu, content)
    entry = {"metric": metric, "score": score, "file": str(path.relative_to(store.root))}
    store.write(path, content.getbuffer())
    store.write(_record(store, group), json.dumps(entry).encode())


def _record(store: StudyStore, group: str) -> Path:
    return store.root / "weights" / f"{group}.json"


@contextmanager
def failed_checkpoint_deleted(directory: Path) -> Iterator[None]:
    """Delete what an error leaves of a checkpoint: it would take space from other trials.

    Args:
        directory: the trial's directory.
    """
    before = set(directory.glob("checkpoint_*"))
    try:
        yield
    except (OSError, FullDiskError):
        for path in set(directory.glob("checkpoint_*")) - before:
            shutil.rmtree(path, ignore_errors=True)
        raise


@contextmanager
def full_disk_named(store: StudyStore, where: str | None = None) -> Iterator[None]:
    """Turn the error of a full disk into the one that ends the launch, as a retry is no use.

    Args:
        store: where the study is kept.
        where: the place that is written, if the error does not name one; by default the study.

    Raises:
        FullDiskError: in place of an ``OSError`` for a full disk.
    """
    try:
        yield
    except OSError as error:
        if not is_full_disk(error):
            raise
        if where is not None:
            error.filename = error.filename or where
        raise FullDiskError(store.describe_error(error)) from error
