"""Variables of Ray Tune and limits of the machine, looked at before Ray starts."""

from __future__ import annotations

import os
import resource

import pytest

from search_spaces.errors import UserError
from tune_app.engine import environment
from tune_app.engine.environment import check_limits, check_variables

SET_HERE = "TUNE_WARN_THRESHOLD_S"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("TUNE_") or name == "RAY_AIR_LOCAL_CACHE_DIR":
            monkeypatch.delenv(name)


def test_what_has_no_place_in_a_study_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    others = ["TUNE_RESULT_DIR", "RAY_AIR_LOCAL_CACHE_DIR", "TUNE_RESULT_BUFFER_LENGTH"]
    for name in (*others, SET_HERE, "TUNE_APP_DATA", "RAY_TMPDIR"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("TUNE_GLOBAL_CHECKPOINT_S", "2.5")
    notes = check_variables({SET_HERE: "x"})
    assert {note.split()[0] for note in notes} == set(others)
    assert all("in the environment is ignored" in note for note in notes)
    assert not set(others) & os.environ.keys()
    kept = {SET_HERE, "TUNE_APP_DATA", "RAY_TMPDIR", "TUNE_GLOBAL_CHECKPOINT_S"}
    assert kept <= os.environ.keys()
    assert check_variables({SET_HERE: "x"}) == []
    (note,) = check_variables({SET_HERE: "1"})
    assert note.startswith(SET_HERE) and SET_HERE not in os.environ, "ours is set later"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TUNE_MAX_PENDING_TRIALS_PG", "abc"),
        ("TUNE_MAX_PENDING_TRIALS_PG", "2.5"),
        ("TUNE_MAX_PENDING_TRIALS_PG", "0"),
        ("TUNE_MAX_PENDING_TRIALS_PG", ""),
        ("TUNE_GLOBAL_CHECKPOINT_S", "-1"),
        ("TUNE_GLOBAL_CHECKPOINT_S", "nan"),
        ("TUNE_GLOBAL_CHECKPOINT_S", "soon"),
    ],
)
def test_a_variable_that_counts_has_to_be_a_number(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(UserError, match=f"{name}={text} in the environment: allowed: "):
        check_variables({})
    monkeypatch.setenv(name, "auto")
    assert check_variables({}) == []
    monkeypatch.setenv(name, "64")
    assert check_variables({}) == []


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[int, int]]:
    """Limits that can be set and that are not this process's."""
    most = resource.RLIM_INFINITY
    held = {resource.RLIMIT_NOFILE: (most, most), resource.RLIMIT_NPROC: (most, most)}
    monkeypatch.setattr(resource, "getrlimit", held.__getitem__)
    monkeypatch.setattr(resource, "setrlimit", held.__setitem__)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(environment, "_num_threads", lambda: 150)
    return held


def test_too_few_open_files_are_refused_and_raised_where_that_is_allowed(
    limits: dict[int, tuple[int, int]],
) -> None:
    check_limits(2)
    limits[resource.RLIMIT_NOFILE] = (64, 64)
    with pytest.raises(UserError, match=r"ulimit -n 64: .* up to 160 open files with 2 CPUs"):
        check_limits(2)
    limits[resource.RLIMIT_NOFILE] = (64, 4096)
    check_limits(2)
    assert limits[resource.RLIMIT_NOFILE] == (160, 4096)
    limits[resource.RLIMIT_NOFILE] = (1024, 4096)
    check_limits(2)
    assert limits[resource.RLIMIT_NOFILE] == (1024, 4096)


def test_too_few_processes_are_refused(
    limits: dict[int, tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    limits[resource.RLIMIT_NPROC] = (460 + 150, 4096)
    check_limits(2)
    limits[resource.RLIMIT_NPROC] = (460 + 149, 4096)
    with pytest.raises(UserError, match=r"ulimit -u 609: Ray needs about 460 .* run 150 already"):
        check_limits(2)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    check_limits(2)
