"""Everything of Ray and Tune that is private or is replaced, each with the public way it lacks.

No other module of this package touches such a name. ``tests/engine/test_ray_internals.py`` checks
each of them on its own, so that an upgrade of Ray names the one that broke. Ray is imported in the
functions, as it takes seconds.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

JOB_CONFIG_VARIABLE = "RAY_JOB_CONFIG_JSON_ENV_VAR"
"""Ray's name of the variable that a submitted job finds its configuration in. Missing: a public
name, or a function that returns the runtime environment of the job before it connects."""
_LOOPBACK_VARIABLE = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"

LEAST_STATE_SECONDS, STATE_SECONDS_PER_TRIAL = 60.0, 0.06
"""Tune's state is written in about 0.5 ms a trial: this keeps it below 1 % of the time."""


def start_cluster(folder: Path, **options: Any) -> Any:
    """Start a cluster that only this launch uses; return what ``ray.init`` returns.

    Args:
        folder: where Ray keeps sockets and logs; a short path, since sockets' paths are limited.
        options: other arguments of ``ray.init``.
    """
    import ray

    with _own_session(), _loopback_only():
        return ray.init(address="local", _temp_dir=str(folder), **options)


@contextmanager
def _own_session() -> Iterator[None]:
    """Give Ray's processes a session of their own, which signals to the driver's group miss.

    A batch system or a terminal signals the whole group; without its processes Ray cannot end the
    trials in order. They still end with the driver: the kernel tells them (``PR_SET_PDEATHSIG``).
    Missing: an option of ``ray.init``.
    """
    from ray._private import services

    module: Any = services
    popen = module.ConsolePopen
    module.ConsolePopen = functools.partial(popen, start_new_session=True)
    try:
        yield
    finally:
        module.ConsolePopen = popen


@contextmanager
def _loopback_only() -> Iterator[None]:
    """Let the cluster listen on 127.0.0.1 alone, as Ray does by default on macOS and Windows.

    Its processes read the public variable. This process read it when Ray was imported, which may
    have been long ago. Missing: ``_node_ip_address="127.0.0.1"``, which Ray replaces by the
    machine's address.
    """
    from ray._private import ray_constants

    constants: Any = ray_constants
    before = os.environ.get(_LOOPBACK_VARIABLE), constants.ENABLE_RAY_CLUSTER
    os.environ[_LOOPBACK_VARIABLE], constants.ENABLE_RAY_CLUSTER = "0", False
    try:
        yield
    finally:
        variable, constants.ENABLE_RAY_CLUSTER = before
        os.environ.pop(_LOOPBACK_VARIABLE)
        if variable is not None:
            os.environ[_LOOPBACK_VARIABLE] = variable


def find_cluster(address: str) -> str:
    """Return host and port of the cluster that an address means; empty if there is none.

    Missing: a public function that resolves ``auto`` without trying to connect for minutes.
    """
    from ray._private.services import canonicalize_bootstrap_address

    return canonicalize_bootstrap_address(address) or ""


def hush_workers() -> None:
    """Keep what Ray says of each worker that dies off the terminal.

    A failed trial says why in one line of its own. Missing: ``log_to_driver=False`` leaves this.
    """
    from ray._private import worker

    module: Any = worker
    module.print_to_stdstream = lambda data, ignore_prefix: None


def mend_tune(num_trials: int) -> None:
    """Replace, in this process, what Tune does wrong or too often; once is enough.

    Args:
        num_trials: how many trials the launch has.
    """
    treat_ray_errors_as_actor_failures()
    remember_trainables()
    write_state_seldom(num_trials)


def treat_ray_errors_as_actor_failures() -> None:
    """Let a worker that Ray itself kills fail its trial instead of the whole study.

    Tune knows two errors of a worker, ``RayActorError`` and ``RayTaskError``, and ends the
    experiment at any other. When a machine runs short of memory Ray kills a worker and reports an
    ``OutOfMemoryError``, which is neither; so are the errors of objects lost with a node. They are
    handed on as the death of the worker, which Tune retries and counts.

    A worker that dies while it is handed its next trial is counted twice: Tune first puts the trial
    back into the queue, as one whose worker did not start, and then fails it, as one whose task was
    lost. The second is left out, and with it the note that the trial is still being handed over.

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
    """Return whether the task was to hand a waiting trial to a worker; Tune then forgets that."""
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
    """Let Tune look its trainable up in this process, not in the head node several times a trial.

    The trainable of a launch never changes, and each question to the head node takes milliseconds
    of a driver that has thousands of trials to hand out. Missing: a cache.
    """
    from ray.tune import registry

    kind: Any = registry._Registry
    if _is_ours(kind.get):
        return
    register, get, contains = kind.register, kind.get, kind.contains
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

    kind.register, kind.get, kind.contains = register_anew, get_once, contains_known


def write_state_seldom(num_trials: int) -> None:
    """Let Tune write its own state by the clock alone, the more seldom the more trials there are.

    The state holds about 36 KB of every trial there was, and Tune writes all of it again each time,
    with ``num_to_keep`` at every other checkpoint of any trial too. A study resumes from what its
    trials recorded; the state is there for those who open a launch with ``ExperimentAnalysis``.
    ``TUNE_GLOBAL_CHECKPOINT_S`` in the environment, in seconds, takes precedence. Missing: a way
    to keep two checkpoints of a trial without this count of them.
    """
    from ray.tune.execution.experiment_state import _ExperimentCheckpointManager

    seconds = max(LEAST_STATE_SECONDS, STATE_SECONDS_PER_TRIAL * num_trials)
    os.environ.setdefault("TUNE_GLOBAL_CHECKPOINT_S", str(seconds))
    manager: Any = _ExperimentCheckpointManager
    manager.on_trial_checkpoint = _force_nothing


def _force_nothing(self: Any, trial: Any) -> None:
    """Stand in for Tune's count of checkpoints, which makes it write its state."""


def _is_ours(function: Any) -> bool:
    return bool(function.__module__ == __name__)
