"""Connect to a running Ray cluster, or start one on this machine."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import psutil

from search_spaces.errors import UserError
from tune_app.engine import ray_internals
from tune_app.engine.environment import check_limits, check_variables
from tune_app.engine.gpus import num_gpus
from tune_app.engine.private_files import private_folder, protect_token
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.study.provenance import num_usable_cpus

_QUIET = {
    # Results are written by StudyRecorder, straight into the study directory.
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    # A study does not resume from Tune's state files, so warnings about slow writes do not matter.
    "TUNE_WARN_THRESHOLD_S": "1000000",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "TUNE_WARN_SLOW_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "1000000",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    # This package has its own progress display. Tune's older display is silent at verbose=0.
    "RAY_AIR_NEW_OUTPUT": "0",
}

_folders: list[Path] = []
"""Folders of the cluster that this process runs. Like Ray, it has one connection at a time."""

_NOT_A_NODE = "No node info found"
"""The start of the cause of Ray's error when this machine is no node of the cluster."""
_ON_A_NODE = (
    "this machine has to be a node of the cluster (`ray start --address=HOST:PORT`), or submit the "
    "study as a job: tune_app/engine/cluster/deploy/submit_job.sh"
)


def local_cluster() -> Cluster:
    """Return the resources that a cluster on this machine would have, without starting one."""
    gpus = num_gpus()
    node = {"CPU": float(num_usable_cpus())}
    return Cluster(({**node, "GPU": float(gpus)} if gpus else node,))


EXISTING = "existing"
"""The address that stands for the cluster that this process is connected to already."""


def in_existing_cluster(request: StudyRequest) -> StudyRequest:
    """Return a request that uses the cluster of this process's ``ray.init()``, if there is one."""
    ray = sys.modules.get("ray")
    is_connected = ray is not None and ray.is_initialized()
    return replace(request, address=EXISTING) if is_connected else request


def prepare(address: str | None) -> list[str]:
    """Check variables, limits and folders of this machine before Ray starts; return notes.

    Args:
        address: as for :func:`connect`.

    Raises:
        UserError: one of them has to be changed.
    """
    notes = check_variables(_QUIET)
    if address is None:
        check_limits(num_usable_cpus())
        notes += protect_token()
    return [f"note: {note}" for note in notes]


def connect(address: str | None) -> tuple[Cluster, str]:
    """Connect to a cluster, or start one on this machine.

    Args:
        address: the address of a running cluster, or ``auto``, or ``EXISTING``. None starts a
            local cluster.

    Returns:
        The resources of the cluster, and the address of its dashboard (empty without one).

    Raises:
        UserError: there is no cluster at the address, or none could be started here.
    """
    os.environ.update(_QUIET)
    import ray

    from tune_app.engine.cluster.nodes import shipped_code
    from tune_app.engine.user_code import away_from_users_files

    if address == EXISTING:
        return live_cluster(), ""
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address:
        _check_reachable(address)
    try:
        with away_from_users_files():
            if address:
                context = ray.init(address=address, runtime_env=shipped_code(), **quiet)
            else:
                context = _start(quiet)
    except UserError:
        raise
    except Exception as error:  # Ray raises a plain Exception if its own start takes over 30 s
        raise UserError(_refused(address, error) if address else _not_started(error)) from None
    ray_internals.hush_workers()
    # Warnings of Ray would disturb the progress display.
    for name in ("ray", "ray.tune", "ray.train", "ray.air"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return live_cluster(), str(context.dashboard_url or "")


def _start(options: dict[str, Any]) -> Any:
    """Start a cluster on this machine, with its files in a folder that is removed with it."""
    folder = private_folder()
    _folders.append(folder)
    try:
        return ray_internals.start_cluster(
            folder / "r",  # Ray makes this one accessible to everyone
            num_cpus=num_usable_cpus(),
            num_gpus=num_gpus(),  # Ray would also count GPUs that torch cannot use
            include_dashboard=True,
            dashboard_host="127.0.0.1",  # not reachable from other machines
            **options,
        )
    except BaseException:
        _remove_folders()
        raise


def live_cluster() -> Cluster:
    """Return the resources of the nodes that are alive now."""
    import ray

    alive = [node for node in ray.nodes() if node["Alive"]]
    hosts = {node["NodeManagerAddress"] for node in alive}
    return Cluster(tuple(node["Resources"] for node in alive), len(hosts))


def asks_for_token() -> bool:
    """Return whether the dashboard of the cluster asks for a token.

    Ray turns tokens on for a cluster that it starts on this machine, and not for a running one with
    an explicit address. In both cases it sets ``RAY_AUTH_MODE``.
    """
    return os.environ.get("RAY_AUTH_MODE", "").lower() == "token"


def _named(address: str) -> str:
    """Return the address with the option or variable that it comes from, for a message."""
    variable = os.environ.get("RAY_ADDRESS")
    if not variable or address not in ("auto", variable):
        return f"--address {address}"
    return f"RAY_ADDRESS={variable}{' (counts before --address auto)' * (address == 'auto')}"


def _check_reachable(address: str) -> None:
    """Refuse an address where nothing listens. Ray itself would retry for many minutes."""
    counted = os.environ.get("RAY_ADDRESS") or address if address == "auto" else address
    if "://" in counted:  # such clients of Ray are no nodes of the cluster
        raise UserError(
            f"{_named(address)}: a study needs a node's own address, auto or HOST:PORT (of "
            f"`ray start`), not a URL; {_ON_A_NODE}"
        )
    try:
        host, _, port = ray_internals.find_cluster(address).rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), timeout=10):
            pass
    except (OSError, ValueError, RuntimeError, OverflowError) as error:
        raise UserError(_unreachable(address, error)) from None


def _unreachable(address: str, error: Exception) -> str:
    return (
        f"{_named(address)}: no Ray cluster answers there ({_first_line(error)}); start one with "
        "`ray start --head` or leave --address and RAY_ADDRESS out"
    )


def _refused(address: str, error: Exception) -> str:
    if "Version mismatch" in str(error):  # the message has one version a line
        return (
            f"{_named(address)}: the cluster is of another version ({error}); use "
            "the same Ray and the same Python, to its last digit, on all machines"
        )
    if isinstance(error, ConnectionError) and str(error.__cause__).startswith(_NOT_A_NODE):
        return f"{_named(address)}: no node of that cluster runs on this machine; {_ON_A_NODE}"
    return (
        f"{_named(address)}: something answers there but lets nobody in ({_first_line(error)}); "
        "the port must be that of a Ray cluster of this version. If the cluster asks for a token, "
        "set RAY_AUTH_MODE=token and put the token into ~/.ray/auth_token or RAY_AUTH_TOKEN"
    )


def _not_started(error: Exception) -> str:
    return (
        f"Ray did not start on this machine ({_first_line(error)}); run the command again once the "
        "machine is less busy, or start Ray with `ray start --head` and add --address auto"
    )


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def disconnect(address: str | None = None) -> None:
    """Leave the cluster that ``connect`` returned for an address.

    A cluster that was started here is shut down and its files are removed. The ``EXISTING`` one
    stays connected.
    """
    import ray

    if address != EXISTING:
        ray.shutdown()
        _remove_folders()


def abandon(status: int) -> NoReturn:
    """End this process at once with an exit status, and kill a cluster that was started here.

    An orderly end would take seconds. Recorded results are safe: they survive even SIGKILL.
    """
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _remove_folders()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _remove_folders() -> None:
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)
