"""In Ray's dashboard and in ``ps`` the work on a trial bears the trial's name.

A worker runs many trials, one after the other, since a process for each would cost seconds, and it
keeps the name it began with: that cannot be a trial's. Each epoch is a task, and a task may have a
name. Tune gives it none.
"""

from __future__ import annotations

from typing import Any

from ray.tune.execution.tune_controller import TuneController

_MARK = "_tune_app_names_tasks"


class _NamedTasks:
    """The handle of a worker whose tasks bear a name."""

    def __init__(self, worker: Any, name: str) -> None:
        self._worker = worker
        self._name = name

    def __getattr__(self, method: str) -> Any:
        return getattr(self._worker, method).options(name=self._name)


def name_tasks_after_trials() -> None:
    """Mend Tune in this process; a second call changes nothing."""
    controller: Any = TuneController
    if hasattr(controller, _MARK):
        return
    schedule = controller._schedule_trial_task

    def schedule_named(
        self: Any, trial: Any, method_name: str, *arguments: Any, **options: Any
    ) -> Any:
        workers = self._actor_manager._live_actors_to_ray_actors_resources
        tracked = self._trial_to_actor[trial]
        entry = workers.get(tracked)
        if method_name != "train" or entry is None:
            return schedule(self, trial, method_name, *arguments, **options)
        worker, resources = entry
        workers[tracked] = (_NamedTasks(worker, str(trial)), resources)
        try:
            return schedule(self, trial, method_name, *arguments, **options)
        finally:
            workers[tracked] = entry

    controller._schedule_trial_task = schedule_named
    setattr(controller, _MARK, True)
