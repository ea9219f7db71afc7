"""A worker that Ray itself kills fails its trial, not the whole study.

Tune 2.60 knows two errors of a trial's worker, ``RayActorError`` and ``RayTaskError``, and ends the
experiment at any other. When a machine runs short of memory Ray kills a worker and reports an
``OutOfMemoryError``, which is neither; so are the errors of objects lost with a node. They are
handed on as the death of the worker, which Tune retries and counts.
"""

from __future__ import annotations

from typing import Any

from ray.air.execution._internal.actor_manager import RayActorManager
from ray.exceptions import RayActorError, RayError, RayTaskError

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
        handle(self, tracked_actor_task, exception)

    manager._actor_task_failed = handle_any
    setattr(manager, _MARK, True)
