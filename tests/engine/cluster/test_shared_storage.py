"""A folder that every node has to see, with stand-ins for nodes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from search_spaces.errors import UserError
from tune_app.engine.cluster import shared_storage
from tune_app.engine.cluster.shared_storage import check_shared

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
