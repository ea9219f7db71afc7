"""What all trials of a launch have in common."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LaunchSettings:
    """Settings that all trials of a launch share.

    Attributes:
        study_dir: the absolute path of the study directory, or its URL.
        checkpoint_seconds: shortest time between two checkpoints of a trial.
        metric: the metric of the search space, which selects the best weights.
        mode: ``"max"`` or ``"min"``.
        keeps_last: whether the state after the last epoch is saved too, to be kept.
        keeps_best: whether the best state is to stay, so that a class saves each better one.
        retries_errors: whether a trial is tried again after an error in a user's function.
    """

    study_dir: str
    checkpoint_seconds: float = 30.0
    metric: str = "val_accuracy"
    mode: str = "max"
    keeps_last: bool = False
    keeps_best: bool = False
    retries_errors: bool = False
