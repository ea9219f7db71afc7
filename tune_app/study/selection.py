"""The rule by which the report and ``status`` pick the best configuration."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from search_spaces.configuration import Config
from tune_app.study.best_of import Pick
from tune_app.study.objective import Objective, finite_number
from tune_app.study.rows import RowOutcome
from tune_app.study.study_file import SAME_AT_EVERY_SEED
from tune_app.study.trial_record import Record
from tune_app.study.trials import RowKey

_HUGE = 1e100
"""Larger values are taken for damage, since their sums could overflow."""

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


class Results(NamedTuple):
    """The rows of a study, as much as is needed to pick the best.

    Attributes:
        rows: every row's state.
        results: row -> the recorded result of its milestone.
    """

    rows: Mapping[RowKey, str] = {}
    results: Mapping[RowKey, Record] = {}


def results_of(outcomes: Mapping[RowKey, RowOutcome]) -> Results:
    """Return the states and the results of rows, from what became of them."""
    return Results(
        {key: outcome.status for key, outcome in outcomes.items()},
        {key: o.report.record for key, o in outcomes.items() if o.report},
    )


class Candidate(NamedTuple):
    """A configuration that may be picked.

    Attributes:
        config_id: its id.
        config: its parameters.
        records: its results, one for each seed that has one; one alone if no seed changes it.
        score: the mean of the objective over them.
        order: its ``rank``.
        is_same: whether no seed changes its result.
    """

    config_id: str
    config: Config
    records: Sequence[Record]
    score: float
    order: tuple[int, float, float, int]
    is_same: bool


def candidates(study: Mapping[str, Any], found: Results) -> Iterator[Candidate]:
    """Yield the configurations that may be picked, in the declared order.

    The rule is that of the report: a configuration is left out if a seed diverged, because the mean
    of the others would be too good, and if one of its results lacks the objective.

    Args:
        study: ``study.json``.
        found: the states and the results of its rows.
    """
    objective, same = Objective.of_study(study), study.get(SAME_AT_EVERY_SEED, ())
    for place, entry in enumerate(study["configurations"]):
        keys = [(entry["config_id"], seed) for seed in study["seeds"]]
        records = [found.results[key] for key in keys if key in found.results]
        score = mean_of(records, objective.metric)
        if score is None or any(found.rows[key] == "diverged" for key in keys):
            continue
        is_same = entry["config_id"] in same
        records = records[:1] if is_same else records
        epochs = mean_of(records, "milestone")
        num_epochs = math.nan if epochs is None else epochs
        order = rank(score, objective.mode, num_epochs, place, len(records))
        yield Candidate(entry["config_id"], entry["config"], records, score, order, is_same)


def best_first(group: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates of a group, the best first.

    A result that no seed changes is one at every seed, so it counts as results at the most seeds
    that another candidate has.
    """
    most = max((len(candidate.records) for candidate in group), default=0)
    return sorted(group, key=lambda c: (-most, *c.order[1:]) if c.is_same else c.order)


def mean_of(records: Sequence[Record], name: str) -> float | None:
    """Return the mean of a quantity, or None if a record has no usable number for it."""
    values = [finite_number(record.get(name)) for record in records]
    known = [value for value in values if value is not None and abs(value) < _HUGE]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def pick_configurations(
    study: Mapping[str, Any], outcomes: Mapping[RowKey, RowOutcome], count: int
) -> tuple[Pick, ...]:
    """Return the best configurations of each data set, by the objective, the best first.

    Of several that are one training, the first is taken.

    Args:
        study: ``study.json``.
        outcomes: what became of its rows.
        count: how many of each data set.
    """
    tried: Counter[object] = Counter()
    for entry in study["configurations"]:
        states = {outcomes[entry["config_id"], seed].status for seed in study["seeds"]}
        tried[entry["config"].get("dataset")] += not states <= {"missing", "open"}
    ranked: dict[object, list[Candidate]] = {}
    trainings: set[object] = set()
    for candidate in candidates(study, results_of(outcomes)):
        of_seeds = [outcomes[candidate.config_id, seed] for seed in study["seeds"]]
        training = tuple((o.trial.key, o.milestone) for o in of_seeds if o.report and o.trial)
        if training not in trainings:
            trainings.add(training)
            ranked.setdefault(candidate.config.get("dataset"), []).append(candidate)
    return tuple(
        Pick(best.config_id, best.score, tried[dataset], len(group))
        for dataset, group in ranked.items()
        for best in best_first(group)[:count]
    )
