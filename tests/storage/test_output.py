"""Standard output and error that are closed, full, of another encoding, or read by nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from search_spaces.errors import UserError
from tune_app.storage.output import answering_mistakes, print_text

COMMAND = """
import argparse, sys
from search_spaces.errors import UserError
from tune_app.storage.output import answering_mistakes, print_text

@answering_mistakes
def main(argv):
    parser = argparse.ArgumentParser(description="é")
    parser.add_argument("do", choices=["print", "fail", "stop"])
    do = parser.parse_args(argv).do
    if do == "fail":
        raise UserError("no é")
    if do == "stop":
        raise KeyboardInterrupt
    with open("data", "w") as file:
        print_text("é" * 100_000)
        print_text("end")
        file.write("whole")
    return 1

sys.exit(main())
"""
FULL = "error: standard output cannot be written (No space left on device); redirect it elsewhere\n"


def run(folder: Path, do: str, redirect: str, **variables: str) -> tuple[int, str]:
    """Run the command in a shell; return its exit status and what it said to standard error."""
    (folder / "command.py").write_text(COMMAND, encoding="utf-8")
    line = f'{{ "{sys.executable}" command.py {do}; echo status $? >&3; }} {redirect}'
    done = subprocess.run(
        ["bash", "-c", f"exec 3>status; {line}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PATH": "/usr/bin:/bin"}
        | variables,
    )
    return int((folder / "status").read_text().split()[1]), done.stderr


@pytest.mark.parametrize(
    ("do", "redirect", "status", "said"),
    [
        ("print", "| head -c 1 >/dev/null", 1, ""),
        ("print", ">/dev/full", 2, FULL),
        ("--help", ">/dev/full", 2, FULL),
        ("print", ">/dev/full 2>/dev/full", 2, ""),
        ("print", ">&-", 1, ""),
        ("print", ">&- 2>&-", 1, ""),
        ("print", "<&- >&- 2>&-", 1, ""),
        ("fail", "2>&- >out", 2, ""),
        ("fail", "2>/dev/full", 2, ""),
        ("stop", "", 130, ""),
    ],
)
def test_output_that_cannot_be_written(
    tmp_path: Path, do: str, redirect: str, status: int, said: str
) -> None:
    assert run(tmp_path, do, redirect) == (status, said)
    if do == "print" and status == 1:
        assert (tmp_path / "data").read_text() == "whole", "nothing else is written to that file"
    if do == "fail" and ">out" in redirect:
        assert (tmp_path / "out").read_text() == "", "an error is no result"


@pytest.mark.parametrize("do", ["print", "--help"])
def test_a_character_that_the_terminal_lacks_is_written_as_its_number(
    tmp_path: Path, do: str
) -> None:
    status, said = run(tmp_path, do, ">out", PYTHONIOENCODING="ascii")
    assert (status, said) == (1 if do == "print" else 0, "")
    assert "\\xe9" in (tmp_path / "out").read_text()
    assert run(tmp_path, "fail", "", PYTHONIOENCODING="ascii") == (2, "error: no \\xe9\n")


def test_a_name_that_no_terminal_takes_is_printed_escaped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_text("a\udcffb")
    assert capsys.readouterr().out == "a\\udcffb\n"

    @answering_mistakes
    def main(argv: object) -> int:
        raise UserError("no \udcff")

    assert main([]) == 2
    assert capsys.readouterr().err == "error: no \\udcff\n"
