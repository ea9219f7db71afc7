"""What Ray Tune gets for each planned trial: its parameters, its name and its resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tune_app.planning.plan import PlannedTrial
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.study.code_fingerprint import code_of
from tune_app.study.fingerprint import data_fingerprint
from tune_app.study.ledger import Ledger
from tune_app.study.recorded import Recorded
from tune_app.study.trial_directory import read_directory
from tune_app.study.trials import Trial, join_directories
from tune_app.training.checkpoint import resumable_checkpoints


def trial_configs(
    trials: Sequence[PlannedTrial], ledger: Ledger, recorded: Recorded, launch: str
) -> list[dict[str, Any]]:
    """Return the config of each trial: its hyperparameters, and under ``plan`` what it serves."""
    return [trial_config(trial, ledger, recorded.trials.get(trial.key), launch) for trial in trials]


def trial_config(
    trial: PlannedTrial, ledger: Ledger, begun: Trial | None, launch: str
) -> dict[str, Any]:
    """Return the config of one trial.

    Args:
        trial: the trial.
        ledger: the study.
        begun: what was recorded of it so far, or None.
        launch: the launch's name.
    """
    resume = resumable_checkpoints(begun, trial.milestones[0]) if begun else []
    plan: dict[str, Any] = {
        "trial_key": trial.key,
        "name": trial.name,
        "directory": f"tune/{launch}/{trial.name}",
        "milestones": list(trial.milestones),
        "serves": {str(m): list(ids) for m, ids in trial.serves.items()},
        "data": data_fingerprint(ledger.study["data"], trial.config.get("dataset")),
        "code": code_of(ledger.study),
        "resources": dict(trial.resources),
        "resume_from": [str(path.relative_to(ledger.root)) for path in resume],
    }
    plan |= {"rungs": list(trial.rungs)} if trial.rungs else {}
    plan |= {"after_epoch": trial.after_epoch} if trial.after_epoch else {}
    plan |= {"workers": trial.workers} if trial.workers > 1 else {}
    return {**trial.config, "plan": plan}


def newest_record(
    study: PreparedStudy, key: str, launch: str, names: Sequence[str]
) -> Trial | None:
    """Return what was recorded of a trial, the running launch included; None if nothing was.

    Args:
        study: the study as it was when the launch began.
        key: the trial's key.
        launch: the running launch.
        names: the trial's directories in that launch.

    Raises:
        StorageError: the storage does not answer.
    """
    begun, store = study.recorded.trials.get(key), study.ledger.store
    directories = [] if begun is None else list(begun.directories)
    for name in names:
        path = store.root / "tune" / launch / name
        with store.guarded():
            store.refresh(path)
        found = read_directory(path, launch)
        directories += [] if found is None else [found]
    return join_directories(directories)[0] if directories else None


def trial_name(trial: Any) -> str:
    """Return the planned name of one of Tune's trials."""
    return str(trial.config["plan"]["name"])


def placement_group(config: Mapping[str, Any]) -> Any:
    """Return the placement group of a trial: one bundle with the resources of its plan.

    If the trial has several workers, each has a bundle, all on one node. The trial itself then only
    waits for them and needs none.
    """
    from ray import tune

    resources, workers = worker_resources(config["plan"])
    if workers == 1:
        return tune.PlacementGroupFactory([resources])
    return tune.PlacementGroupFactory([{}, *[resources] * workers], strategy="STRICT_PACK")


def worker_resources(plan: Mapping[str, Any]) -> tuple[dict[str, float], int]:
    """Return the resources of each worker of a trial, and how many there are."""
    workers = int(plan.get("workers", 1))
    return {name: amount / workers for name, amount in plan["resources"].items()}, workers
