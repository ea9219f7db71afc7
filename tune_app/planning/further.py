"""Takes one configuration of a study further: ``--continue ROW --epochs N``.

A row that a search stopped is run to its end. For more epochs than it has, a configuration with
that number is added to the study. If a short training is the beginning of a longer one, both have
the same trial, so only the new epochs are trained where a checkpoint is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from search_spaces.configuration import make_configuration
from search_spaces.errors import UserError, choices
from tune_app.planning.plan import Plan
from tune_app.planning.sharing import milestone_of
from tune_app.study.trials import RowKey
from tune_app.training.checkpoint import resumable_checkpoints
from tune_app.training.registry import Trainable, check_config

if TYPE_CHECKING:
    from tune_app.planning.prepared_study import PreparedStudy

_MOST_NAMED = 5


def take_further(
    study: dict[str, Any], trainable: Trainable, row: str, epochs: int, *, sharing: bool = True
) -> frozenset[RowKey]:
    """Return the rows that take a configuration further, and add them to the study.

    If a longer training passes through the end of the row itself, that is among them: it may have
    been stopped before, and would have to be trained anew otherwise.

    Args:
        study: the content of ``study.json``, to which a configuration may be added.
        trainable: the study's trainable.
        row: the id of a configuration, or the beginning of it.
        epochs: the number of epochs in all.
        sharing: whether rows may share a trial.

    Raises:
        UserError: there is no such configuration, or it cannot have so many epochs.
    """
    axis = trainable.prefix_axis
    if axis is None:
        raise UserError(
            f"--continue {row}: trainable {trainable.name} has no parameter that gives the number "
            "of epochs; for a function of your own name it as prefix_axis in the space"
        )
    config_id, config = _configuration(study, row)
    current = milestone_of(trainable, trainable.complete(config))
    if epochs < current:
        raise UserError(
            f"--epochs {epochs}: row {config_id} has {current} epochs already; allowed: from "
            f"{current}, which runs it to its end if it was stopped"
        )
    ids = [config_id]
    if epochs > current:
        longer = {**config, axis: epochs}
        check_config(f"--epochs {epochs}", trainable, longer)
        added = make_configuration(longer, study["space"].get("defaults") or {})
        passes = sharing and trainable.shares_prefix(trainable.complete(longer))
        ids = [*ids, added.config_id] if passes else [added.config_id]
        if all(entry["config_id"] != added.config_id for entry in study["configurations"]):
            entry = {"config_id": added.config_id, "config": added.config}
            study["configurations"].append(entry)
    return frozenset((config_id, seed) for config_id in ids for seed in study["seeds"])


def further_notes(study: PreparedStudy, plan: Plan) -> list[str]:
    """Return why ``--continue`` trains epochs again that were trained before, a line per reason."""
    if study.request.further is None:
        return []
    trainable, recorded = study.trainable, study.recorded
    reasons: dict[str, None] = {}
    for trial in plan.trials:
        begun = recorded.trials.get(trial.key)
        if begun is not None and resumable_checkpoints(begun, trial.milestones[0]):
            continue
        if not trainable.shares_prefix(trial.config):
            reasons["its training depends on the last epoch (a schedule of the learning rate)"] = (
                None
            )
        elif begun is not None and begun.history:
            reasons[
                "no checkpoint of it is left (keep_checkpoints='last' in the space keeps them)"
            ] = None
    return [f"note: all epochs are trained: {reason}" for reason in reasons]


def _configuration(study: Mapping[str, Any], row: str) -> tuple[str, dict[str, Any]]:
    entries = [e for e in study["configurations"] if e["config_id"].startswith(row)]
    if len(entries) == 1:
        return entries[0]["config_id"], entries[0]["config"]
    ids = [e["config_id"] for e in entries or study["configurations"]]
    named = choices(ids[:_MOST_NAMED]) + (", ..." if len(ids) > _MOST_NAMED else "")
    what = "several rows begin so" if entries else "the study has no such row"
    raise UserError(f"--continue {row}: {what}; allowed: {named or 'no row'}")
