"""Studies that ship with the package: found by name, only read, and continued in a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from analysis.frames.load import load_study as read
from search_spaces.errors import UserError
from tests.any_studies import regression
from tests.compared import fitted
from tests.docs.prepared import Q1A
from tune_app import load_study
from tune_app.cli.main import main
from tune_app.storage import published
from tune_app.storage.open_store import store_at

Capture = pytest.CaptureFixture[str]
NAME = "published:q1a"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the package ship three studies, and work in an empty folder."""
    folder = tmp_path / "package" / "published"
    shutil.copytree(Q1A, folder / "q1a")
    regression(folder / "small")
    fitted(folder / "other", lambda config, seed: 9.0 + config["lr"] + seed / 100)
    (folder / "README.md").write_text("no study")
    monkeypatch.setattr(published, "FOLDER", folder)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return folder


def files_in(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*")
    }


@pytest.mark.usefixtures("folder")
def test_a_study_is_found_by_its_name() -> None:
    pd.testing.assert_frame_equal(load_study(NAME).rows, read(Q1A).rows)
    assert store_at(NAME).place == NAME and store_at(NAME).is_read_only


@pytest.mark.parametrize(
    "words",
    [
        *(["status"], ["show"], ["best"], ["audit"], ["compare", "published:other"]),
        ["report", "--formats", "md", "--no-figures"],
    ],
)
def test_every_command_that_reads_takes_the_name(
    words: list[str], folder: Path, capsys: Capture
) -> None:
    before = files_in(folder)
    status = main([words[0], "published:small", *words[1:]])
    said = capsys.readouterr()
    assert status in (0, 1) and not said.err, said.err
    assert files_in(folder) == before, "nothing is written where it lies"
    assert Path("reports/small/report.md").is_file() == (words[0] == "report")


def test_a_table_is_audited_against_it(folder: Path, capsys: Capture) -> None:
    read(Q1A).rows.to_csv("rows.csv")
    main(["audit", "rows.csv", "--against", NAME])
    assert "no such file" not in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_the_published_studies_are_listed(capsys: Capture) -> None:
    assert main(["list", "published:"]) == 0
    lines = [line.split()[:3] for line in capsys.readouterr().out.splitlines()[1:]]
    assert [NAME, "finished", "128/128"] in lines and len(lines) == 3


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("published:", "published: is followed by the name of a study; there are: published:other"),
        (
            "published:q1",
            "published:q1: no such published study; did you mean 'q1a'?; there are: published:oth",
        ),
        ("published:../published/q1a", "no such published study"),
    ],
)
def test_an_unknown_name_says_which_there_are(place: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        load_study(place)
    assert said in str(error.value)


def test_an_installation_without_them_says_so(folder: Path) -> None:
    shutil.rmtree(folder)
    with pytest.raises(UserError, match="there are: none, in this installation"):
        load_study(NAME)


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--space", "q1a", "--study", NAME],
        ["run", "--space", "q1a", "--results-dir", "published:"],
        ["run", "--space", "q1a", "--images", "800", "--data", "sample", "--seeds", "0-1"],
    ],
)
def test_whatever_writes_is_told_to_copy_first(
    words: list[str], folder: Path, capsys: Capture
) -> None:
    if "--seeds" in words:  # by its path
        words = [*words, "--results-dir", str(folder)]
    before = files_in(folder)
    assert main(words) == 2
    assert "tune-app copy published:q1a results/q1a" in capsys.readouterr().err
    assert files_in(folder) == before


def test_it_is_not_deleted(folder: Path, capsys: Capture) -> None:
    before = files_in(folder)
    assert main(["rm", NAME, "--yes"]) == 2
    assert capsys.readouterr().err == (
        "error: published:q1a: it is a part of the package and cannot be deleted\n"
    )
    assert files_in(folder) == before


@pytest.mark.usefixtures("folder")
def test_the_copy_is_an_ordinary_study(capsys: Capture) -> None:
    assert main(["copy", NAME, "results/q1a"]) == 0
    assert not store_at("results/q1a").is_read_only
    words = ["run", "--space", "q1a", "--data", "sample", "--images", "800", "--plan"]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "128 rows" in said, said
