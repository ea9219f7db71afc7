"""Studies on clusters of several nodes, and on which node each of their trials ran."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from tests.chaos.cluster_process import NodeCluster
from tests.chaos.harness import SPACE, Driver, read_table, study_root
from tests.recorded import read_rows

FOUR_TRIALS = SPACE.replace('"lr": 1e-3', '"lr": tune.grid_search([1e-3, 1e-4])').replace(
    "[2, 6]", "[2, 20]"
)
"""Sixteen rows, served by four trials of twenty epochs.

A trial has to outlast the start of a worker: a worker that becomes free takes the next trial, also
from one that is still starting on a new node.
"""

EIGHT_TRIALS = SPACE.replace('"lr": 1e-3', '"lr": tune.grid_search([1e-3, 3e-4, 1e-4, 3e-5])')
EIGHT_TRIALS = EIGHT_TRIALS.replace("[2, 6]", "[2, 20]")
"""Thirty-two rows, served by eight trials of twenty epochs."""

Table = dict[tuple[str, str], dict[str, str]]


def undisturbed_study(folder: Path, space: str) -> Table:
    """Run a study on a Ray of its own, as no cluster was ever heard of; return its table."""
    with Driver(folder, space=space) as driver:
        assert driver.wait(400) == 0, driver.output
    return read_table(study_root(folder))


def study_on(
    cluster: NodeCluster, folder: Path, *arguments: str, space: str = FOUR_TRIALS
) -> Driver:
    """Start the study on the cluster, in a folder that all nodes reach."""
    storage = ("--storage-path", str(folder / "results"))
    return Driver(folder, "--address", cluster.address, *storage, *arguments, space=space)


@contextlib.contextmanager
def node_with_a_folder_of_its_own(cluster: NodeCluster, folder: Path, log: Path) -> Iterator[None]:
    """Add a node that sees an empty file system of its own in place of a folder."""
    ray = Path(sys.executable).with_name("ray")
    mount = f"mount -t tmpfs none {shlex.quote(str(folder))}"
    start = f"{ray} start --address {cluster.address} --num-cpus 1 --block"
    with log.open("wb") as stream:
        node = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", f"{mount} && exec {start}"],
            stdout=stream,
            stderr=stream,
        )
    try:
        deadline = time.monotonic() + 60
        while "Ray runtime started" not in log.read_text():
            assert node.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield
    finally:
        processes = [psutil.Process(node.pid), *psutil.Process(node.pid).children(recursive=True)]
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        node.wait()


def may_mount() -> bool:
    """Return whether this user may give a process file systems of its own."""
    try:
        command = ["unshare", "--mount", "true"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def last_rows(folder: Path) -> dict[str, dict[str, Any]]:
    """Return trial directory -> what its trial recorded last."""
    found = {}
    for path in study_root(folder).glob("tune/*/*/result.json"):
        if rows := read_rows(path):
            found[path.parent.name] = rows[-1]
    return found


def trials_on(folder: Path, raylet: int) -> list[str]:
    """Return the trials whose latest row came from a worker of the raylet's node."""
    return [name for name, row in last_rows(folder).items() if _parent(row["pid"]) == raylet]


def _parent(pid: int) -> int | None:
    try:
        return int(psutil.Process(pid).ppid())
    except psutil.NoSuchProcess:
        return None
