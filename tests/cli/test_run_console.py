"""Output that goes away while a study runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRINTS = """
import sys
from tune_app.cli.run_console import run_console
from tune_app.storage.output import answering_mistakes
@answering_mistakes
def main(argv):
    console = run_console({note!r})
    for number in range(3):
        console.print(f"line {{number}} é", highlight=False)
    return 3
sys.exit(main(None))
"""


def go(note: str | None, redirection: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-c", f'"$0" -c "$1" {redirection}', sys.executable]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    return subprocess.run(
        [*command, PRINTS.format(note=note)],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_character_that_the_terminal_lacks_is_replaced() -> None:
    done = go("it goes on", "")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout == "".join(f"line {i} \\xe9\n" for i in range(3))


@pytest.mark.parametrize(
    ("redirection", "said"),
    [
        (">/dev/full", "note: standard output cannot be written (No space left on device); on\n"),
        ("| true; exit ${PIPESTATUS[0]}", "(its reader has gone); on\n"),
        (">&-", ""),
        (">/dev/full 2>&-", ""),
        (">/dev/full 2>&1", ""),
    ],
)
def test_what_runs_goes_on_without_its_output(redirection: str, said: str) -> None:
    done = go("on", redirection)
    assert done.returncode == 3 and done.stdout == ""
    assert done.stderr.endswith(said) and done.stderr.count("\n") == (1 if said else 0)


def test_what_only_prints_says_that_it_could_not() -> None:
    done = go(None, ">/dev/full")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: standard output cannot be written (No space left")
    assert go(None, "| true; exit ${PIPESTATUS[0]}").returncode == 3
