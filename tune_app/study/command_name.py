"""The name with which the user called a command, for its help and its messages."""

from __future__ import annotations

import sys
from pathlib import Path

_MODULES = ("tune_app.run", "tune_app.status")


def command_name(module: str) -> str:
    """Return ``tune-app run``, or ``python -m tune_app.run`` if the command was called that way.

    A notebook is told of ``tune-app``, a script of ``python -m``. Commands without a module of
    their own are ``python -m tune_app show`` and so on.

    Args:
        module: the command's own module, such as ``tune_app.run``; its last part is the subcommand.
    """
    program = Path(sys.argv[0] if sys.argv else "")
    subcommand = module.rpartition(".")[2]
    if program.stem in ("tune-app", "ipykernel_launcher"):
        return f"tune-app {subcommand}"
    if program.parts[-2:] == ("tune_app", "__main__.py"):
        return f"python -m tune_app {subcommand}"
    is_module = module.startswith("analysis.") or module in _MODULES
    return f"python -m {module}" if is_module else f"python -m tune_app {subcommand}"
