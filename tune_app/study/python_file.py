"""A user's Python file, run for what it defines."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from search_spaces.errors import UserError


def _plainly(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def run_python_file(
    option: str, path: Path, explain: Callable[[BaseException], str] = _plainly
) -> ModuleType:
    """Run a file and return it as a module.

    The module stays out of ``sys.modules``: what the file defines then travels to workers by value.

    Args:
        option: the command-line option that named the file, for messages.
        path: the file.
        explain: says in one line what an exception of the file means.

    Raises:
        UserError: there is no such file, or it cannot be run.
    """
    try:
        found = path.is_file()
    except OSError:  # a name that is too long, or a folder that must not be entered
        found = False
    if not found:
        raise UserError(f"{option} {path}: no such file")
    spec = importlib.util.spec_from_file_location(re.sub(r"\W", "_", path.stem), path)
    if spec is None or spec.loader is None:
        raise UserError(f"{option} {path}: not a Python file (its name must end in .py)")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except UserError as error:
        raise UserError(f"{option} {path}: {error}") from None
    except SyntaxError as error:
        raise UserError(f"{option} {path}: line {error.lineno}: {error.msg}") from None
    except (Exception, SystemExit) as error:
        raise UserError(f"{option} {path}: {explain(error)}") from None
    return module
