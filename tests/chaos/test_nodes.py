"""A cluster loses and gains nodes while a study runs on it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.cluster_process import NodeCluster
from tests.chaos.harness import read_table, study_root, summary_row
from tests.chaos.node_studies import (
    FOUR_TRIALS,
    Table,
    last_rows,
    may_mount,
    node_with_a_folder_of_its_own,
    study_on,
    trials_on,
    undisturbed_study,
)

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Table:
    return undisturbed_study(tmp_path_factory.mktemp("undisturbed"), FOUR_TRIALS)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[NodeCluster]:
    with NodeCluster(tmp_path / "cluster.log", {**os.environ}) as running:
        yield running


def test_trials_of_a_lost_node_move(
    tmp_path: Path, cluster: NodeCluster, undisturbed: Table
) -> None:
    nodes = [cluster.add(), cluster.add()]
    with study_on(cluster, tmp_path) as driver:
        assert driver.wait_for(lambda: any(trials_on(tmp_path, node) for node in nodes))
        [lost, *_] = [node for node in nodes if trials_on(tmp_path, node)]
        moved = trials_on(tmp_path, lost)
        cluster.remove(lost)
        removed = time.monotonic()
        assert driver.wait_for_output("tried again")
        noticed = time.monotonic() - removed
        assert driver.wait(400) == 0, driver.output
    assert " was lost" in driver.output, driver.output
    assert "16 of 16 rows are finished" in driver.output
    assert read_table(study_root(tmp_path)) == undisturbed
    fault = f"node lost with {len(moved)} trial(s), noticed after {noticed:.0f} s"
    print(summary_row(fault, 1, 1, 0, True))


@pytest.mark.skipif(not may_mount(), reason="needs the right to mount file systems")
def test_a_storage_path_that_a_node_does_not_share_is_refused(
    tmp_path: Path, cluster: NodeCluster
) -> None:
    results = tmp_path / "results"
    results.mkdir()
    with (
        node_with_a_folder_of_its_own(cluster, results, tmp_path / "node.log"),
        study_on(cluster, tmp_path) as driver,
    ):
        assert driver.wait(200) == 2, driver.output
    [line] = [line for line in driver.output.splitlines() if line.startswith("error:")]
    assert "does not see what this machine writes there" in line
    assert list(results.iterdir()) == [], "nothing is written"


@pytest.mark.skipif(not may_mount(), reason="needs the right to mount file systems")
def test_a_node_that_joins_without_the_storage_keeps_nothing_for_itself(
    tmp_path: Path, cluster: NodeCluster, undisturbed: Table
) -> None:
    results = tmp_path / "results"
    with study_on(cluster, tmp_path) as driver:
        assert driver.wait_for(lambda: trials_on(tmp_path, cluster.head))
        with node_with_a_folder_of_its_own(cluster, results, tmp_path / "node.log"):
            assert driver.wait_for_output("is not there on"), driver.output
        assert driver.wait(400) in (0, 1), driver.output
    assert f"{study_root(tmp_path)} is not there on {socket.gethostname()}" in driver.output
    with study_on(cluster, tmp_path) as again:
        assert again.wait(400) == 0, again.output
    assert read_table(study_root(tmp_path)) == undisturbed
    print(summary_row("node joins without the study's storage", 1, 1, 0, True))


def test_a_node_that_joins_is_used(
    tmp_path: Path, cluster: NodeCluster, undisturbed: Table
) -> None:
    with study_on(cluster, tmp_path) as driver:
        assert driver.wait_for(lambda: trials_on(tmp_path, cluster.head))
        assert len(last_rows(tmp_path)) == 1, "one CPU, one trial"
        joined = cluster.add()
        assert driver.wait_for(lambda: trials_on(tmp_path, joined)), driver.output
        assert trials_on(tmp_path, cluster.head), "both nodes have a trial"
        assert driver.wait(400) == 0, driver.output
    assert read_table(study_root(tmp_path)) == undisturbed
    print(summary_row("node joins", 1, 1, 0, True))
