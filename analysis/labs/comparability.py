"""Reasons why an accuracy of a study and a published one cannot be compared."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from analysis.checks.audit.table import Table
from analysis.frames.load import Study
from analysis.frames.meta import datasets_of
from analysis.labs.reference import Protocol

Ours = dict[str, Any]
"""One configuration of a study: its parameters, those of its trial, and means over its seeds."""


def reasons_of(table: Table, row: int, ours: Ours, study: Study) -> list[str]:
    """Return the reasons why two accuracies cannot be compared; empty if they can."""
    protocol = table.protocol
    found = [
        protocol.unusable,
        _images(protocol, ours, study),
        _input(protocol, ours),
        _optimizer(protocol, ours),
        _precision(table, row, ours),
        _trained_on(protocol, ours),
    ]
    epochs, our_epochs = epochs_of(table, row), number_of(ours, "epochs")
    if epochs is not None and np.isfinite(our_epochs) and epochs != our_epochs:
        found.append(f"{our_epochs:g} epochs, theirs {epochs:g}")
    if epochs is None and "model" in table.frame:
        found.append("theirs does not state its epochs")
    if not ours["is_converged"]:
        found.append("our solver did not converge")
    if not 0 <= number_of(ours, "test_accuracy") <= 1:
        found.append("our accuracy is not a fraction")
    return [reason for reason in found if reason]


def _images(protocol: Protocol, ours: Ours, study: Study) -> str:
    datasets = datasets_of(study.meta.get("data"))
    num = datasets.get(str(ours["dataset"]), {}).get("num_images")
    if not isinstance(num, int):
        return "how many images were split is not recorded"
    if protocol.num_images in (None, num):
        return ""
    return f"{num:,} images were split, theirs {protocol.num_images:,}"


def _input(protocol: Protocol, ours: Ours) -> str:
    channels, size = number_of(ours, "in_channels"), number_of(ours, "image_size")
    if protocol.input_shape is None or not np.isfinite([channels, size]).all():
        return ""
    shape = (int(channels), int(size), int(size))
    if shape == protocol.input_shape:
        return ""
    texts = ("×".join(map(str, s)) for s in (shape, protocol.input_shape))
    return "input {}, theirs {}".format(*texts)


def _optimizer(protocol: Protocol, ours: Ours) -> str:
    name, momentum = ours.get("optimizer"), number_of(ours, "momentum")
    theirs = protocol.optimizer_details.get(str(name))
    if name != "sgd" or theirs is None or not np.isfinite(momentum):
        return ""
    own = f"momentum {momentum:g}" if momentum else "no momentum"
    return "" if own == theirs else f"SGD with {own}, theirs with {theirs}"


def _precision(table: Table, row: int, ours: Ours) -> str:
    """Compare the precisions. A published CPU row is float32, as only GPUs use mixed precision."""
    mixed, device = table.protocol.mixed_precision, table.frame.get("device")
    own = ours.get("precision")
    if mixed is None or not isinstance(own, str):
        return ""
    mixed = mixed and (device is None or device.iloc[row] == "cuda")
    if mixed == (own != "float32"):
        return ""
    return f"{own}, theirs {'mixed precision' if mixed else 'float32'}"


def _trained_on(protocol: Protocol, ours: Ours) -> str:
    own, theirs = number_of(ours, "num_train_images"), protocol.num_train_images
    if theirs is None or not np.isfinite(own) or own == theirs:
        return ""
    return f"trained on {own:,.0f} images, theirs on {theirs:,}"


def epochs_of(table: Table, row: int) -> float | None:
    """Return how many epochs a published row was trained for; None if that is not known."""
    if "epochs" in table.frame:
        return float(table.frame["epochs"].iloc[row])
    return None if table.protocol.epochs is None else float(table.protocol.epochs)


def number_of(ours: Ours, column: str) -> float:
    """Return a value of a configuration as a float; NaN if it is missing or not a number."""
    try:
        return float(ours.get(column, math.nan))
    except (TypeError, ValueError, OverflowError):
        return math.nan
