"""A study on three machines with addresses of their own, one of which is cut off."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

import pytest

from tests.chaos.harness import Driver, ray_directory, read_table, study_root, summary_row
from tests.chaos.node_studies import EIGHT_TRIALS, last_rows, undisturbed_study
from tests.chaos.private_network import PORT, PrivateNetwork, may_make_networks

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1200)]


def test_a_machine_that_is_cut_off_costs_nothing(tmp_path: Path) -> None:
    if not may_make_networks():
        pytest.skip("needs the right to make network namespaces")
    one_machine = tmp_path / "one_machine"
    one_machine.mkdir()
    expected = undisturbed_study(one_machine, EIGHT_TRIALS)
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    environment = {**os.environ, **token, "RAY_TMPDIR": str(ray_directory())}
    with PrivateNetwork(3, tmp_path, environment) as network:
        for host in range(3):
            network.start_node(host)
        hosts = {network.address(host) for host in range(3)}
        prefix = network.inside(0)
        words = ("--address", f"{network.address(0)}:{PORT}")
        with Driver(
            tmp_path, *words, space=EIGHT_TRIALS, prefix=prefix, environment=token
        ) as driver:
            assert driver.wait() == 2, "the folder may be seen by one machine only"
        assert "error: the cluster has 3 machines" in driver.output
        words = (*words, "--storage-path", str(tmp_path / "results"))
        with Driver(
            tmp_path, *words, space=EIGHT_TRIALS, prefix=prefix, environment=token
        ) as driver:
            assert driver.wait_for(lambda: hosts == nodes_of(tmp_path)), driver.output
            lost = [n for n, r in last_rows(tmp_path).items() if r["node_ip"] == network.address(2)]
            network.cut_off(2)
            cut = time.monotonic()
            assert driver.wait_for_output("tried again"), driver.output
            noticed = time.monotonic() - cut
            assert driver.wait(400) == 0, driver.output
    assert "32 of 32 rows are finished" in driver.output
    # Three trials run at once, but one on each machine: of some this is known at their last row.
    assert min(row["num_concurrent_trials"] for row in last_rows(tmp_path).values()) == 1
    assert read_table(study_root(tmp_path)) == expected
    fault = f"machine with {', '.join(lost)} cut off, noticed after {noticed:.0f} s"
    print(summary_row(fault, 1, 1, 0, True))


def nodes_of(folder: Path) -> set[str]:
    """Return the addresses of the machines that the trials' latest rows came from."""
    return {row["node_ip"] for row in last_rows(folder).values()}
