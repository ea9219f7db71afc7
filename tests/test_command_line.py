"""What the commands of ``analysis`` have in common, tried on each of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from analysis.checks.audit.command import main as audit
from analysis.checks.claims.command import main as claims
from analysis.command_line import Parser, images_argument
from analysis.compare.command import main as compare
from analysis.report import main as report
from tests.studies import resnet_config, study_json, write_study
from tune_app.data.sources import SAMPLE_FOLDER

COMMANDS = {"report": report, "claims": claims, "audit": audit, "compare": compare}


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("report", ["x", "--out=--"], "--out: needs a value"),
        ("claims", ["--claims=--"], "--claims: needs a value"),
        ("audit", ["x", "--map=--"], "--map: needs a value"),
        ("report", ["x", "--out", " "], "argument --out: is empty"),
        ("claims", ["a\0b"], "argument STUDY: contains a NUL byte"),
        ("audit", ["x", "--data", ""], "argument --data: is empty"),
        (
            "report",
            ["x", "--form", "md"],
            "unrecognized arguments: --form md; did you mean '--formats'?",
        ),
        ("claims", ["--no-such"], "unrecognized arguments: --no-such"),
        ("audit", [], "the following arguments are required: TABLE"),
        ("compare", ["a", "b", "--where=--"], "--where: needs a value"),
        ("compare", ["a", "b", "--ot=x"], "unrecognized arguments: --ot=x; did you mean '--out'?"),
        ("compare", [], "the following arguments are required: STUDY"),
        (
            "report",
            ["x", "--formats", "md", "--formats=pdf"],
            "--formats is given twice; give it once",
        ),
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


def test_the_images_of_the_sample_have_a_name() -> None:
    assert images_argument("sample") == SAMPLE_FOLDER
    assert images_argument("./sample") == Path("sample")


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
        cwd=Path(__file__).resolve().parents[1],
    )
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate()
    assert (process.returncode, said) == (1, b"")


@pytest.mark.parametrize(
    ("words", "redirect", "status", "said"),
    [
        ("audit report_b", ">/dev/full", 2, "error: standard output cannot be written"),
        ("audit report_b", ">&- 2>&-", 1, ""),
        ("claims --reference report_b", "| head -1 >/dev/null", 0, ""),
        ("report STUDY --formats md --no-figures --no-labs", ">/dev/full", 2, "error: stand"),
        ("report STUDY --formats pdf --no-labs", "<&- >&- 2>&-", 0, ""),
        ("report nowhere", "2>&-", 2, ""),
        ("claims --help", ">/dev/full", 2, "error: standard output cannot be written"),
    ],
)
def test_output_that_goes_away(
    tmp_path: Path, words: str, redirect: str, status: int, said: str
) -> None:
    """Closed, full or left by its reader: the right exit status, at most one line, whole files."""
    study = write_study(tmp_path / "grid", study_json({"a": resnet_config()}))
    command = words.replace("STUDY", str(study))
    script = f'{{ "{sys.executable}" -m analysis.{command}; echo $? >&3; }} {redirect}'
    done = subprocess.run(
        ["bash", "-c", f"exec 3>{tmp_path}/status; {script}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[1],
    )
    assert int((tmp_path / "status").read_text()) == status
    assert done.stderr.startswith(said) and done.stderr.count("\n") == bool(said)
    for file in (study / "report").rglob("*.pdf"):
        assert file.read_bytes().startswith(b"%PDF") and file.read_bytes().rstrip().endswith(b"EOF")


def test_text_that_the_terminal_lacks_changes_no_exit_status(tmp_path: Path) -> None:
    config, space = resnet_config(), {"question": "Né?"}
    study = write_study(tmp_path / "grid", study_json({"a": config}, name="é", space=space))
    for words in (["claims", "--reference", "report_a", str(study)], ["audit", str(study)]):
        done = subprocess.run(
            [sys.executable, "-m", f"analysis.{words[0]}", *words[1:]],
            capture_output=True,
            cwd=Path(__file__).resolve().parents[1],
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"") and b"\\xe9" in done.stdout
