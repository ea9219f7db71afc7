"""Paths that cannot be are one line, whatever command gets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from search_spaces.errors import UserError
from tune_app import load_study
from tune_app.cli import main as commands
from tune_app.data.array_data import ArrayData
from tune_app.data.image_files import find_images
from tune_app.storage.published import FOLDER
from tune_app.storage.user_path import is_file, is_folder, user_path

LONG, NOBODY, URL = "x" * 300, "~nobody-at-all/here", "s3://lab/mine"


def test_the_home_folder_is_one_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert user_path("~/studies") == Path("/home/me/studies")
    assert user_path("./~") == Path("~") and user_path("a/~") == Path("a/~")
    with pytest.raises(UserError, match=r"^~nobody-at-all/here: home folder unknown; write the "):
        user_path(NOBODY)


def test_a_name_that_cannot_be_is_no_file(tmp_path: Path) -> None:
    assert is_folder(tmp_path) and not is_file(tmp_path)
    assert not is_file(Path(LONG)) and not is_folder(Path(LONG))
    assert find_images([LONG]) == [Path(LONG)], "reading it says what is wrong"
    with pytest.raises(UserError, match=r"no such folder$"):
        ArrayData.from_image_folder(LONG)
    with pytest.raises(UserError, match="no such directory"):
        load_study("a\0b")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["list", LONG], "no such folder"),
        (["list", NOBODY], "home folder unknown"),
        (["env", "--results-dir", NOBODY], "home folder unknown"),
        (["rm", LONG, "--yes"], "no study there"),
        (["copy", LONG, "copied"], "no study there"),
        (["copy", "published:q2", LONG], "File name too long"),
        (["audit", "published:q2", "--data", LONG], "give the folder that the study was made from"),
        (["report", "loop"], "no such directory"),
        (["compare", "published:q1a", "loop"], "no such directory"),
        (["status", LONG], "File name too long"),
        (["status", str(FOLDER / LONG)], "File name too long"),
        (["predict", NOBODY, "digit.png"], "home folder unknown"),
        (["run", "--space", LONG], "no such search space"),
        (["run", "--best-of", LONG], "no study there"),
        (["run", "--best-of", NOBODY], "home folder unknown"),
        (["report", "published:q2", "--out", NOBODY], "home folder unknown"),
        (["report", "published:q2", "--out", URL], f"{URL}: name a path of this machine"),
        (["compare", "published:q1a", "published:q2", "--out", URL], "of this machine"),
        (["audit", "published:q2", "--data", URL], "of this machine"),
        (["audit", "published:q2", "--against", URL], "of this machine"),
        (["env", "--results-dir", URL], "of this machine"),
        (["init", URL], "of this machine"),
        (["predict", URL, "digit.png"], "of this machine"),
    ],
)
def test_a_command_says_it_in_one_line(
    words: list[str],
    part: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.chdir(tmp_path)
    assert commands.main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and part in said and said.count("\n") == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "loop"]
