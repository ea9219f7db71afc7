"""Makes rows of the study from what a user's function or class reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from search_spaces.reserved import ALLOWED_METRICS, RESERVED
from tune_app.study.objective import Objective
from tune_app.study.result_rule import ResultRule
from tune_app.study.trial_record import STATUSES, whole_number
from tune_app.training.plain_value import plain_value

_MOST_LEVELS = 5
"""A dict in so many others is recorded whole or not at all: one that holds itself has no end."""
_KEPT = {"epoch", "done", "status"}
"""Reserved names that a user's row may have: they mean what they say there."""


def returned_row(value: Any, metric: str) -> Mapping[Any, Any] | None:
    """Return the row that a function returned or yielded: a mapping, or the objective alone.

    Anything else is None.
    """
    if isinstance(value, Mapping):
        return value
    try:
        number = plain_value(value)
    except ValueError:
        return None
    is_number = isinstance(number, (int, float)) and not isinstance(number, bool)
    return {metric: number} if is_number else None


@dataclass
class OwnRows:
    """Counts the epochs of a trial and turns its reports into rows.

    The epoch of a row is the one that the report names; without one, reports are counted. A
    function that counts from 0 is shifted by one. What a report names otherwise (an epoch of 2.5,
    or a name that the study uses itself) is kept as ``reported_<name>``. Of a mapping every value
    is a measure, ``val/rmse`` of ``{"val": {"rmse": 3}}``, as in Ray Tune.

    Attributes:
        milestones: the epochs at which rows of the study end; empty if they end when the function
            returns.
        objective: the measure that selects.
        parameters: names of the configuration, which a row cannot have a second time.
        epoch: the epoch of the newest row; the epoch of the checkpoint before the first row.
        shift: what is added to the function's own epochs: 1 if it counts from 0.
        measures: the names that were reported.
        has_begun: whether a row was reported.
    """

    milestones: tuple[int, ...]
    objective: Objective
    parameters: frozenset[str] = frozenset()
    epoch: int = 0
    shift: int = 0
    measures: dict[str, None] = field(default_factory=dict)
    has_begun: bool = False
    _best: float | None = None
    _decided: int = 0
    _named: set[str] = field(default_factory=set)

    def row(self, reported: Mapping[Any, Any]) -> dict[str, Any]:
        """Return the row of one report."""
        row: dict[str, Any] = {}
        notes = []
        for key, value in reported.items():
            for inner, entry in _entries(str(key), value):
                try:
                    if not isinstance(key, str):
                        raise ValueError(f"its name is of type {type(key).__name__}, not text")
                    name = self._name_of(key, value) + inner[len(key) :]
                    row |= dict(_entries(name, plain_value(entry)))
                except ValueError as problem:
                    if inner not in self._named:
                        self._named.add(inner)
                        notes.append(f"{inner[:60]!r} is not recorded ({problem})")
        self._count(row)
        if notes:
            row["report_note"] = "; ".join(notes)
        self.measures |= dict.fromkeys(name for name in row if name not in ("epoch", "report_note"))
        # A milestone without the objective is no result: the row stays without its mark.
        if self.epoch in self.milestones and ResultRule(self.objective).is_reported(row):
            row["milestone"] = self.epoch
            if self.objective.score(row) is None:
                row["status"] = "diverged"
        return row

    @property
    def is_complete(self) -> bool:
        """Whether the last milestone is reached. Without milestones only the function knows."""
        return bool(self.milestones) and self.epoch >= self.milestones[-1]

    def is_last(self, reported: Mapping[str, Any]) -> bool:
        """Return whether a report would reach the last milestone."""
        return bool(self.milestones) and self.next_epoch(reported) >= self.milestones[-1]

    def next_epoch(self, reported: Mapping[str, Any]) -> int:
        """Return the epoch that the row of a report would have."""
        try:
            named = self._named_epoch(plain_value(reported.get("epoch")))
        except ValueError:
            named = None
        return self.epoch + 1 if named is None else named

    def reaches(self, rungs: Iterable[int], reported: Mapping[str, Any]) -> bool:
        """Note a report; return whether a search decides at it.

        It is the first report with the objective at a rung or after it. In an attempt that goes on,
        the first report with the objective counts too if a rung lies before it.

        Args:
            rungs: the epochs at which a search decides.
            reported: the report.
        """
        if not ResultRule(self.objective).is_reported(self._objective_of(reported)):
            return False
        before, self._decided = self._decided, self.next_epoch(reported)
        return any(before < rung <= self._decided for rung in rungs)

    def improves(self, reported: Mapping[str, Any]) -> bool:
        """Note the objective of a report; return whether it is the best of this attempt so far."""
        score = self.objective.score(self._objective_of(reported))
        if score is None or not self.objective.prefers(score, self._best):
            return False
        self._best = score
        return True

    def _objective_of(self, reported: Mapping[str, Any]) -> dict[str, Any]:
        """Return the part of a report that has the objective, if any, as a row has it."""
        metric = self.objective.metric
        key = metric if metric in reported else metric.partition("/")[0]
        try:
            return {metric: plain_value(dict(_entries(key, reported.get(key))).get(metric))}
        except ValueError:
            return {}

    def _named_epoch(self, given: object) -> int | None:
        """Return the epoch that a report names, or None if it names none that can be counted."""
        if isinstance(given, bool) or not isinstance(given, (int, float)):
            return None
        return whole_number(given + self.shift)

    def _name_of(self, key: str, value: Any) -> str:
        if key == "status":
            return key if value in STATUSES else f"reported_{key}"
        if key in _KEPT or key == self.objective.metric:
            return key
        is_reserved = key in RESERVED and key not in ALLOWED_METRICS
        return f"reported_{key}" if is_reserved or key in self.parameters else key

    def _count(self, row: dict[str, Any]) -> None:
        """Give the row its epoch."""
        given = row.pop("epoch", None)
        if not self.has_begun and self.epoch == 0 and given == 0 and not isinstance(given, bool):
            self.shift = 1
        self.has_begun = True
        named = self._named_epoch(given)
        if named is None and given is not None:
            row["reported_epoch"] = given
        self.epoch = row["epoch"] = self.epoch + 1 if named is None else named


def _entries(name: str, value: Any, levels: int = _MOST_LEVELS) -> Iterator[tuple[str, Any]]:
    """Yield a value under its name; of a dict every value, under ``name/key``."""
    if not isinstance(value, dict) or not levels:
        yield name, value
        return
    for key, inner in value.items():
        yield from _entries(f"{name}/{key}", inner, levels - 1)
