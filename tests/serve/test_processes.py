"""The child processes that read studies."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from analysis.serve.processes import NICENESS, Follower, ReportBuilder, read_state
from search_spaces.errors import UserError
from tests.own_studies import score_study
from tests.serve.growing_study import GrowingStudy
from tune_app.storage.lease import Lease
from tune_app.storage.remote_folder import RemoteFolder

QUICK = {"figures": False, "labs": False}


@pytest.fixture
def builder() -> Iterator[ReportBuilder]:
    builder = ReportBuilder(QUICK)
    yield builder
    builder.close()


def test_the_state_is_that_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = GrowingStudy(tmp_path)
    study.finish(0)
    (tmp_path / "tune_app.py").write_text("raise ImportError('a file of the user')\n")
    monkeypatch.chdir(tmp_path)
    state = read_state("grid")
    assert state["study"] == "grid" and state["rows"]["finished"] == 2
    with pytest.raises(UserError, match=r"^none: no study there"):
        read_state("none")


def test_a_state_is_followed_until_nobody_runs_the_study(tmp_path: Path) -> None:
    study = GrowingStudy(tmp_path)
    place = study.root.as_uri()
    held = Lease(RemoteFolder(place))
    assert held.take() is None
    states = Follower(place, 1.0).states()
    assert next(states)["running"] is True
    study.finish(0)
    held.release()
    later = list(states)
    assert later[-1]["running"] is False and later[-1]["rows"]["finished"] == 2
    with pytest.raises(UserError, match="no study there"):
        list(Follower((tmp_path / "none").as_uri(), 1.0).states())


def test_a_report_is_built_at_a_lower_priority(tmp_path: Path, builder: ReportBuilder) -> None:
    study = score_study(tmp_path / "score")
    text = builder.build(str(study.root)).decode()
    assert text.startswith("<!doctype html>") and "score" in text
    assert not (study.root / "report").exists(), "nothing is written into the study"
    assert builder._process is not None
    process = psutil.Process(builder._process.pid)
    assert process.nice() == max(os.getpriority(os.PRIO_PROCESS, 0), NICENESS)
    with pytest.raises(UserError, match="no such directory"):
        builder.build(str(tmp_path / "none"))
    assert builder._process.pid == process.pid, "a mistake does not end the process"


def test_a_killed_builder_is_an_error_of_one_report(tmp_path: Path, builder: ReportBuilder) -> None:
    study = score_study(tmp_path / "score")
    assert builder.build(str(study.root))
    assert builder._process is not None
    os.kill(builder._process.pid, signal.SIGKILL)
    with pytest.raises(UserError, match="the process that builds its report ended"):
        builder.build(str(study.root))
    assert builder.build(str(study.root)), "the next one starts another"


def test_a_study_at_a_url_is_reported_from_its_copy(tmp_path: Path, builder: ReportBuilder) -> None:
    study = score_study(tmp_path / "score")
    assert b"4 of 4 rows have ended" in builder.build(study.root.as_uri())
