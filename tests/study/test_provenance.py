"""Provenance: facts about code, packages and hardware, nothing from the environment."""

from __future__ import annotations

import json
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
