"""The rule by which the report and ``status`` pick the best configuration."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from tune_app.study.best_of import Pick
from tune_app.study.objective import Objective
from tune_app.study.rows import RowOutcome
from tune_app.study.trials import FINISHED, RowKey

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


def pick_configurations(
    study: Mapping[str, Any], outcomes: Mapping[RowKey, RowOutcome], count: int
) -> tuple[Pick, ...]:
    """Return the best configurations of each data set, by the objective, the best first.

    The rule is that of the report: those with results at the most seeds are compared, and none of
    which a seed diverged. Of several that are one training, the first is taken.

    Args:
        study: ``study.json``.
        outcomes: what became of its rows.
        count: how many of each data set.
    """
    objective = Objective.of_study(study)
    tried: dict[object, int] = {}
    ranked: dict[object, list[tuple[tuple[float, ...], str, float]]] = {}
    trainings: set[object] = set()
    for place, entry in enumerate(study["configurations"]):
        config_id, dataset = entry["config_id"], entry["config"].get("dataset")
        found = [outcomes[config_id, seed] for seed in study["seeds"]]
        if all(outcome.status in ("missing", "open") for outcome in found):
            continue
        tried[dataset] = tried.get(dataset, 0) + 1
        done = [o for o in found if o.status in FINISHED and o.report is not None]
        scores = [objective.score(o.report.record) for o in done if o.report]
        known = [score for score in scores if score is not None]
        diverged = any(outcome.status == "diverged" for outcome in found)
        if not known or len(known) < len(done) or diverged:
            continue
        training = tuple((o.trial.key, o.milestone) for o in done if o.trial)
        if training in trainings:
            continue
        trainings.add(training)
        mean, epochs = sum(known) / len(known), float(done[0].milestone or 0)
        order = rank(mean, objective.mode, epochs, place, len(known))
        ranked.setdefault(dataset, []).append((order, config_id, mean))
    return tuple(
        Pick(config_id, mean, tried[dataset], len(candidates))
        for dataset, candidates in ranked.items()
        for _, config_id, mean in sorted(candidates)[:count]
    )
