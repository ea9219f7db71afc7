"""A study that runs as a submitted job of a cluster, stopped by ``ray job stop``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from ray.util import get_node_ip_address

from tests.chaos.harness import (
    SPACE,
    Driver,
    check_equal,
    check_nothing_is_repeated,
    read_record,
    study_root,
    study_words,
)
from tests.chaos.head_node import PORT, head_node, job, takes_jobs, wait_until


@pytest.mark.chaos
@pytest.mark.timeout(1200)
def test_a_stopped_job_is_finished_by_the_same_command(tmp_path: Path) -> None:
    root = study_root(tmp_path)
    (tmp_path / "my_space.py").write_text(SPACE)
    command = [sys.executable, "-m", "tune_app.run", *study_words(tmp_path)]
    with head_node(tmp_path / "head.log") as variables:
        wait_until(lambda: takes_jobs(variables), "the head takes jobs")
        before = read_record(root)
        job("submit", "--submission-id", "study", "--no-wait", "--", *command, variables=variables)
        wait_until(lambda: any(read_record(root).epochs.values()), "an epoch is recorded")
        job("stop", "study", variables=variables)
        log = job("logs", "study", variables=variables)
        assert "stopped by SIGTERM; to continue: python -m tune_app.run --space" in log
        check_nothing_is_repeated(root, before)
        before = read_record(root)
        address = ("--address", f"{get_node_ip_address()}:{PORT}")
        with Driver(tmp_path, *address) as driver:
            assert driver.wait() == 2
            assert "If the cluster asks for a token, set RAY_AUTH_MODE=token" in driver.output
        with Driver(tmp_path, *address, environment=variables) as driver:
            assert driver.wait() == 0, driver.output
        check_nothing_is_repeated(root, before)
    check_equal(tmp_path)
