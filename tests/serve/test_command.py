"""The command as a user types it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from analysis.report import main
from tests.own_studies import score_study


def test_it_prints_its_address_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    study = score_study(tmp_path / "score")
    words = [sys.executable, "-m", "analysis.report", str(study.root), "--serve", "--no-figures"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        match = re.fullmatch(r"report: (http://127\.0\.0\.1:(\d+)/)\?token=(\S+)\n", first)
        assert match is not None, first
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        with pytest.raises(urllib.error.HTTPError, match="403"):
            opener.open(match[1])
        with opener.open(first.removeprefix("report: ").strip()) as answer:
            assert answer.url == f"{match[1]}study/score/" and answer.status == 200
        with opener.open(match[1]) as answer:
            assert answer.status == 200, "the cookie is enough"
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        output, errors = process.stdout.read(), process.stderr.read()
    assert process.returncode == 0 and errors == ""
    assert "ssh -L" in output and "Ctrl-C" in output
    assert not (study.root / "report").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--serve", "--out", "x"], "--out: --serve writes no files"),
        (["--serve", "--watch", "9"], "--watch: --serve writes no files"),
        (["--serve", "--formats", "pdf"], "--formats: --serve writes no files"),
        (["--port", "0"], "'0' is not a port, 1 to 65535"),
        (["--port", "http"], "'http' is not a port"),
    ],
)
def test_options_that_do_not_go_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main([str(tmp_path), *words]) == 2
    assert said in capsys.readouterr().err


def test_a_folder_without_studies_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), "--serve"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "neither a study nor a folder with studies" in err
    assert err.count("\n") == 1
