"""Finds the files of a user's code: that of a search space and the modules beside it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.machinery import PathFinder
from pathlib import Path

from tune_app.study.python_file import folders_that_hold

NOT_THE_USERS = frozenset({*sys.stdlib_module_names, "analysis", "search_spaces", "tune_app"})
_MOST_FILES = 1_000


def source_files(path: Path) -> dict[str, bytes]:
    """Return the content of a user's file and of every module beside it that it needs.

    Returns:
        File name relative to the folder -> content; the file itself is first.
    """
    path = path.resolve()
    folder, waiting = path.parent, [path]
    files: dict[str, bytes] = {}
    while waiting and len(files) < _MOST_FILES:
        file = waiting.pop(0)
        name = file.relative_to(folder).as_posix()
        if name in files:
            continue
        files[name] = _source(file)
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            waiting += _imported_files(ast.parse(files[name]), file, folder)
    return files


def _source(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _imported_files(tree: ast.Module, file: Path, folder: Path) -> Iterator[Path]:
    """Yield the files beside the space's that a module imports, packages before their modules."""
    package = list(file.parent.relative_to(folder).parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files_of_module(alias.name.split("."), folder)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = [*above, *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                yield from _files_of_module([*module, alias.name], folder)


def _files_of_module(parts: Sequence[str], folder: Path) -> Iterator[Path]:
    if not parts or not _is_beside(parts[0], folder):
        return
    for end in range(1, len(parts) + 1):
        place = folder.joinpath(*parts[:end])
        for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if file.is_file():
                yield file
                break


def _is_beside(module: str, folder: Path) -> bool:
    """Return whether Python takes a module from the folder, and not one of that name elsewhere."""
    if module in NOT_THE_USERS:
        return False
    loaded = sys.modules.get(module)
    if loaded is not None:
        return folder in folders_that_hold(loaded)
    spec = PathFinder.find_spec(module)
    if spec is None:
        return True
    places = spec.submodule_search_locations or ([spec.origin] if spec.origin else [])
    return any(Path(place).parent.resolve() == folder for place in places)
