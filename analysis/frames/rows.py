"""The rows of a study: every configuration at every seed, and what became of it.

A row may share its trial with others, several trials may serve it, and none may have begun.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from analysis.frames.trial_files import Record
from analysis.frames.trial_frames import resolved, scalars
from analysis.frames.trials import Outcome, Report, Trial

FINISHED = ("finished", "unconverged")
"""Statuses of rows that have their metrics."""
ENDED = (*FINISHED, "diverged")
"""Statuses that another launch of the same study would not change."""

Row = tuple[str, int]
"""A config_id and a seed."""

_RANK = {**dict.fromkeys(FINISHED, 0), "diverged": 1, "failed": 2, "unfinished": 2, "missing": 3}
_NOT_METRICS = ("epoch", "status", "milestone", "predictions_file", "device")


def rows_of(
    meta: Record, configurations: Mapping[str, Record], trials: list[Trial]
) -> tuple[list[Record], dict[Row, Report]]:
    """Return a record for each row, in the declared order, and the report its metrics come from.

    Args:
        meta: ``study.json``, parsed.
        configurations: config_id -> parameters, flattened.
        trials: all trials of the study.
    """
    servers = _servers(trials)
    reasons = _open_reasons(meta)
    records: list[Record] = []
    reports: dict[Row, Report] = {}
    for config_id, config in configurations.items():
        for seed in sorted(set(meta["seeds"])):
            row = (config_id, seed)
            record, report = _row(row, config, servers.get(row, []), reasons.get(row))
            records.append(record)
            if report is not None:
                reports[row] = report
    return records, reports


def row_frame(
    records: list[Record], reports: Iterable[Report], config_keys: tuple[str, ...]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return ``Study.rows`` and ``Study.metric_keys``."""
    reported = dict.fromkeys(key for report in reports for key in scalars(report.record))
    metric_keys = tuple(key for key in reported if key not in (*_NOT_METRICS, *config_keys))
    tail = ("trial_id", "shared_with", "same_as", "status", "reason", "device", "launch")
    names = ("config_id", "seed", *config_keys, *metric_keys, "milestone", *tail)
    return pd.DataFrame(records, columns=list(dict.fromkeys(names))), metric_keys


def _servers(trials: list[Trial]) -> dict[tuple[str, Any], list[tuple[Trial, int]]]:
    """Return row -> the trials that serve it and at which milestone, newest launch first."""
    servers: dict[tuple[str, Any], list[tuple[Trial, int]]] = {}
    for trial in sorted(trials, key=lambda trial: trial.newest.launch, reverse=True):
        for milestone, config_ids in trial.serves.items():
            for config_id in config_ids:
                servers.setdefault((config_id, trial.seed), []).append((trial, milestone))
    return servers


def _open_reasons(meta: dict[str, Any]) -> dict[tuple[str, Any], str]:
    """Return row -> why the last launch left it open."""
    launches = meta.get("launches")
    last = launches[-1] if isinstance(launches, list) and launches else {}
    entries = last.get("open") if isinstance(last, dict) else None
    return {
        (str(entry.get("config_id")), entry.get("seed")): str(entry.get("reason") or "")
        for entry in entries or []
        if isinstance(entry, dict) and isinstance(entry.get("seed"), int)
    }


def _row(
    row: tuple[str, Any], config: Record, servers: list[tuple[Trial, int]], open_reason: str | None
) -> tuple[Record, Report | None]:
    """Return the record of one row and the report its metrics come from.

    Where several trials serve the row, the one that got furthest counts, then the newest.
    """
    best: tuple[Trial, int, Outcome] | None = min(
        ((trial, milestone, trial.outcome(milestone)) for trial, milestone in servers),
        key=lambda served: _RANK[served[2].status],
        default=None,
    )
    outcome = best[2] if best else _nothing(open_reason)
    if outcome.status == "missing" and open_reason is not None:
        outcome = _nothing(open_reason)
    metrics = scalars(outcome.report.record) if outcome.report else {}
    origin: Record = {"trial_id": None, "shared_with": "", "same_as": ""}
    origin |= {"launch": None, "milestone": None}
    if best:
        trial, milestone, _ = best
        metrics.setdefault("device", trial.config.get("device"))
        directory = outcome.report.directory if outcome.report else trial.newest
        if outcome.report:
            metrics |= trial.conditions(milestone)
        origin |= {"trial_id": trial.key, "launch": directory.launch, "milestone": milestone}
        others = {"shared_with": trial.primary, "same_as": trial.serves[milestone][0]}
        origin |= {name: "" if other == row[0] else other for name, other in others.items()}
    record: Record = {"device": None} | resolved(config, metrics)
    if record["device"] == "auto":
        record["device"] = None
    identity = {"config_id": row[0], "seed": row[1]}
    record |= identity | origin | {"status": outcome.status, "reason": outcome.reason}
    return record, outcome.report


def _nothing(open_reason: str | None) -> Outcome:
    if open_reason is None:
        return Outcome("missing", "no trial has begun", None)
    return Outcome("open", open_reason, None)
