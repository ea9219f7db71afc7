"""``tune-app``: all commands of the project under one name, from any folder."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from search_spaces.errors import UserError, choices, did_you_mean
from tune_app.cli.interrupts import ending_at_once
from tune_app.storage.output import Main, answering_mistakes, print_text

COMMANDS = {
    "init": "write a search space of your own to start from",
    "run": "plan a study, run what is not finished, and print the outcome",
    "list": "list the studies in a folder with their states and best results",
    "status": "print how far a study is, also while it is running",
    "show": "list the rows of a study, or print everything that is kept of one row",
    "best": "print the best configuration of a study, and export its model",
    "predict": "print the class of images, by a model that was exported",
    "report": "write the report of one or more studies",
    "compare": "tell whether a study is better than another, and what changed",
    "audit": "find results in a table that cannot be right",
    "claims": "judge claims against results: the published claims or your own",
    "copy": "copy a study without its checkpoints and weights, to send or continue it",
    "rm": "delete a study, after asking",
    "env": "print versions, processors, GPUs and storage, as a bug report needs them",
}
"""Subcommand -> what it does. Those of the first version are also modules: ``tune_app.run`` ..."""
_ELSEWHERE = {
    "report": "analysis.report",
    "compare": "analysis.compare.command",
    "audit": "analysis.audit",
    "claims": "analysis.claims",
}
"""The commands whose module is not one of this room."""


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand with the arguments that follow its name; return its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    name = words[0] if words else ""
    if name in ("-h", "--help"):
        print_text(_help())
        return 0
    if name not in COMMANDS:
        what = f"{name}: no such command" if name else "a command is missing"
        raise UserError(
            f"{what}{did_you_mean(name, COMMANDS)}; allowed: {choices(COMMANDS)}; "
            "see tune-app --help"
        )
    with ending_at_once():
        command = _load(name)
    return command(words[1:])


def _load(name: str) -> Main:
    """Import one command, without the packages that only the others need."""
    module = _ELSEWHERE.get(name, f"tune_app.cli.{name}_command")
    command: Main = importlib.import_module(module).main
    return command


def _help() -> str:
    lines = [f"  {name:<9}{meaning}" for name, meaning in COMMANDS.items()]
    usage = "usage: tune-app COMMAND ...\n\nHyperparameter studies on Ray Tune. Commands:"
    return "\n".join([usage, *lines, "\n`tune-app COMMAND --help` lists the options of a command."])
