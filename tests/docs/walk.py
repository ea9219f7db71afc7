"""Runs what a page shows, from its first block to its last, in one folder."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from analysis.checks.claims.command import load_claims
from tests.docs.pages import ROOT, Block, blocks
from tests.studies import QUICK
from tune_app.cli.main import main
from tune_app.planning.space_file import load_space

MODULES = {
    "tune_app.run": "run",
    "tune_app.status": "status",
    "analysis.report": "report",
    "analysis.compare": "compare",
    "analysis.audit": "audit",
    "analysis.claims": "claims",
}
_QUICK = {"run": ("--plan",), "rm": ("--yes",), "report": QUICK}
"""What the quick tests add: a study is planned, and a report is written as text alone."""


def words_of(command: str) -> list[str]:
    """Return the words behind ``tune-app`` of one of our commands; none of another program."""
    words = shlex.split(command)
    if words[0] == "tune-app":
        return words[1:]
    if words[:2] == ["python", "-m"] and words[2] in MODULES:
        return [MODULES[words[2]], *words[3:]]
    return []


def trains(words: Sequence[str]) -> bool:
    """Return whether a command trains something."""
    return words[:1] == ["run"] and not {"--plan", "--list"} & set(words)


def quick_words(words: Sequence[str]) -> tuple[str, ...]:
    """Return what is added to a command. Studies that are planned are new ones."""
    is_new = words[0] == "run" and "--best-of" not in words
    return (*_QUICK.get(words[0], ()), *(("--results-dir", "plans") if is_new else ()))


def walk_quickly(page: str, folder: Path) -> list[str]:
    """Run the examples and commands of a page; plan the commands that train.

    An example that raises is not caught.

    Args:
        page: the page.
        folder: where it happens, with the studies that the page names.

    Returns:
        What is not as the page says: commands that end otherwise, and what they print instead.
    """
    printed, names = "", {"__name__": "page"}
    problems = []
    for block in blocks(page):
        where = f"{page}: {block.text.splitlines()[0]}"
        if block.language == "python":
            run_python(block, folder, names, where)
        elif block.file:
            (folder / block.file).write_text(block.text)
        elif block.language == "bash" and block.is_run and block.mark != "slow":
            printed = ""
            for command in block.commands():
                if not (words := words_of(command)):
                    continue
                status, printed = printed_by([*words, *quick_words(words)])
                if status != block.exit_status:
                    problems.append(f"{page}: {command} ends with {status}\n{printed}")
        elif block.mark == "output" and not re.fullmatch(pattern_of(block.text), printed):
            problems.append(f"{where}\n{printed}")
    return problems


def run_python(block: Block, folder: Path, names: dict[str, Any], where: str) -> None:
    """Write a file, and load what it declares, or run the lines of an example."""
    code = compile(block.text, where, "exec")
    if block.file:
        path = folder / block.file
        path.write_text(block.text)
        if "SPACE = " in block.text:
            load_space(str(path))
        if "CLAIMS = " in block.text:
            load_claims(path)
    elif block.is_run and block.mark != "slow":
        with contextlib.redirect_stdout(io.StringIO()):
            exec(code, names)  # noqa: S102


def printed_by(words: Sequence[str], run: Callable[[Sequence[str]], int] = main) -> tuple[int, str]:
    """Return the exit status of a command, and what it prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            status = run(words)
        except SystemExit as end:  # --help
            status = int(end.code or 0)
    return status, out.getvalue()


def pattern_of(text: str) -> str:
    """Return the expression of an output, in which a line … stands for any number of lines."""
    lines = [
        r"(?:.*\n)*?" if line == "…" else re.escape(line) + r"\n" for line in text.splitlines()
    ]
    return "".join(lines)


def other_commands(page: str) -> list[str]:
    """Return the commands of other programs that nothing says about why they are not run."""
    return [
        command
        for block in blocks(page)
        if block.language == "bash" and block.is_run
        for command in block.commands()
        if not words_of(command) and not is_target(command)
    ]


def is_target(command: str) -> bool:
    """Return whether a command is ``make`` with a target of the Makefile."""
    program, *targets = shlex.split(command)
    known = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return program == "make" and bool(targets) and set(targets) <= set(known)
