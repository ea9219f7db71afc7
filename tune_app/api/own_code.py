"""Identifies the code of a search space that a script or a notebook has made."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from search_spaces.space import SearchSpace
from tune_app.engine.user_code import functions_in, innermost
from tune_app.study.code_fingerprint import fingerprint_files, fingerprint_text
from tune_app.study.source_files import NOT_THE_USERS
from tune_app.study.user_error import is_users
from tune_app.training.trainable import Trainable

_PLAIN = (str, int, float, bool, type(None))


def code_of_space(space: SearchSpace) -> dict[str, str]:
    """Return the fingerprints of a space's own functions; empty if it has none.

    They are those of the files that define them, with the helpers beside. Of a function in a
    notebook they are those of the function and of what it uses: functions, classes and plain values
    of the notebook, of a function around it or of a partial, and files of the user's that it
    imports. Other objects, such as arrays, do not count.

    Returns:
        Name of a file, or of something in a notebook -> SHA-256 of its meaning.
    """
    found: dict[str, str] = {}
    for work in _own_functions(space):
        inner = innermost(work)
        path = _file_of(inner)
        if path is None:
            _add_cells(found, inner)
            found |= _of_partial(work)
        elif _is_users(inner, path):
            found |= fingerprint_files(path)
        else:  # of an installed package: its version is recorded with each launch
            name = f"{inner.__module__}.{inner.__qualname__}"
            found[name] = fingerprint_text(name)
    return found


def _own_functions(space: SearchSpace) -> Iterator[Any]:
    given = space.trainable
    work = given.function if isinstance(given, Trainable) else given
    if not isinstance(work, str):
        yield from functions_in(work)
    yield from space.datasets.values()


def _add_cells(found: dict[str, str], work: Any) -> None:
    """Add the fingerprint of something in a notebook, and of what it uses there."""
    of_class = _namespace(work).get(str(getattr(work, "__qualname__", "")).partition(".")[0])
    waiting = [of_class if inspect.isclass(of_class) else work]
    names = [str(getattr(waiting[0], "__name__", "trainable"))]
    seen: set[int] = set()
    while waiting:
        name, value = names.pop(0), waiting.pop(0)
        is_plain = isinstance(value, _PLAIN)
        if not is_plain and id(value) in seen:
            continue
        seen.add(id(value))
        source = f"{name} = {value!r}" if is_plain else _source(value)
        fingerprint = fingerprint_text(source)
        # Two functions of a space may have one name, such as lambdas.
        taken = found.get(name, fingerprint) != fingerprint
        found[f"{name} ({len(found)})" if taken else name] = fingerprint
        known = _namespace(value)
        used = {name: known[name] for name in _names_in(source) if name in known}
        for file in filter(None, map(_users_file, used.values())):
            found |= fingerprint_files(file)
        cells = {name: part for name, part in used.items() if _counts(part, work)}
        names += cells.keys()
        waiting += cells.values()


def _of_partial(work: Any) -> dict[str, str]:
    """Return the fingerprints of the plain values that a partial gives to its function."""
    if not isinstance(work, functools.partial):
        return {}
    given: list[tuple[object, Any]] = [*enumerate(work.args, start=1), *work.keywords.items()]
    return {
        f"argument {name}": fingerprint_text(repr(value))
        for name, value in given
        if isinstance(value, _PLAIN)
    }


def _source(value: Any) -> str:
    if inspect.isclass(value):
        return _source_of_class(value) or repr(type(value))
    return _text(value) or repr(type(value))


def _text(value: Any) -> str:
    with suppress(OSError, TypeError):
        return textwrap.dedent(inspect.getsource(value))
    return ""


def _source_of_class(cls: type) -> str:
    """Return the bases, the plain attributes and the methods of a class as Python's text.

    Python finds the source of a class by its file, which a notebook's has not.
    """
    parts = [base.__name__ for base in cls.__bases__]
    for name, value in vars(cls).items():
        inner = getattr(value, "fget", getattr(value, "__func__", value))
        if inspect.isfunction(inner):
            parts.append(_text(inner))
        elif isinstance(value, _PLAIN) and not name.startswith("__"):
            parts.append(f"{name} = {value!r}")
    return "\n".join(parts)


def _names_in(source: str) -> Iterator[str]:
    with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        found = (node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name))
        yield from dict.fromkeys(found)


def _module_of(value: Any) -> Any:
    if inspect.ismodule(value):
        return value
    return sys.modules.get(str(getattr(value, "__module__", "")))


def _file_of(value: Any) -> Path | None:
    """Return the Python file that defines a function, a class or a module, or None."""
    path = Path(str(getattr(_module_of(value), "__file__", None) or ""))
    return path if path.suffix == ".py" and path.is_file() else None


def _is_users(value: Any, path: Path) -> bool:
    top = str(_module_of(value).__name__).partition(".")[0]
    return top not in NOT_THE_USERS and is_users(str(path))


def _users_file(value: Any) -> Path | None:
    """Return the user's file that something in a notebook comes from, or None."""
    if not (inspect.isfunction(value) or inspect.isclass(value) or inspect.ismodule(value)):
        return None
    path = _file_of(value)
    return path if path is not None and _is_users(value, path) else None


def _namespace(value: Any) -> Mapping[str, Any]:
    """Return the names of its module, and of a function around it, that something sees."""
    if inspect.isclass(value):
        return vars(_module_of(value)) if _module_of(value) is not None else {}
    names = dict(getattr(value, "__globals__", {}))
    around = getattr(getattr(value, "__code__", None), "co_freevars", ())
    for name, cell in zip(around, getattr(value, "__closure__", None) or (), strict=False):
        with suppress(ValueError):  # it has no value yet
            names[name] = cell.cell_contents
    return names


def _counts(value: Any, work: Any) -> bool:
    """Return whether something that a function uses is of its notebook, or a plain value."""
    is_code = inspect.isfunction(value) or inspect.isclass(value)
    of_it = getattr(value, "__module__", None) == getattr(work, "__module__", None)
    return isinstance(value, _PLAIN) or (is_code and of_it)
