from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.checks.audit.command import main
from tests.refusals import outcome

CLEAN = "model,test_accuracy\nresnet18,0.9855\nresnet50,0.9845\n"


def test_exit_status_and_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "clean.csv"
    path.write_text(CLEAN)
    assert main([str(path), "--num-test", "14000"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("## clean.csv (2 rows)") and "Nothing found." in text
    assert "test_accuracy -> test_accuracy as fractions*" in text and "\nNot applied:\n" in text
    assert (
        "- tied_times, round_times, time_outliers, " in text
    )  # rules with one reason are one line
    assert main(["report_b_q1b"]) == 1
    text = capsys.readouterr().out
    assert "- **error** (whole_counts): accuracies are not whole counts of" in text
    assert "To settle it: " in text


def test_wrong_denominator(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("model,test_accuracy\na,98.6667\nb,98.1333\n")
    assert main([str(path), "--num-test", "1500"]) == 0
    assert main([str(path), "--num-test", "1400"]) == 1
    assert main([str(path), "--num-test", "300", "--runs", "5"]) == 0


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report_b", "--json"]) == 1
    audits = json.loads(capsys.readouterr().out)
    assert [a["table"] for a in audits][:2] == ["report_b_q1a", "report_b_q1b"]
    assert audits[0]["failed"] and audits[0]["findings"][0]["rule"] == "tied_accuracies"
    assert audits[0]["findings"][0]["rows"] == [25, 26, 27, 28, 29, 30]


def test_a_report_is_audited_across_its_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report_b_q2_table4"]) == 1
    assert "should list the same rows" not in capsys.readouterr().out
    assert main(["report_b_q2_table4", "report_b"]) == 1
    text = capsys.readouterr().out
    assert "should list the same rows" in text and text.count("## report_b_q2_table4") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["report_b_qla"], "did you mean 'report_b_q1a'"),
        (["nowhere.csv"], "no such file"),
        ([], "required"),
        (["report_a", "--num-test", "0"], "not a whole number"),
        (["report_a", "--ceiling", "98"], "not a fraction"),
        (["report_a", "--ceiling", "1"], "not a fraction"),
        (["report_a", "--ceiling", "0"], "not a fraction"),
        (["report_a", "--data", "x", "--averaging", "mean"], "invalid choice"),
        ([""], "no such file"),
        (["x\0y"], "no such file"),
        (["x" * 5000], "no such file"),
        (["."], "not a study"),
    ],
)
def test_mistakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    status, error = outcome(arguments, main)
    assert status == 2 and says in error


def test_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "analysis.audit", "xiao_2017_table3"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "Nothing found." in done.stdout


def test_hostile_names_stay_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "table.csv"
    path.write_text('optimizer,<b>[x](y)</b>,test_accuracy\n"a|<i>",1,1.5\nb,2,0.9\n')
    assert main([str(path), "--fraction"]) == 1
    text = capsys.readouterr().out
    assert "<b>" not in text and "[x]" not in text.replace("\\[x]", "")


def test_errors_and_findings_number_rows_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The third row of the file is the third one everywhere, though the second is left out."""
    path = tmp_path / "table.csv"
    path.write_text("status,test_accuracy,f1\nfinished,0.9,0.9\nfailed,,\nfinished,y,0.9\n")
    assert main([str(path)]) == 0
    assert "left out: row 3, column test_accuracy: 'y'" in capsys.readouterr().out
    path.write_text("status,test_accuracy\nfinished,0.9\nfailed,\nfinished,1.5\n")
    assert main([str(path), "--fraction"]) == 1
    text = capsys.readouterr().out
    assert "row 3: 1.5 in row 3" in text
    assert text.count("rows are numbered from 1, without the line of headings") == 1
    assert main([str(path), "--fraction", "--json"]) == 1
    [audit] = json.loads(capsys.readouterr().out)
    assert audit["findings"][0]["rows"] == [3]
