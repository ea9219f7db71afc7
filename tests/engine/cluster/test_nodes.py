"""What is asked of the nodes of a cluster, with stand-ins for nodes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from search_spaces.errors import UserError
from tune_app.engine.cluster import nodes
from tune_app.engine.cluster.nodes import collect, shipped_code


def test_code_is_shipped_without_the_sample_images(monkeypatch: pytest.MonkeyPatch) -> None:
    code = shipped_code()
    assert [Path(path).name for path in code["py_modules"]] == ["tune_app", "search_spaces"]
    assert "sample/" in code["excludes"]
    for job, expected in (
        ({"runtime_env": {"working_dir": "gcs://x.zip"}}, code),
        ({"runtime_env": {"py_modules": ["gcs://y.zip"]}}, {}),
        ({}, code),
    ):
        monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", json.dumps(job))
        assert shipped_code() == expected


def test_a_node_that_dies_while_it_is_asked_is_left_out() -> None:
    asked = {"1" * 56: ("a (10.0.0.1)", "well"), "2" * 56: ("b (10.0.0.2)", "lost")}

    def get(reference: str) -> str:
        if reference == "lost":
            raise RuntimeError("The worker died unexpectedly\nits node is dead")
        return reference

    assert collect(asked, get, lambda node: node == "2" * 56) == {"a (10.0.0.1)": "well"}
    with pytest.raises(
        UserError, match=r"node b \(10.0.0.2\) cannot run a task \(its node is dead\)"
    ):
        collect(asked, get, lambda node: False)


def test_a_node_is_gone_once_ray_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    looks = [True, True, False]
    monkeypatch.setattr(nodes, "_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(ray, "nodes", lambda: [{"NodeID": "x", "Alive": looks.pop(0)}])
    assert nodes._is_gone("x") and not looks
    monkeypatch.setattr(nodes, "_GONE_SECONDS", 0.0)
    monkeypatch.setattr(ray, "nodes", lambda: [{"NodeID": "x", "Alive": True}])
    assert not nodes._is_gone("x") and nodes._is_gone("another")
