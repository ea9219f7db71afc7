"""The rows of a study: every configuration at every seed, and what became of each.

A row may share its trial with other rows. It may be served by several trials, or by none so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tune_app.study.code_fingerprint import CODE
from tune_app.study.trial_directory import launch_order
from tune_app.study.trials import ENDED, FINISHED, HALTED, Outcome, Report, RowKey, Trial

MOST_ROWS = 100_000
"""Ray Tune is not made for more trials, and planning so many rows takes seconds."""

STATES = {
    "finished": "finished",
    "unconverged": "not converged within max_iter",
    "diverged": "diverged",
    "stopped": "stopped by the search",
    "timed_out": "timed out",
    "failed": "failed",
    "running": "running",
    "unfinished": "interrupted",
    "open": "open",
    "missing": "not begun",
}
"""State of a row -> how it is printed."""

_RANK = {
    **dict.fromkeys(FINISHED, 0),
    "diverged": 1,
    **dict.fromkeys(("failed", "unfinished", *HALTED), 2),
    "missing": 3,
}


class RowOutcome(NamedTuple):
    """What became of a row.

    Attributes:
        status: finished, unconverged, diverged, stopped, timed_out, failed, unfinished, open or
            missing.
        reason: one line; empty for finished.
        report: the result with its metrics; None unless finished or unconverged.
        trial: the trial that counts for it, or None if none has begun.
        milestone: the epoch at which the row ends in that trial, or None without a trial.
    """

    status: str
    reason: str
    report: Report | None = None
    trial: Trial | None = None
    milestone: int | None = None

    @property
    def code(self) -> str:
        """The fingerprint of the user's code that made the result; empty if there is none.

        If the trial was continued with other code, both fingerprints are joined by ``+``.
        """
        if self.report is None or self.trial is None:
            return ""
        last = self.milestone or max(self.trial.history)
        reports = [r for epoch, r in sorted(self.trial.history.items()) if epoch <= last]
        codes = dict.fromkeys(str(r.directory.plan.get(CODE) or "") for r in reports)
        return "+".join(filter(None, codes))


def row_keys(study: Mapping[str, Any]) -> list[RowKey]:
    """Return the (config_id, seed) of every row of a study, in the declared order."""
    ids = [entry["config_id"] for entry in study["configurations"]]
    return [(config_id, seed) for config_id in ids for seed in study["seeds"]]


def row_outcomes(study: Mapping[str, Any], trials: Iterable[Trial]) -> dict[RowKey, RowOutcome]:
    """Return what became of every row, in the declared order.

    If several trials serve a row, the one that got furthest counts; of equal ones, the newest. A
    row is open if it has not ended and the newest launch could not run it.

    Args:
        study: ``study.json`` with its launches.
        trials: all trials of the study.
    """
    servers: dict[RowKey, list[tuple[Trial, int]]] = {}
    for trial in sorted(trials, key=lambda trial: launch_order(trial.newest.launch), reverse=True):
        for key, milestone in trial.rows().items():
            servers.setdefault(key, []).append((trial, milestone))
    reasons = open_reasons(study)
    return {key: _outcome(servers.get(key, []), reasons.get(key)) for key in row_keys(study)}


def open_entries(reasons: Mapping[RowKey, str]) -> list[dict[str, Any]]:
    """Return rows and why they cannot run, as the record of a launch has them."""
    return [
        {"config_id": config_id, "seed": seed, "reason": reason}
        for (config_id, seed), reason in reasons.items()
    ]


def open_reasons(study: Mapping[str, Any]) -> dict[RowKey, str]:
    """Return row -> why the newest launch could not run it."""
    entries = study["launches"][-1].get("open") if study["launches"] else None
    return {
        (entry["config_id"], entry["seed"]): str(entry.get("reason") or "")
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
        and isinstance(entry.get("config_id"), str)
        and isinstance(entry.get("seed"), int)
    }


def _outcome(servers: list[tuple[Trial, int]], open_reason: str | None) -> RowOutcome:
    best: tuple[Trial, int, Outcome] | None = min(
        ((trial, milestone, trial.outcome(milestone)) for trial, milestone in servers),
        key=lambda served: _RANK[served[2].status],
        default=None,
    )
    if best is None:
        found = RowOutcome("missing", "no trial has begun")
    else:
        trial, milestone, outcome = best
        found = RowOutcome(*outcome, trial, milestone)
    if open_reason is not None and found.status not in ENDED:
        return found._replace(status="open", reason=open_reason)
    return found
