"""All uses of private names of Ray and Tune, but for those of the driver in ``tune_internals``.

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
    process = os.getpid()
    of_earlier_trials = set(threading.enumerate()) - {threading.current_thread()}

    def handle_report(metrics: Mapping[Any, Any], checkpoint: Any = None) -> None:
        if os.getpid() != process:  # it has none of the threads that pass a report on
            raise RuntimeError(
                "tune.report was called in a process that the function has started; send the "
                "results to the function, and report them there"
            )
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
