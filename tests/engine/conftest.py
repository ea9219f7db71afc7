from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.unplaced import SPACE
from tests.refusals import COUNTING
from tune_app.engine import connection
from tune_app.planning.resources import Cluster
from tune_app.training.registry import TRAINABLES


@pytest.fixture
def meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """Return what is to happen, once, when a launch asks what this machine offers."""
    events: list[Callable[[], object]] = []

    def local_cluster() -> Cluster:
        while events:
            events.pop()()
        return Cluster(({"CPU": 2.0},))

    monkeypatch.setattr(connection, "local_cluster", local_cluster)
    monkeypatch.setitem(TRAINABLES, "counting", COUNTING)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_space.py").write_text(SPACE)
    return events
