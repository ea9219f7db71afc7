"""How a trial ended that Tune counts as ended without an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from search_spaces.errors import choices
from search_spaces.reserved import RESERVED
from tune_app.study.result_rule import ResultRule
from tune_app.study.trial_record import AT_RETURN


@dataclass
class Written:
    """What this launch has recorded of one trial.

    Attributes:
        rows: (epoch, milestone or None) of every row.
        earlier: those of earlier attempts.
        last: the newest row; empty before the first.
        scores: epoch -> the row's value of the objective, or None.
        reported: the names that the rows have.
        repeats: whether the row that was reported last was left out as a repetition.
        begins_again: whether the next row is the first of another attempt.
        error: the text of the error that a user's function raised; empty without one.
        refused: why a row cannot be recorded; empty if all could.
    """

    rows: set[tuple[int, int | None]] = field(default_factory=set)
    earlier: frozenset[tuple[int, int | None]] = frozenset()
    last: dict[str, Any] = field(default_factory=dict)
    scores: dict[int, float | None] = field(default_factory=dict)
    reported: dict[str, None] = field(default_factory=dict)
    repeats: bool = False
    begins_again: bool = False
    error: str = ""
    refused: str = ""

    def begin(self) -> None:
        """Note that an attempt begins."""
        self.earlier = frozenset(self.rows)
        self.begins_again = bool(self.rows)

    def replace_from(self, epoch: int) -> None:
        """Forget what an earlier attempt reported of this epoch and later ones."""
        self.begins_again = False
        self.rows = {row for row in self.rows if row[0] < epoch}
        self.scores = {e: score for e, score in self.scores.items() if e < epoch}

    def add(self, row: dict[str, Any], rule: ResultRule) -> None:
        """Note a row that has been recorded."""
        self.rows.add((row["epoch"], row.get("milestone")))
        self.last = row
        self.reported |= dict.fromkeys(row)
        if rule.is_reported(row):
            self.scores[row["epoch"]] = rule.objective.score(row)


def why_incomplete(
    plan: Mapping[str, Any], written: Written, rule: ResultRule, *, is_own: bool
) -> str:
    """Return why a trial has no result although it has ended; an empty text if it has one.

    Args:
        plan: the trial's plan.
        written: what this launch recorded of it.
        rule: finds the result of a user's function.
        is_own: whether the trial runs a user's function, which may report anything.
    """
    if written.refused:
        return f"it reported a row that cannot be recorded: {written.refused}"
    last = plan["milestones"][-1]
    reached = {milestone for _, milestone in written.rows}
    if last != AT_RETURN and (not is_own or written.scores):
        if last not in reached and written.last.get("status") == "diverged":
            return ""
        if is_own and (reason := _without_milestone(plan, written, rule.objective.metric)):
            return reason
        if last not in reached:
            return (
                f"it ended after epoch {written.last.get('epoch', 0)} without reporting milestone "
                f"{last}, which its rows need"
            )
    if not is_own or written.scores or plan["resume_from"]:  # it may have reported it before
        return ""
    return _without_objective(written, rule.objective.metric)


def _without_milestone(plan: Mapping[str, Any], written: Written, metric: str) -> str:
    """Return which epoch of a row a user's function has not reported, or not with the objective.

    A trial that goes on may have reported earlier ones in another launch.
    """
    epochs, milestones = {epoch for epoch, _ in written.rows}, {*plan["milestones"]}
    for epoch in sorted(milestones & epochs - written.scores.keys()):
        return f"its report of epoch {epoch} lacks {metric}, the metric of the space"
    for epoch in sorted(milestones - epochs):
        if epoch < max(epochs) and not plan["resume_from"]:
            return f"it reported later epochs, but not epoch {epoch}, which its rows need"
    return ""


def _without_objective(written: Written, metric: str) -> str:
    """Return that a user's function has not reported the objective, and what it has."""
    if not written.rows:
        return "it returned without a report; report its results with tune.report({...})"
    note = written.last.get("report_note")
    if metric in written.reported:
        value = written.last.get(metric)
        return (
            f"{metric}, the metric of the search space, was reported as {value!r:.60}; allowed: a "
            "number"
        )
    if note:
        return f"it reported no number as {metric}, the metric of the search space: {note}"
    names = [name for name in written.reported if name not in RESERVED]
    return (
        f"it never reported {metric}, the metric of the search space; it reported "
        f"{choices(names) or 'nothing else'}"
    )
