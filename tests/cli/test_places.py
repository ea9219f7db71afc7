"""Paths as a shell takes them, and where the traceback of a failure is."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tune_app.cli.places import failure_lines, missing_study, shell_word, short_path
from tune_app.storage.local_store import LocalStore


def test_a_path_is_one_word_of_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("sp ace/[brackets]", "it's", "$HOME", "-x/q1a", "plain"):
        [word] = shlex.split(shell_word(LocalStore(tmp_path), tmp_path / name))
        assert word.removeprefix("./") == name
    assert shell_word(LocalStore(tmp_path), tmp_path / "-x") == "./-x", "no option"
    assert shell_word(LocalStore(tmp_path), tmp_path / "results" / "q1a") == short_path(
        LocalStore(tmp_path), tmp_path / "results" / "q1a"
    )


def test_a_failure_names_its_newest_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "re sults" / "mine"
    for launch in ("001", "999", "1000"):
        (root / "tune" / launch / "x[1]").mkdir(parents=True)
        (root / "tune" / launch / "x[1]" / "error.txt").write_text("ValueError: no\n")
    assert failure_lines(LocalStore(root), {"x[1]": "ValueError: no", "y": "it ended\nearly"}) == [
        "failed: x[1]: ValueError: no (traceback: 're sults/mine/tune/1000/x[1]/error.txt')",
        "failed: y: it ended early",
    ]
    (root / "tune" / "1000" / "x[1]" / "output.txt").write_text("epoch 1\n")
    [line] = failure_lines(LocalStore(root), {"x[1]": "no"})
    assert line.endswith("error.txt', output: 're sults/mine/tune/1000/x[1]/output.txt')")
    many = failure_lines(LocalStore(root), {f"t{i}": "no" for i in range(25)})
    assert len(many) == 21 and many[-1] == "and 5 more failed trials"


def test_a_study_in_the_usual_folder_is_proposed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    nowhere = missing_study(LocalStore(Path("q1a")), ", so nothing is deleted")
    assert str(nowhere).endswith(
        "q1a: no study there (it has no study.json), so nothing is deleted; give its directory, "
        "e.g. results/q1a"
    )
    (tmp_path / "results" / "q1a").mkdir(parents=True)
    (tmp_path / "results" / "q1a" / "study.json").touch()
    assert str(missing_study(LocalStore(Path("q1a")))).endswith("; did you mean results/q1a?")
