"""The plan of a launch as one JSON object: ``tune-app run --plan --json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tune_app.planning.estimate import Estimate
from tune_app.planning.plan import Plan, PlannedTrial
from tune_app.planning.plan_power import power_of
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.planning.resources import Cluster
from tune_app.planning.row_choice import why_left_out
from tune_app.study.rows import open_entries

_NO_PROBE = "not known before the first epoch"


def plan_record(
    study: PreparedStudy,
    plan: Plan,
    cluster: Cluster,
    *,
    notes: Sequence[str],
    estimate: Estimate | None,
) -> dict[str, Any]:
    """Return a plan for JSON. ``docs/guide.md`` describes its keys.

    Args:
        study: the study.
        plan: its plan.
        cluster: the cluster to run on.
        notes: what the user has to know of the study, one line each.
        estimate: the estimated time, disk and memory; None if no trial is to run.
    """
    space, power = study.request.space, power_of(study)
    estimated = estimate or Estimate(0.0, 0, 0, 0)
    return {
        "study": study.ledger.name,
        "place": study.ledger.store.place,
        "space": space.name,
        "question": space.question,
        "rows": _rows(plan),
        "num_trials": len(plan.trials),
        "num_epochs": plan.num_epochs() if study.trainable.prefix_axis else None,
        "num_epochs_without_sharing": (
            plan.num_epochs_unshared if study.trainable.prefix_axis else None
        ),
        "seconds": estimated.seconds,
        "seconds_unknown": "" if estimated.seconds is not None else estimated.unknown or _NO_PROBE,
        "estimate_basis": estimated.basis,
        "trials_at_once": estimated.num_slots,
        "disk_bytes": estimated.disk_bytes,
        "memory_bytes": estimated.memory_bytes,
        "cluster": {name: cluster.total(name) for name in ("CPU", "GPU")},
        "order": None if study.search is not None else study.order()._asdict(),
        "limits": _limits(study),
        "smallest_difference": None if power is None else power._asdict(),
        "search": None if study.search is None else study.search.as_json(),
        "data": {
            name: {"train": len(data.train), "val": len(data.val), "test": len(data.test)}
            for name, data in study.images.items()
        },
        "trials": [_trial(trial) for trial in plan.trials],
        "open": _open(study, plan),
        "notes": list(notes),
    }


def _rows(plan: Plan) -> dict[str, int]:
    """Return how many rows there are, and how many of them are in each state."""
    return {
        "all": plan.num_rows,
        "finished": len(plan.finished),
        "to_run": sum(trial.num_rows() for trial in plan.trials),
        "open": len(plan.open_rows),
        "left_out": len(plan.left_out),
    }


def _limits(study: PreparedStudy) -> dict[str, Any]:
    request = study.request
    limits = request.limits
    return {
        "seconds": limits.seconds,
        "trial_seconds": limits.trial_seconds,
        "target": None if limits.target is None else dict([limits.target]),
        "cost_hours": None if limits.max_cost is None else dict([limits.max_cost]),
        "trials_at_once": request.max_concurrent or None,
        "failures_of_a_trial": request.max_failures,
    }


def _trial(trial: PlannedTrial) -> dict[str, Any]:
    return {
        "name": trial.name,
        "config": dict(trial.config),
        "num_epochs": trial.num_epochs,
        "resources": dict(trial.resources),
        "rows": [
            {"config_id": config_id, "seed": trial.config["seed"], "epoch": epoch or None}
            for epoch, ids in trial.serves.items()
            for config_id in ids
        ],
    }


def _open(study: PreparedStudy, plan: Plan) -> list[dict[str, Any]]:
    """Return the rows that will stay open, each with the reason."""
    reasons = {row.key: row.reason for row in plan.open_rows}
    if study.request.where:
        reasons |= dict.fromkeys(plan.left_out, why_left_out(study.request.where))
    return open_entries(reasons)
