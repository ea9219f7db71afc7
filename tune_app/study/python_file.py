"""Runs a user's Python file and returns it as a module."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from search_spaces.errors import UserError
from tune_app.storage.user_path import is_file


def _type_and_message(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def run_python_file(
    option: str, path: Path, explain: Callable[[BaseException], str] = _type_and_message
) -> ModuleType:
    """Run a Python file and return it as a module.

    The file can import modules beside it, as when Python runs it. Its folder comes last on the
    import path, so a user's ``random.py`` or ``analysis.py`` does not replace the module of that
    name that this program imports.

    While the file runs, its module is in ``sys.modules``, where dataclasses look it up. Afterwards
    it is removed, so that the objects that it defines are pickled by value for workers.

    Args:
        option: the command-line option that named the file, for messages.
        path: the file.
        explain: exception raised by the file -> one line about it.

    Raises:
        UserError: there is no such file, or it cannot be run.
    """
    if not is_file(path):
        raise UserError(f"{option} {path}: no such file")
    path = path.resolve()
    spec = importlib.util.spec_from_file_location(_module_name(path), path)
    if spec is None or spec.loader is None:
        raise UserError(f"{option} {path}: not a Python file (its name must end in .py)")
    module = importlib.util.module_from_spec(spec)
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    sys.modules[module.__name__] = module
    try:
        spec.loader.exec_module(module)
    except UserError as error:
        raise UserError(f"{option} {path}: {error}") from None
    except SyntaxError as error:
        raise UserError(f"{option} {path}: {_line_of(error, path)}: {error.msg}") from None
    except (Exception, SystemExit) as error:
        hidden = _hidden_module(error, path.parent)
        raise UserError(f"{option} {path}: {explain(error)}{hidden}") from None
    finally:
        sys.modules.pop(module.__name__, None)
    return module


def modules_beside(folder: Path) -> list[ModuleType]:
    """Return the modules imported so far from the files and packages of a folder."""
    return [
        module
        for name, module in list(sys.modules.items())
        if (top := sys.modules.get(name.partition(".")[0])) is not None
        and folder in folders_that_hold(top)
    ]


def folders_that_hold(module: ModuleType) -> list[Path]:
    """Return the folders in which a top-level module or package was found."""
    packages = getattr(module, "__path__", None)
    if packages is not None:
        return [Path(package).parent for package in packages]
    file = getattr(module, "__file__", None)
    return [Path(file).parent] if file else []


def _module_name(path: Path) -> str:
    """Return a module name that depends on the path alone and that no other module has."""
    digest = hashlib.sha256(str(path).encode(errors="surrogateescape")).hexdigest()[:8]
    stem = re.sub(r"\W", "_", path.stem)
    return f"_file_{stem}_{digest}"


def _line_of(error: SyntaxError, path: Path) -> str:
    """Return the line of a syntax error, with its file if that is another file."""
    elsewhere = error.filename is not None and Path(error.filename) != path
    return f"{error.filename}, line {error.lineno}" if elsewhere else f"line {error.lineno}"


def _hidden_module(error: BaseException, folder: Path) -> str:
    """Return a hint if an import failed because another module has the name of a file beside it."""
    name = (getattr(error, "name", None) or "").partition(".")[0]
    if not isinstance(error, ImportError) or not name:
        return ""
    loaded = sys.modules.get(name)
    beside = next((p for p in (folder / f"{name}.py", folder / name) if p.exists()), None)
    if loaded is None or beside is None or folder in folders_that_hold(loaded):
        return ""
    return f"; {beside.name} beside the file is hidden by another module {name}: rename it"
