"""All uses of private names of Ray and Tune, and all changes to them.

Each docstring says under "Missing" which public way would replace the use. No other module of this
package uses a private name of Ray. ``tests/engine/test_ray_internals.py`` checks each use on its
own, so after an upgrade of Ray a failing test names the use that broke. The functions import Ray
themselves, because the import takes seconds.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

JOB_CONFIG_VARIABLE = "RAY_JOB_CONFIG_JSON_ENV_VAR"
"""The variable in which Ray passes a submitted job its configuration. Missing: a public name, or a
function that returns the job's runtime environment before the job connects."""
_LOOPBACK_VARIABLE = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"

Reporter = Callable[[Callable[..., None], Mapping[Any, Any], Any], None]
"""Gets Ray's own ``report``, what a user's function reports, and its checkpoint or None."""
LEAST_STATE_SECONDS, STATE_SECONDS_PER_TRIAL = 60.0, 0.06
"""Tune writes its state in about 0.5 ms per trial; this keeps that below 1 % of the time."""


def start_cluster(folder: Path, **options: Any) -> Any:
    """Start a cluster that only this launch uses; return what ``ray.init`` returns.

    Args:
        folder: where Ray keeps sockets and logs. The path must be short, because the length of a
            socket's path is limited.
        options: further arguments of ``ray.init``.
    """
    import ray

    with _own_session(), _loopback_only():
        return ray.init(address="local", _temp_dir=str(folder), **options)


@contextmanager
def _own_session() -> Iterator[None]:
    """Start Ray's processes in a session of their own, so signals to the driver's group miss them.

    A batch system or a terminal sends signals to the whole group. Ray needs its processes to end
    the trials in order. They still end with the driver, because the kernel sends them a signal
    (``PR_SET_PDEATHSIG``). Missing: an option of ``ray.init``.
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
    """Let the cluster listen only on 127.0.0.1, as Ray does by default on macOS and Windows.

    Ray's processes read a public variable. This process has read it when Ray was imported, so the
    constant is changed too. Missing: an option; Ray replaces ``_node_ip_address="127.0.0.1"`` by
    the machine's address.
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
    """Return host and port of the cluster that an address stands for; empty if there is none.

    Missing: a public function that resolves ``auto`` without trying to connect for minutes.
    """
    from ray._private.services import canonicalize_bootstrap_address

    return canonicalize_bootstrap_address(address) or ""


def hush_workers() -> None:
    """Keep Ray's message about each dead worker off the terminal.

    The progress display has one line for each failed trial. Missing: an option;
    ``log_to_driver=False`` does not cover these messages.
    """
    from ray._private import worker

    module: Any = worker
    module.print_to_stdstream = lambda data, ignore_prefix: None


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


@contextmanager
def own_reports(
    handle: Reporter, checkpoint: Any, on_get_checkpoint: Callable[[], None]
) -> Iterator[None]:
    """Pass what a user's function reports to ``handle``, and offer it a checkpoint to go on from.

    A report may hold tensors, which Ray refuses, or objects that cannot be sent; the row has to get
    its epoch; and a checkpoint has to be marked with it. ``ray.tune`` offers a checkpoint only of
    the same launch, and does not say whether a function has taken it. A thread that a function
    leaves behind may report after its end, when the process runs another trial; such reports are
    dropped. Missing: hooks for reports and for ``get_checkpoint``, and a way to start a trial from
    a checkpoint.

    Args:
        handle: called with Ray's own ``report(row, checkpoint)``, what the function reported, and
            its checkpoint or None.
        checkpoint: what ``tune.get_checkpoint()`` returns; None to begin from scratch.
        on_get_checkpoint: called each time that the function calls ``tune.get_checkpoint()``.
    """
    from ray.train._internal.session import get_session
    from ray.tune.result import RESULT_DUPLICATE

    session: Any = get_session()
    session.loaded_checkpoint = checkpoint
    cls = type(session)
    report = functools.partial(cls.report, session)
    of_earlier_trials = set(threading.enumerate()) - {threading.current_thread()}

    def handle_report(metrics: Mapping[Any, Any], checkpoint: Any = None) -> None:
        if threading.current_thread() not in of_earlier_trials:
            handle(report, metrics, checkpoint)

    def pass_on_the_end(metrics: Mapping[Any, Any], checkpoint: Any = None) -> None:
        if RESULT_DUPLICATE in metrics:
            report(metrics)

    def get_checkpoint(session: Any) -> Any:
        on_get_checkpoint()
        return vars(session)["loaded_checkpoint"]

    def set_checkpoint(session: Any, checkpoint: Any) -> None:
        vars(session)["loaded_checkpoint"] = checkpoint

    watched = {"loaded_checkpoint": property(get_checkpoint, set_checkpoint)}
    session.report, session.__class__ = handle_report, type(cls.__name__, (cls,), watched)
    try:
        yield
    finally:
        session.report, session.__class__ = pass_on_the_end, cls


def set_iteration(trainable: Any, iteration: int) -> None:
    """Set the number of iterations of a class trainable, as Tune does when it restores one.

    Missing: ``Trainable.restore`` takes it from a result that only Tune can make.
    """
    trainable._iteration = iteration


def kill_for_good(trial: Any) -> None:
    """Kill the worker process of a running trial, and let Tune not try the trial again.

    Tune can stop a trial only between two reports. Missing: a time limit of a trial.
    """
    import ray

    trial.max_failures = 0
    actor = trial.temporary_state.ray_actor
    if actor is not None:
        ray.kill(actor)
