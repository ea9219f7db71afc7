"""The command that writes a report."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from analysis import report as module
from analysis.report import main
from tests.studies import (
    A5,
    PREFIX,
    QUICK,
    line,
    prefix_study,
    shared_study,
    write_trial,
)


@pytest.mark.parametrize("case", ["no study", "same name", "not writable", "format", "watch"])
def test_mistakes_are_one_line_and_exit_status_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    path = shared_study(tmp_path / "grid")
    (tmp_path / "file").write_text("")
    arguments = {
        "no study": [str(tmp_path)],
        "same name": [str(path), str(shared_study(tmp_path / "other" / "grid"))],
        "not writable": [str(path), "--out", str(tmp_path / "file")],
        "format": [str(path), "--formats", "docx"],
        "watch": [str(path), "--watch", "0"],
    }[case]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ") and captured.err.count("\n") == 1


def test_watching_follows_the_study_until_it_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = prefix_study(tmp_path)
    seen = []

    def sleep(seconds: float) -> None:
        seen.append((path / "report" / "report.md").read_text().splitlines()[2])
        if len(seen) == 1:
            write_trial(path, "k1", A5, PREFIX, [line(2, milestone=True), line(5, milestone=True)])
        elif len(seen) == 2:
            (path / "study.json").rename(path / "hidden.json")
        else:
            assert seconds == 3.0
            raise KeyboardInterrupt

    monkeypatch.setattr(module.time, "sleep", sleep)
    assert main([str(path), "--watch", "3", *QUICK]) == 0
    assert seen == ["0 of 2 rows have ended.", *["2 of 2 rows have ended."] * 2]
    assert "it has no study.json" in capsys.readouterr().err


def test_starts_without_heavy_packages(tmp_path: Path) -> None:
    path = shared_study(tmp_path / "grid")
    program = (
        "import sys; from analysis.report import main; status = main(sys.argv[1:]);"
        "heavy = {'torch', 'ray', 'sklearn', 'vl_convert', 'typst'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path), *QUICK],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
