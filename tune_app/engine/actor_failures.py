"""A worker that Ray itself kills fails its trial, not the whole study.

Tune 2.60 knows two errors of a trial's worker, ``RayActorError`` and ``RayTaskError``, and ends the
experiment at any other. When a machine runs short of memory Ray kills a worker and reports an
``OutOfMemoryError``, which is neither; so are the errors of objects lost with a node. They are
handed on as the death of the worker, which Tune retries and counts.

A worker that dies while it is handed its next trial is counted twice: Tune first puts the trial
back into the queue, as one whose worker did not start, and then fails it, as one whose task was
lost. The second is left out, and with it the note that the trial is still being handed over.
"""

from __future__ import annotations

from typing import Any

from ray.air.execution._internal.actor_manager import RayActorManager
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.tune.execution.tune_controller import TuneController

_MARK = "_tune_app_handles_every_ray_error"


def treat_ray_errors_as_actor_failures() -> None:
    """Mend Tune in this process; a second call changes nothing."""
    manager: Any = RayActorManager
    if hasattr(manager, _MARK):
        return
    handle = manager._actor_task_failed

    def handle_any(self: Any, tracked_actor_task: Any, exception: Exception) -> None:
        known = isinstance(exception, (RayActorError, RayTaskError))
        if isinstance(exception, RayError) and not known:
            exception = RayActorError(error_msg=str(exception))
        if isinstance(exception, RayActorError) and _ends_handover(tracked_actor_task):
            tracked_actor_task._on_error = None
        handle(self, tracked_actor_task, exception)

    manager._actor_task_failed = handle_any
    setattr(manager, _MARK, True)


def _ends_handover(tracked_actor_task: Any) -> bool:
    """Return whether the task was to hand a waiting trial to a worker; Tune then forgets that."""
    tracked_actor = tracked_actor_task._tracked_actor
    controller: Any = getattr(tracked_actor._on_error, "__self__", None)
    if not isinstance(controller, TuneController):
        return False
    trial = controller._actor_to_trial.get(tracked_actor)
    waits = trial in controller._pending_trials or trial in controller._paused_trials
    if trial not in controller._resetting_trials or not waits:
        return False
    controller._resetting_trials.discard(trial)
    return True
