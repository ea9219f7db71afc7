"""Provenance: facts about code, packages and hardware, nothing from the environment."""

from __future__ import annotations

import io
import json
import os
import platform
from importlib.metadata import version

import pytest

from tune_app.study.provenance import collect_provenance, command_line, num_usable_cpus


def test_it_names_what_ran() -> None:
    facts = collect_provenance(["--space", "q1a"])
    assert facts["python"] == platform.python_version()
    assert facts["packages"]["torch"] == version("torch")
    assert facts["command"] == "python -m tune_app.run --space q1a"
    assert facts["hardware"]["num_cpus"] == num_usable_cpus() >= 1
    assert facts["git_commit"] is None or len(facts["git_commit"]) == 40
    json.dumps(facts)


def test_the_environment_stays_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_TOKEN", "s3cr3t-value")
    assert "s3cr3t-value" not in json.dumps(collect_provenance([]))


def test_a_command_is_quoted_for_the_shell() -> None:
    line = command_line(["--space", "./my space.py"])
    assert line == "python -m tune_app.run --space './my space.py'"


@pytest.mark.parametrize(
    ("quota", "num_cpus"),
    [
        ({"/sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        ({"/sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        ({"/sys/fs/cgroup/cpu.max": "250000 100000\n"}, 3),
        ({"/sys/fs/cgroup/cpu.max": "max 100000\n"}, 64),
        (
            {
                "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000",
                "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            },
            2,
        ),
        ({}, 64),
    ],
)
def test_a_container_has_the_cpus_of_its_quota(
    monkeypatch: pytest.MonkeyPatch, quota: dict[str, str], num_cpus: int
) -> None:
    """On a machine of 64, with files of control groups of both versions."""
    from joblib.externals.loky.backend import context

    monkeypatch.delenv("LOKY_MAX_CPU_COUNT", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)))
    monkeypatch.setattr(os.path, "exists", quota.__contains__)
    monkeypatch.setattr(context, "open", lambda path: io.StringIO(quota[path]), raising=False)
    assert num_usable_cpus() == num_cpus
