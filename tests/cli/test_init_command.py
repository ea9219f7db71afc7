"""``tune-app init`` writes a study that runs as it is."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tune_app.cli.init_command import write_space
from tune_app.cli.main import main
from tune_app.planning.checked_request import check_request
from tune_app.planning.request import StudyRequest
from tune_app.planning.space_file import code_files, load_space
from tune_app.storage.local_store import LocalStore

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


def test_the_next_command_is_printed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "my_study"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("wrote my_study.py; next: ")
    assert printed.endswith(" --space my_study.py --plan\n") and printed.count("\n") == 1


def test_a_file_that_is_there_stays(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "mine.py").write_text("precious")
    for name in ("mine", "mine.py", "./mine"):
        assert main(["init", name]) == 2
        printed = capsys.readouterr().err
        assert printed == "error: mine.py is there already; choose another name, or remove it\n"
    assert (here / "mine.py").read_text() == "precious"


@pytest.mark.parametrize("name", ["My-Study", "1st", "", "a" * 41, "a/"])
def test_a_name_that_no_study_can_have(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["init", name]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(here.iterdir()) == []


def test_a_folder_is_made(here: Path) -> None:
    assert write_space("studies/first") == Path("studies/first.py")
    assert load_space("studies/first.py").name == "first"


def test_a_full_disk_leaves_no_file(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_stream: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert main(["init", "mine"]) == 2
    printed = capsys.readouterr().err
    assert printed == "error: mine.py: cannot be written (No space left on device)\n"
    assert list(here.iterdir()) == []
    assert main(["init", "mine"]) == 0


def test_the_file_is_a_search_space(here: Path) -> None:
    path = write_space("my_study")
    space = load_space(str(path))
    assert (space.name, space.num_configurations()) == ("my_study", 3)
    assert len(path.read_text().splitlines()) < 60
    store = LocalStore(here / "results" / "my_study")
    request = StudyRequest(space, store, code=code_files(str(path), space))
    assert list(request.code) == ["my_study.py"]
    assert check_request(request).trainable.is_own


def test_the_file_is_clean(here: Path) -> None:
    path = str(write_space("my_study"))
    for words in (("check",), ("format", "--check")):
        command = [sys.executable, "-m", "ruff", *words, "--isolated", "--no-cache", path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.xdist_group("ray")
def test_the_file_runs_as_it_is(here: Path) -> None:
    def call(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tune_app", *words]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, cwd=here
        )

    assert call("init", "my_study").returncode == 0
    planned = call("run", "--space", "my_study.py", "--plan")
    assert planned.returncode == 0 and "3 trials to run" in planned.stdout, planned.stderr
    assert not (here / "results").exists()
    done = call("run", "--space", "my_study.py")
    assert done.returncode == 0, done.stderr
    assert "3 of 3 rows are finished" in done.stdout
