"""The rule by which the report and ``status`` pick the best configuration."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

_METHODS = {"svm": "kernel"}
"""Trainable -> the parameter that names its method; ``model`` for every other of this package."""


def group_names(space: Mapping[str, Any], parameters: Collection[str]) -> list[str]:
    """Return the parameters that separate the groups of which each has a best configuration.

    They are the data set and the method: the model, or the kernel of a support vector machine. In
    a study of a user's own function only results on different data sets are kept apart, because
    what ``model`` means there is not known.

    Args:
        space: the entry ``space`` of ``study.json``.
        parameters: the parameters of the study's configurations.
    """
    method = _METHODS.get(str(space.get("trainable")), "model")
    names = ("dataset",) if space.get("is_own") is True else ("dataset", method)
    return [name for name in names if name in parameters]


def rank(
    score: float, mode: str, num_epochs: float, place: int, num_seeds: int = 1
) -> tuple[int, float, float, int]:
    """Return the sort key of a candidate. The candidate with the smallest key is the best.

    Only configurations with equally many results are compared: the one with results at more seeds
    comes first, whatever its score. So seeds that failed or are open count against a configuration.
    Of equal scores the one with fewer epochs is better, then the one that is declared first. Both
    are data of the study, so a study gives the same pick on every machine.

    Args:
        score: the mean of the validation metric over seeds. Only twelve digits count, because the
            last digits of a mean depend on the order of summation.
        mode: ``"max"`` or ``"min"``.
        num_epochs: the epochs of the configuration; NaN counts as more than any number.
        place: the position of the configuration in the declared order.
        num_seeds: the number of seeds that the score is a mean over.
    """
    assert mode in ("max", "min"), mode
    rounded = float(f"{score:.12g}")
    epochs = math.inf if math.isnan(num_epochs) else num_epochs
    return (-num_seeds, rounded if mode == "min" else -rounded, epochs, place)
