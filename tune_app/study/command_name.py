"""The name with which the user called a command, for its help and its messages."""

from __future__ import annotations

import sys
from pathlib import Path


def command_name(module: str) -> str:
    """Return ``tune-app run``, or ``python -m tune_app.run`` if the command was called that way.

    Args:
        module: the command's own module, such as ``tune_app.run``; its last part is the subcommand.
    """
    program = Path(sys.argv[0] if sys.argv else "")
    subcommand = module.rpartition(".")[2]
    if program.stem == "tune-app":
        return f"tune-app {subcommand}"
    if program.parts[-2:] == ("tune_app", "__main__.py"):
        return f"python -m tune_app {subcommand}"
    return f"python -m {module}"
