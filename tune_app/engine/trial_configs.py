"""What Ray Tune gets for each planned trial: its parameters, its name and its resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tune_app.planning.plan import PlannedTrial
from tune_app.study.code_fingerprint import code_of
from tune_app.study.fingerprint import data_fingerprint
from tune_app.study.ledger import Ledger
from tune_app.study.recorded import Recorded
from tune_app.training.checkpoint import resumable_checkpoints


def trial_configs(
    trials: Sequence[PlannedTrial], ledger: Ledger, recorded: Recorded, launch: str
) -> list[dict[str, Any]]:
    """Return the config of each trial: its hyperparameters, and under ``plan`` what it serves."""
    configs = []
    for trial in trials:
        begun = recorded.trials.get(trial.key)
        resume = resumable_checkpoints(begun, trial.milestones[0]) if begun else []
        plan = {
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
        configs.append({**trial.config, "plan": plan})
    return configs


def trial_name(trial: Any) -> str:
    """Return the planned name of one of Tune's trials."""
    return str(trial.config["plan"]["name"])


def placement_group(config: Mapping[str, Any]) -> Any:
    """Return the placement group of a trial: one bundle with the resources of its plan."""
    from ray import tune

    return tune.PlacementGroupFactory([dict(config["plan"]["resources"])])
