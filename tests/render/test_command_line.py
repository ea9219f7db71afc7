"""What the commands of ``analysis`` have in common, tried on each of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from analysis.checks.audit.command import main as audit
from analysis.checks.claims.command import main as claims
from analysis.command_line import Parser
from analysis.report import main as report

COMMANDS = {"report": report, "claims": claims, "audit": audit}


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("report", ["x", "--out=--"], "--out: needs a value"),
        ("claims", ["--claims=--"], "--claims: needs a value"),
        ("audit", ["x", "--map=--"], "--map: needs a value"),
        ("report", ["x", "--out", " "], "argument --out: is empty"),
        ("claims", ["a\0b"], "argument STUDY: holds a NUL byte"),
        ("audit", ["x", "--data", ""], "argument --data: is empty"),
        ("report", ["x", "--form", "md"], "unrecognized arguments: --form md"),
        ("claims", ["--no-such"], "unrecognized arguments: --no-such"),
        ("audit", [], "the following arguments are required: TABLE"),
    ],
)
def test_mistakes_are_one_line_that_names_the_help(
    command: str, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main: Callable[[Sequence[str]], int] = COMMANDS[command]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"error: {said}; see python -m analysis.{command} --help\n"


def test_an_empty_list_that_is_the_default_is_no_mistake() -> None:
    parser = Parser("analysis.x", "")
    parser.add_argument("places", nargs="*", default=[])
    parser.add_argument("--name", action="append", default=[])
    assert vars(parser.parsed([])) == {"places": [], "name": []}
    assert vars(parser.parsed(["a", "--name", "b"])) == {"places": ["a"], "name": ["b"]}


def test_a_reader_of_an_audit_that_has_seen_enough_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "analysis.audit", "report_b"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate()
    assert (process.returncode, said) == (1, b"")
