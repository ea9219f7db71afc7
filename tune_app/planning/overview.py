"""How far a study is, from its directory alone: no Ray, no cluster, on any machine that sees it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tune_app.planning.remaining import (
    Speed,
    epochs_left,
    measure_speed,
    planned_trials,
    seconds_left,
    stamp,
)
from tune_app.study.history import RowKey, TrialDirectory, TrialHistory
from tune_app.study.ledger import Ledger
from tune_app.study.study_file import plain_glob

_HUGE = 1e100
"""No measurement; sums of damaged ones would overflow."""


@dataclass(frozen=True)
class Overview:
    """The state of a study.

    Attributes:
        rows: every row's state, in the study's order: ``finished``, ``diverged``, ``unconverged``,
            ``failed``, ``running``, ``unfinished`` (begun), ``open`` or ``missing`` (not begun).
        failures: trial's directory -> why its latest attempt failed.
        open_reasons: row -> why the newest launch could not run it.
        num_epochs: epochs recorded, each counted once.
        num_epochs_left: epochs that are still to be trained, those after a checkpoint again unless
            the study is running; None if that cannot be planned.
        speed: of the newest launch, or None if it recorded nothing.
        seconds_left: estimated from both, or None.
        last_result: when the latest result came, in seconds since 1970, or None.
        results: row -> the recorded line of its milestone.
        num_unreadable: trial directories whose ``params.json`` is damaged.
    """

    rows: Mapping[RowKey, str]
    failures: Mapping[str, str]
    open_reasons: Mapping[RowKey, str]
    num_epochs: int
    num_epochs_left: int | None
    speed: Speed | None
    seconds_left: float | None
    last_result: float | None
    results: Mapping[RowKey, Mapping[str, Any]]
    num_unreadable: int


def overview(ledger: Ledger, *, running: bool) -> Overview:
    """Read what a study recorded so far.

    Args:
        ledger: the study.
        running: whether a driver holds it; trials without an end are then running.
    """
    directories = list(ledger.directories())
    histories = ledger.histories(directories)
    open_reasons = _open_reasons(ledger)
    rows = _row_states(ledger, histories, open_reasons, running)
    left = planned_trials(ledger, {k for k, s in rows.items() if not _is_left(s, running)})
    speed = measure_speed(ledger, directories)
    failures = {
        h.directories[-1].name: h.error
        for h in histories.values()
        if h.error is not None and any(rows[key] == "failed" for key in h.rows)
    }
    stamps = [when for d in directories for line in d.results if (when := stamp(line)) is not None]
    num_directories = len(plain_glob(ledger.root, "tune/*/*/params.json"))
    return Overview(
        rows=rows,
        failures=failures,
        open_reasons=open_reasons,
        num_epochs=sum(len(history.epochs) for history in histories.values()),
        num_epochs_left=(
            None
            if left is None
            else sum(epochs_left(trial, histories, running=running) for trial in left)
        ),
        speed=speed,
        seconds_left=(
            None if left is None else seconds_left(ledger, left, histories, speed, running=running)
        ),
        last_result=max(stamps, default=None),
        results=_milestone_results(ledger, directories),
        num_unreadable=max(0, num_directories - len(directories)),
    )


def best_configurations(ledger: Ledger, view: Overview) -> list[dict[str, Any]]:
    """Return the best configuration so far of each data set and model, chosen on validation.

    As in the report: a configuration is judged by the mean over its finished seeds, one of which a
    seed diverged is left out, and equal ones are decided by less training time, then by their id.
    The test metric of the same quantity stands beside; nothing is chosen by it.
    """
    metric, mode = ledger.study["space"].get("metric"), ledger.study["space"].get("mode")
    metric = metric if isinstance(metric, str) else "val_accuracy"
    test_metric = metric.replace("val_", "test_", 1)
    best: dict[tuple[Any, ...], tuple[tuple[Any, ...], dict[str, Any]]] = {}
    for configuration in ledger.configurations():
        config_id, config = configuration.config_id, configuration.config
        keys = [(config_id, seed) for seed in ledger.study["seeds"]]
        lines = [view.results[key] for key in keys if key in view.results]
        score = _mean(lines, metric)
        if score is None or any(view.rows[key] == "diverged" for key in keys):
            continue
        group = {name: config[name] for name in ("dataset", "model", "kernel") if name in config}
        seconds = _mean(lines, "train_seconds")
        rank = (score if mode == "min" else -score, math.inf if seconds is None else seconds)
        entry = {
            "group": group,
            "config_id": config_id,
            "config": config,
            "num_seeds": len(lines),
            "metric": metric,
            "score": score,
            "test_metric": test_metric,
            "test_score": _mean(lines, test_metric),
        }
        label = tuple(group.values())
        if label not in best or (*rank, config_id) < best[label][0]:
            best[label] = ((*rank, config_id), entry)
    return [entry for _, entry in best.values()]


def _row_states(
    ledger: Ledger,
    histories: Mapping[str, TrialHistory],
    open_reasons: Mapping[RowKey, str],
    running: bool,
) -> dict[RowKey, str]:
    launches = ledger.study["launches"]
    newest = launches[-1].get("name") if launches else None
    finished: dict[RowKey, str] = {}
    begun: dict[RowKey, str] = {}
    for history in histories.values():
        finished.update(history.finished)
        state = "unfinished" if history.epochs else "missing"
        if running and history.directories[-1].parent.name == newest:
            state = "running"
        if history.error is not None:
            state = "failed"
        begun.update(dict.fromkeys(history.rows - history.finished.keys(), state))
    states = {}
    for key in ledger.row_keys():
        if key in finished:
            states[key] = "finished" if finished[key] == "ok" else finished[key]
        elif key in open_reasons:
            states[key] = "open"
        else:
            states[key] = begun.get(key, "missing")
    return states


def _is_left(state: str, running: bool) -> bool:
    """Return whether a row is still to be run: failed ones only by the next launch."""
    return state in ("running", "unfinished", "missing") or (state == "failed" and not running)


def _open_reasons(ledger: Ledger) -> dict[RowKey, str]:
    launches = ledger.study["launches"]
    entries = launches[-1].get("open") if launches else None
    known = set(ledger.row_keys())
    reasons: dict[RowKey, str] = {}
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("config_id"), str):
            seed = entry.get("seed")
            if isinstance(seed, int) and (entry["config_id"], seed) in known:
                reasons[entry["config_id"], seed] = str(entry.get("reason"))
    return reasons


def _milestone_results(
    ledger: Ledger, directories: Sequence[TrialDirectory]
) -> dict[RowKey, Mapping[str, Any]]:
    """Return row -> the last line that any launch recorded at the row's milestone."""
    known = set(ledger.row_keys())
    found: dict[RowKey, Mapping[str, Any]] = {}
    for directory in directories:
        for line in directory.results:
            for config_id in directory.params.serves.get(line.get("milestone") or 0, ()):
                key = (config_id, directory.params.seed)
                if key in known and line.get("status", "ok") != "diverged":
                    found[key] = line
    return found


def _mean(lines: Sequence[Mapping[str, Any]], quantity: str) -> float | None:
    """Return the mean of a quantity, or None if any line lacks it or holds no finite number."""
    values = [line.get(quantity) for line in lines]
    numbers = [float(v) for v in values if isinstance(v, (int, float)) and abs(v) < _HUGE]
    return sum(numbers) / len(values) if numbers and len(numbers) == len(values) else None
