"""What Ray Tune is told of each planned trial: its parameters, its name and its resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tune_app.planning.plan import PlannedTrial
from tune_app.study.history import resumable_checkpoints
from tune_app.study.ledger import Ledger


def trial_configs(
    trials: Sequence[PlannedTrial], ledger: Ledger, launch: str
) -> list[dict[str, Any]]:
    """Return what Tune hands to each trial: its hyperparameters, and the plan beside them."""
    histories = ledger.histories()
    configs = []
    for trial in trials:
        history = histories.get(trial.key)
        resume: list[Path] = []
        if history is not None:
            resume = resumable_checkpoints(history, trial.key, trial.milestones[0])
        plan = {
            "trial_key": trial.key,
            "name": trial.name,
            "directory": f"tune/{launch}/{trial.name}",
            "milestones": list(trial.milestones),
            "serves": {str(m): list(ids) for m, ids in trial.serves.items()},
            "resources": dict(trial.resources),
            "resume_from": [str(path.relative_to(ledger.root)) for path in resume],
        }
        configs.append({**trial.config, "plan": plan})
    return configs


def trial_name(trial: Any) -> str:
    """Return the planned name of one of Tune's trials."""
    return str(trial.config["plan"]["name"])


def trial_resources(config: Mapping[str, Any]) -> Any:
    """Return the placement group that a trial's function asks for."""
    from ray import tune

    return tune.PlacementGroupFactory([dict(config["plan"]["resources"])])
