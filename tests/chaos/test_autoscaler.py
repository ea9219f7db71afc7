"""A cluster whose nodes come when they are asked for: Ray's autoscaler with real local raylets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.harness import Driver, check_equal, summary_row
from tests.chaos.head_node import head_node, wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

PORT = 6379  # where Ray's stand-in for a cloud looks for the head node
ADDRESS = f"127.0.0.1:{PORT}"
WORKER = {"resources": {"CPU": 1}, "node_config": {}, "min_workers": 0, "max_workers": 2}
HEAD = {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0}
CONFIG = {
    "cluster_name": "fake",
    "max_workers": 2,
    "provider": {"type": "fake_multinode", "disable_node_updaters": True},
    "available_node_types": {"head": HEAD, "ray.head.default": HEAD, "worker": WORKER},
    "head_node_type": "ray.head.default",
    "upscaling_speed": 1.0,
    "idle_timeout_minutes": 1,
    "auth": {},
    "docker": {},
    "initialization_commands": [],
    "setup_commands": [],
    "head_setup_commands": [],
    "worker_setup_commands": [],
    "head_start_ray_commands": [],
    "worker_start_ray_commands": [],
    "file_mounts": {},
    "cluster_synced_files": [],
    "file_mounts_sync_continuously": False,
    "rsync_exclude": [],
    "rsync_filter": [],
}


@pytest.fixture
def empty_cluster(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Run a head node that holds no trial, and an autoscaler that may add two nodes."""
    file = tmp_path / "autoscaling.json"
    file.write_text(json.dumps(CONFIG))
    words = ("--autoscaling-config", str(file), "--port", str(PORT))
    fake = {"RAY_FAKE_CLUSTER": "1", "AUTOSCALER_UPDATE_INTERVAL_S": "1"}
    with head_node(tmp_path / "head.log", *words, num_cpus=0, environment=fake) as variables:
        wait_until(lambda: "Ray runtime started" in (tmp_path / "head.log").read_text(), "it is up")
        yield variables


def test_nodes_are_asked_for_and_waited_for(tmp_path: Path, empty_cluster: dict[str, str]) -> None:
    def study(*arguments: str) -> Driver:
        storage = ("--storage-path", str(tmp_path / "results"))
        return Driver(
            tmp_path, "--address", ADDRESS, *storage, *arguments, environment=empty_cluster
        )

    with study() as driver:
        assert driver.wait() == 3, driver.output
    assert "8 rows stay open: needs 1 CPU, the largest node has 0" in driver.output
    with study("--wait-for-nodes", "5m") as driver:
        assert driver.wait(400) == 0, driver.output
    assert "waiting up to 5 min 00 s for nodes: needs 1 CPU, the largest" in driver.output
    assert "8 of 8 rows are finished" in driver.output
    check_equal(tmp_path)
    print(summary_row("no node at first, an autoscaler is asked", 1, 1, 0, True))
