"""Identifies a user's code by its meaning: the file of a search space and the helpers beside it.

Comments, docstrings and formatting do not count. What the file declares in ``SearchSpace(...)``
does not count either, because the study compares it value by value: to widen an axis is no change
of code. Neither does a variable, such as ``GRID = {...}``, that nothing else reads.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tune_app.study.source_files import source_files

CODE = "code"
"""The entry of a user's code in ``study.json``, in the record of a launch and in a trial's plan."""
_ALSO_CODE = ("trainable", "datasets", "result")
"""The arguments of ``SearchSpace(...)`` that decide what a trial computes."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_EXPRESSIONS = (ast.Assign, ast.AnnAssign, ast.Expr)


def fingerprint_files(path: Path) -> dict[str, str]:
    """Return the fingerprint of each file of a user's code.

    The files are that of the space, and every module beside it that one of them imports, at the top
    or inside a function. A module whose name is computed, or that lies in another folder, is not
    found.

    Args:
        path: the file of the space.

    Returns:
        File name relative to the folder -> SHA-256 of its meaning; the file of the space is first.
    """
    files: dict[str, str] = {}
    for name, content in source_files(path).items():
        files[name] = _fingerprint(content, is_space=not files)
    return files


def fingerprint_text(source: str) -> str:
    """Return the fingerprint of Python source that is in no file, such as a notebook's cell."""
    return _fingerprint(source.encode(errors="surrogatepass"), is_space=True)


def _fingerprint(content: bytes, *, is_space: bool) -> str:
    meaning = content
    try:
        tree = ast.parse(content)
        declared = _declared_names(tree)
        tree.body = list(_running([*_before_the_run(tree.body)], is_space=is_space))
        if is_space:
            tree.body = _without_declared(tree.body, declared)
        meaning = _meaning(tree).encode(errors="surrogatepass")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass  # no Python, or an expression that is nested too deeply: the text is its meaning
    return hashlib.sha256(meaning).hexdigest()


def code_entry(files: Mapping[str, str]) -> dict[str, Any]:
    """Return the entry of ``study.json`` for a user's code; it is empty without files.

    The names of the files are for messages. A renamed file is the same code.
    """
    if not files:
        return {}
    digest = hashlib.sha256("\n".join(sorted(files.values())).encode()).hexdigest()[:16]
    return {CODE: {"files": dict(files), "sha256": digest}}


def code_of(study: Mapping[str, Any]) -> str:
    """Return the fingerprint of a study's code, 16 hex digits; empty if it has no user's code."""
    entry = study.get(CODE)
    return str(entry.get("sha256") or "") if isinstance(entry, dict) else ""


def changed_files(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Return which files of two studies differ: ``my_study.py changed, helper.py is new``."""
    before, after = _files_of(old), _files_of(new)
    parts = [f"{name} changed" for name in after if before.get(name, after[name]) != after[name]]
    parts += [f"{name} is new" for name in after if name not in before]
    parts += [f"{name} is gone" for name in before if name not in after]
    return ", ".join(parts)


def _files_of(study: Mapping[str, Any]) -> dict[str, Any]:
    entry = study.get(CODE)
    files = entry.get("files") if isinstance(entry, dict) else None
    return files if isinstance(files, dict) else {}


def _running(body: Sequence[ast.stmt], *, is_space: bool) -> Iterator[ast.stmt]:
    """Yield the statements of a module that decide what a trial computes."""
    for statement in body:
        if isinstance(statement, ast.If) and _is_main(statement.test):
            continue
        value = statement.value if isinstance(statement, _EXPRESSIONS) else None
        if not is_space or value is None:
            yield statement
            continue
        declared = _calls(value, "SearchSpace")
        for call in declared:
            call.keywords = list(filter(_is_code, call.keywords))
        yield ast.Expr(value) if declared else statement


def _declared_names(tree: ast.AST) -> set[str]:
    """Return the names in those arguments of ``SearchSpace(...)`` that are no code."""
    arguments = [k for call in _calls(tree, "SearchSpace") for k in call.keywords]
    return {name for k in arguments if not _is_code(k) for name in _names_in(k.value)}


def _is_code(argument: ast.keyword) -> bool:
    return argument.arg in (None, *_ALSO_CODE)


def _without_declared(body: list[ast.stmt], declared: set[str]) -> list[ast.stmt]:
    """Leave out assignments of names that only what is declared in ``SearchSpace(...)`` reads."""
    names = [(statement, _names_in(statement)) for statement in body]
    for statement, inside in names:
        name = _assigned(statement)
        is_read = any(name in found for other, found in names if other is not statement)
        if name in declared and not is_read:
            kept = [other for other in body if other is not statement]
            return _without_declared(kept, declared | inside)
    return body


def _assigned(statement: ast.stmt) -> str | None:
    """Return the only name that a statement assigns to, or None if it does anything else."""
    targets = statement.targets if isinstance(statement, ast.Assign) else ()
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else None


def _names_in(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _is_main(test: ast.expr) -> bool:
    """Return whether a condition is ``__name__ == "__main__"``, which is false in a study."""
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    texts = {node.value for node in ast.walk(test) if isinstance(node, ast.Constant)}
    return isinstance(test, ast.Compare) and names == {"__name__"} and texts == {"__main__"}


def _before_the_run(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a script that come before its last call of ``run_study``.

    The others run nothing of a trial, and neither do the calls, but for the spaces that they
    declare. Where functions are defined beside the call, as in ``main()``, these may be what runs.
    """
    calling = [number for number, statement in enumerate(body) if _calls(statement, "run_study")]
    running = [number for number in calling if not isinstance(body[number], _DEFINITIONS)]
    last = max(running, default=len(body))
    for number, statement in enumerate(body):
        inside = getattr(statement, "body", [])
        if number not in calling:
            yield from [statement] if number < last else []
        elif any(isinstance(inner, _DEFINITIONS) for inner in inside):
            yield from _before_the_run(inside)
        else:
            yield from map(ast.Expr, _calls(statement, "SearchSpace"))


def _calls(tree: ast.AST, name: str) -> list[ast.Call]:
    """Return the calls of a function of that name, whatever module it is taken from."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [c for c in calls if name in (getattr(c.func, "attr", ""), getattr(c.func, "id", ""))]


def _meaning(value: Any) -> str:
    """Return a syntax tree as text, without positions and docstrings.

    ``ast.dump`` prints the same source differently in different versions of Python.
    """
    if isinstance(value, ast.JoinedStr):  # Python 3.12 adds empty parts to an f-string
        value = ast.JoinedStr([part for part in value.values if not _is_empty_text(part)])
    if isinstance(value, ast.AST):
        fields = [(name, _meaning(field)) for name, field in ast.iter_fields(value)]
        kept = ",".join(f"{name}={text}" for name, text in fields if text not in ("None", "[]"))
        return f"{type(value).__name__}({kept})"
    if isinstance(value, list):
        return f"[{','.join(_meaning(entry) for entry in value if not _is_docstring(entry))}]"
    return repr(value)


def _is_empty_text(part: ast.expr) -> bool:
    return isinstance(part, ast.Constant) and part.value == ""


def _is_docstring(node: object) -> bool:
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)
