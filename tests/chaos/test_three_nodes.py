"""A study spread over three nodes, of which one dies, has the very numbers of one machine."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import psutil
import pytest

from tests.chaos.cluster_process import NodeCluster
from tests.chaos.harness import read_table, study_root, summary_row
from tests.chaos.node_studies import EIGHT_TRIALS, last_rows, study_on, trials_on, undisturbed_study

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1200)]


def kill_node(raylet: int) -> None:
    """Kill a raylet and its workers, none of which gets to say a word."""
    process = psutil.Process(raylet)
    for victim in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()


def test_one_of_three_nodes_dies(tmp_path: Path) -> None:
    one_machine = tmp_path / "one_machine"
    one_machine.mkdir()
    expected = undisturbed_study(one_machine, EIGHT_TRIALS)
    with NodeCluster(tmp_path / "cluster.log", {**os.environ}) as cluster:
        nodes = [cluster.head, cluster.add(), cluster.add()]
        assert len({psutil.Process(node).pid for node in nodes}) == 3
        with study_on(cluster, tmp_path, space=EIGHT_TRIALS) as driver:
            assert driver.wait_for(lambda: all(trials_on(tmp_path, node) for node in nodes))
            assert len({row["pid"] for row in last_rows(tmp_path).values()}) >= 3
            lost = trials_on(tmp_path, nodes[2])
            begun = {name: last_rows(tmp_path)[name]["epoch"] for name in lost}
            kill_node(nodes[2])
            assert driver.wait(400) == 0, driver.output
            left = {node: trials_on(tmp_path, node) for node in nodes[:2]}
    assert "32 of 32 rows are finished" in driver.output
    table = read_table(study_root(tmp_path))
    assert table == expected and len(table) == 32
    assert {row["status"] for row in table.values()} == {"finished"}
    at_once = {row["num_concurrent_trials"] for row in last_rows(tmp_path).values()}
    assert max(at_once) >= 3, "all three nodes had a trial at the same time"
    moved = ", ".join(f"{name} in epoch {epoch}" for name, epoch in begun.items())
    print(f"on the lost node: {moved}; on the others: {left}")
    print(summary_row("one of three nodes lost", 1, 1, 0, True))
