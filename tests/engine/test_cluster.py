"""What is asked of the nodes of a cluster, with stand-ins for nodes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from search_spaces.errors import UserError
from tune_app.engine.cluster import nodes, shared_storage, versions
from tune_app.engine.cluster.nodes import collect, shipped_code
from tune_app.engine.cluster.shared_storage import check_shared
from tune_app.engine.cluster.versions import check_versions, code_digest, describe_versions

Task = Callable[[str], Any]


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_storage, "SEES_SECONDS", 0.0)


def refused(folder: Path, run: Callable[[Task], dict[str, Any]]) -> str:
    with pytest.raises(UserError) as caught:
        check_shared(folder, run)
    return str(caught.value)


def on_two_nodes(task: Task) -> dict[str, Any]:
    return {"a (10.0.0.1)": task("1"), "b (10.0.0.2)": task("2")}


def test_a_shared_folder_passes_and_nothing_is_left(tmp_path: Path) -> None:
    seen = []

    def run(task: Task) -> dict[str, Any]:
        answers = on_two_nodes(task)
        seen.extend(path.name for path in (tmp_path / "new" / "results").iterdir())
        return answers

    check_shared(tmp_path / "new" / "results", run)
    assert len(seen) == 3, "a file of the driver and one of each node"
    assert list(tmp_path.iterdir()) == []
    check_shared(tmp_path, on_two_nodes)
    assert list(tmp_path.iterdir()) == []


def test_a_node_that_does_not_see_the_driver_is_named(tmp_path: Path) -> None:
    def run(task: Task) -> dict[str, Any]:
        good = task("1")
        [own] = [p for p in tmp_path.iterdir() if not p.name.endswith("-1")]
        content = own.read_text()
        own.unlink()  # as on a node with a folder of its own
        answers = {"a (10.0.0.1)": good, "b (10.0.0.2)": task("2")}
        own.write_text(content)
        return answers

    message = refused(tmp_path, run)
    assert "node b (10.0.0.2) does not see what this machine writes there" in message
    assert list(tmp_path.iterdir()) == []


def test_a_node_whose_files_are_not_seen_here_is_named(tmp_path: Path) -> None:
    def run(task: Task) -> dict[str, Any]:
        answers = on_two_nodes(task)
        next(path for path in tmp_path.iterdir() if path.name.endswith("-1")).unlink()
        return answers

    assert "node a (10.0.0.1) writes there what this machine does not see" in refused(tmp_path, run)


def test_a_node_that_may_not_write_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_text

    def refuse(path: Path, *content: str) -> int:
        if path.name.endswith("-2"):
            raise PermissionError(13, "Permission denied")
        return write(path, *content)

    monkeypatch.setattr(Path, "write_text", refuse)
    message = refused(tmp_path, on_two_nodes)
    assert "node b (10.0.0.2) cannot write there (Permission denied)" in message


def test_a_folder_the_driver_cannot_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be written" in refused(tmp_path / "file" / "results", on_two_nodes)


def test_equal_versions_pass() -> None:
    own = describe_versions()
    assert own["ray"] and own["torch"] and "+" not in own["torch"]
    check_versions({"a": own, "b": dict(own)})
    check_versions({"a": versions.versions_task()("id")})


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"torch": "1.0"}, "node b has torch 1.0, the driver has"),
        ({"python": "3.9"}, "node b has python 3.9, the driver has"),
        ({"ray": None}, "node b has no ray, the driver has"),
        ({"tune_app": "0123"}, "node b has other code of tune_app (0123), the driver has"),
    ],
)
def test_a_difference_is_named(change: dict[str, str | None], part: str) -> None:
    own = describe_versions()
    with pytest.raises(UserError) as caught:
        check_versions({"a": own, "b": {**own, **change}})
    assert part in str(caught.value)


def test_a_node_without_this_package_is_named() -> None:
    with pytest.raises(UserError, match="node b has no tune_app of this version"):
        check_versions({"b": {"tune_app": None}})


def test_the_digest_changes_with_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_digest()
    assert before == code_digest() and len(before) == 12
    (tmp_path / "one.py").write_text("x = 1\n")
    monkeypatch.setattr("search_spaces.__path__", [str(tmp_path)])
    changed = code_digest()
    (tmp_path / "one.py").write_text("x = 2\n")
    assert len({before, changed, code_digest()}) == 3


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
