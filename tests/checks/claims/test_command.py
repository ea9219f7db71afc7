from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from analysis.checks.claims.command import main
from tests.any_studies import regression
from tests.studies import shared_study

MINE = """
from analysis.claims import Claim, Higher
CLAIMS = [
    Claim(
        "epochs_help",
        "On {dataset} | 5 epochs <b>beat</b> 2.",
        Higher("epochs", 5, 2),
        where={"dataset": "mnist"},
    ),
]
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    return file


def test_own_claims_on_a_study(
    tmp_path: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = shared_study(tmp_path / "grid")
    assert main([str(study), "--claims", str(mine)]) == 0
    shown = capsys.readouterr().out
    header, _, row, _, sentence = shown.splitlines()
    assert header.split("|")[1:5] == [
        cell.ljust(len(original))
        for cell, original in zip(
            (" claim", " on", " verdict", " effect, interval, p, n"),
            header.split("|")[1:5],
            strict=True,
        )
    ]
    assert [cell.strip() for cell in row.split("|")[1:4]] == ["epochs_help", "grid", "underpowered"]
    assert "On MNIST \\| 5 epochs &lt;b>beat&lt;/b> 2." in sentence
    assert not any(path.name == "report" for path in study.iterdir()), "writes no file"


def test_claims_of_one_report_on_its_own_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--reference", "report_b"]) == 0
    shown = capsys.readouterr().out
    assert "| b_depth_fashion" in shown and "a_depth" not in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--reference", "report_c"], "invalid choice"),
        (["--claims", "absent.py"], "no such file"),
        (["absent"], "no such directory"),
        ([""], "is empty"),
        (["--frobnicate"], "unrecognized arguments"),
    ],
)
def test_mistakes_are_one_line_and_status_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err and captured.err.count("\n") == 1


def test_a_study_of_another_kind_is_not_judged_by_the_reports_unasked(
    tmp_path: Path, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    regression(tmp_path / "mine")
    study = str(tmp_path / "mine")
    assert main([study]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and "mine does not train the models" in captured.err
    assert main([study, "--reference", "report_a"]) == 0
    assert main([study, "--claims", str(mine)]) == 0
    assert "Report" not in capsys.readouterr().out.split("epochs_help")[-1]


def test_own_claims_need_something_to_be_judged_on(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--claims", str(mine)]) == 2
    assert "no study and no published table" in capsys.readouterr().err


def test_a_reports_name_is_taken(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine.write_text(MINE.replace("epochs_help", "a_depth"))
    assert main(["--claims", str(mine), "--reference", "report_a"]) == 2
    assert "a_depth is the name of a report's claim" in capsys.readouterr().err


def test_a_reader_may_stop_early() -> None:
    command = [sys.executable, "-m", "analysis.claims", "--reference", "report_b"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(timeout=120) == 0
    assert errors == b""


def test_a_criterion_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = shared_study(tmp_path / "grid")
    file = tmp_path / "own.py"
    text = """
from analysis.claims import Claim, Outcome

class Few:
    def judge(self, evidence, alpha):
        return {result}

CLAIMS = [Claim("few", "There are few rows.", Few())]
"""
    file.write_text(text.format(result='Outcome("supported", f"{len(evidence.rows)} rows")'))
    assert main([str(study), "--claims", str(file)]) == 0
    assert "supported on grid: 4 rows" in capsys.readouterr().out
    for result, message in (("1 / 0", "ZeroDivisionError"), ("3", "judge returned int")):
        file.write_text(text.format(result=result))
        assert main([str(study), "--claims", str(file)]) == 2
        error = capsys.readouterr().err
        assert message in error and "while judging claim few" in error and error.count("\n") == 1
