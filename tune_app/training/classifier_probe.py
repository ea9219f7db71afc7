"""Measure a few training steps of a classifier, to estimate the time of a plan."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tune_app.data.split_data import SplitData
from tune_app.training.checkpoint import write_checkpoint
from tune_app.training.classifier_run import EVAL_BATCH_SIZE, ClassifierRun
from tune_app.training.graphed_step import NUM_FIRST, GraphedStep
from tune_app.training.model_family import SHIPPED, ModelFamily
from tune_app.training.probe import EpochTimes, Probe


def probe(
    config: Mapping[str, Any], data: SplitData, num_threads: int, family: ModelFamily = SHIPPED
) -> Probe:
    """Measure a few steps. The first one does not count, because it also allocates memory.

    Where steps are graphed, those before the graph and its recording are part of every epoch.
    """
    torch.set_num_threads(num_threads)
    started = time.perf_counter()
    run = ClassifierRun({**config, "seed": 0}, data, last_epoch=1, family=family)
    begin_seconds = time.perf_counter() - started
    run.model.train()
    step = run.new_step()
    taken: list[tuple[float, int]] = []
    for inputs, labels in run.loader(run.epoch_batches(1)[:8]):
        started = time.perf_counter()
        loss, _ = step(run.augmentation(inputs, 1, len(taken)), labels)
        loss.item()
        taken.append((time.perf_counter() - started, len(labels)))
    held_out = data.test[:EVAL_BATCH_SIZE]
    run.evaluate(held_out)
    started = time.perf_counter()
    run.evaluate(held_out)
    per_eval = (time.perf_counter() - started) / len(held_out)
    num_before = NUM_FIRST + 1 if isinstance(step, GraphedStep) else 1
    per_train = float(np.mean([seconds / num for seconds, num in taken[num_before:] or taken]))
    per_epoch = sum(seconds - per_train * num for seconds, num in taken[1:num_before])
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        write_checkpoint(Path(folder), "", 1, run.state())
        save_seconds = time.perf_counter() - started
    return Probe(
        seconds=EpochTimes(per_train, per_eval, max(0.0, per_epoch)),
        begin_seconds=begin_seconds,
        save_seconds=save_seconds,
        checkpoint_bytes=_num_bytes(run.state()),
        weights_bytes=_num_bytes(run.weights()),
    )


def _num_bytes(state: Any) -> int:
    """Return the bytes of all tensors in nested mappings and lists."""
    if isinstance(state, torch.Tensor):
        return state.nbytes
    if isinstance(state, Mapping):
        return sum(_num_bytes(value) for value in state.values())
    return sum(_num_bytes(value) for value in state) if isinstance(state, list) else 0
