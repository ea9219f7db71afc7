"""All uses of private names of Tune in the driver: what Tune does wrong, or too often.

Each docstring says under "Missing" which public way would replace the use. The rest of what is
private in Ray and Tune is in ``ray_internals``.
"""

from __future__ import annotations

import os
from typing import Any

LEAST_STATE_SECONDS, STATE_SECONDS_PER_TRIAL = 60.0, 0.06
"""Tune writes its state in about 0.5 ms per trial; this keeps that below 1 % of the time."""


def mend_tune(num_trials: int) -> None:
    """Replace functions of Tune in this process that do something wrong, or do it too often.

    A second call changes nothing more.

    Args:
        num_trials: how many trials the launch has.
    """
    treat_ray_errors_as_actor_failures()
    remember_trainables()
    write_state_seldom(num_trials)
    count_no_callbacks()


def count_no_callbacks() -> None:
    """Keep Tune from counting callbacks for Ray's usage statistics, which are switched off.

    To find out which callbacks are its own, it imports MLflow and Weights & Biases where they are
    installed: 2.4 s of processor time before the first trial. Missing: it does not look at
    ``RAY_USAGE_STATS_ENABLED``.
    """
    from ray.air._internal import usage

    module: Any = usage
    module.tag_callbacks = _count_nothing


def _count_nothing(callbacks: Any) -> bool:
    """Replace Ray's function that returns whether it has recorded anything."""
    return False


def treat_ray_errors_as_actor_failures() -> None:
    """Let the death of a worker fail its trial, not the whole study.

    Tune knows two errors of a worker, ``RayActorError`` and ``RayTaskError``, and ends the
    experiment at any other. When a machine runs short of memory, Ray kills a worker and reports an
    ``OutOfMemoryError``. Objects that are lost with a node have errors of their own. This function
    turns all of them into a ``RayActorError``, which Tune counts and retries.

    If a worker dies while it gets its next trial, Tune counts the death twice: it puts the trial
    back into the queue because the worker did not start, and then fails the trial because the task
    was lost. This function leaves the second step out, and deletes Tune's note that the trial is
    being handed over.

    Missing: a hook for errors of trials.
    """
    from ray.air.execution._internal.actor_manager import RayActorManager
    from ray.exceptions import RayActorError, RayError, RayTaskError

    manager: Any = RayActorManager
    handle = manager._actor_task_failed
    if _is_ours(handle):
        return

    def handle_any(self: Any, tracked_actor_task: Any, exception: Exception) -> None:
        known = isinstance(exception, (RayActorError, RayTaskError))
        if isinstance(exception, RayError) and not known:
            exception = RayActorError(error_msg=str(exception))
        if isinstance(exception, RayActorError) and _ends_handover(tracked_actor_task):
            tracked_actor_task._on_error = None
        handle(self, tracked_actor_task, exception)

    manager._actor_task_failed = handle_any


def _ends_handover(tracked_actor_task: Any) -> bool:
    """Return whether the task was to give a worker a waiting trial; if so, delete Tune's note."""
    from ray.tune.execution.tune_controller import TuneController

    tracked_actor = tracked_actor_task._tracked_actor
    controller: Any = getattr(tracked_actor._on_error, "__self__", None)
    if not isinstance(controller, TuneController):
        return False
    internals: Any = controller
    trial = internals._actor_to_trial.get(tracked_actor)
    waits = trial in internals._pending_trials or trial in internals._paused_trials
    if trial not in internals._resetting_trials or not waits:
        return False
    internals._resetting_trials.discard(trial)
    return True


def remember_trainables() -> None:
    """Let Tune look its trainable up in this process, not several times per trial in the head node.

    The trainable of a launch never changes. Each request to the head node takes milliseconds, which
    delays a driver with thousands of trials. Missing: a cache.
    """
    from ray.tune import registry

    cls: Any = registry._Registry
    if _is_ours(cls.get):
        return
    register, get, contains = cls.register, cls.get, cls.contains
    known: dict[tuple[int, str, str], Any] = {}

    def register_anew(self: Any, category: str, key: str, value: Any) -> None:
        known.pop((id(self), category, key), None)
        register(self, category, key, value)

    def get_once(self: Any, category: str, key: str) -> Any:
        place = (id(self), category, key)
        if place not in known:
            known[place] = get(self, category, key)
        return known[place]

    def contains_known(self: Any, category: str, key: str) -> bool:
        return (id(self), category, key) in known or bool(contains(self, category, key))

    cls.register, cls.get, cls.contains = register_anew, get_once, contains_known


def write_state_seldom(num_trials: int) -> None:
    """Let Tune write its own state at fixed intervals, which grow with the number of trials.

    The state holds about 36 KB for every trial, and Tune writes all of it each time. With
    ``num_to_keep`` it also does so at every second checkpoint of any trial. A study does not resume
    from this state; it is for users who open a launch with ``ExperimentAnalysis``.
    ``TUNE_GLOBAL_CHECKPOINT_S`` in the environment, in seconds, takes precedence. Missing: a way to
    keep two checkpoints of a trial without these additional writes.
    """
    from ray.tune.execution.experiment_state import _ExperimentCheckpointManager

    seconds = max(LEAST_STATE_SECONDS, STATE_SECONDS_PER_TRIAL * num_trials)
    os.environ.setdefault("TUNE_GLOBAL_CHECKPOINT_S", str(seconds))
    manager: Any = _ExperimentCheckpointManager
    manager.on_trial_checkpoint = _force_nothing


def _force_nothing(self: Any, trial: Any) -> None:
    """Replace Tune's method that makes it write its state after some checkpoints."""


def _is_ours(function: Any) -> bool:
    return bool(function.__module__ == __name__)
