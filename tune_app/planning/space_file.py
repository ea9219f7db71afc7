"""A search space by its name, or from a user's own Python file."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

from search_spaces import SHIPPED
from search_spaces.errors import UserError, choices, did_you_mean
from search_spaces.examples import EXAMPLES
from search_spaces.space import FIELD_NAMES, SearchSpace
from tune_app.storage.user_path import is_file
from tune_app.study.code_fingerprint import fingerprint_files
from tune_app.study.python_file import run_python_file


def load_space(name: str) -> SearchSpace:
    """Return a shipped space by its name, or the space in a file or a module.

    A file is named by its path (``./my_space.py``), a module by its package too
    (``search_spaces.examples.table``).

    Spaces that the file imports do not count. If the file defines several, the one named ``SPACE``
    is taken.

    Raises:
        UserError: there is no such space, or it is not clear which space of the file is meant.
    """
    if name in SHIPPED:
        space = importlib.import_module(f"search_spaces.{name}").SPACE
        assert isinstance(space, SearchSpace) and space.name == name
        return space
    return _load_file(_file_of(name))


def code_files(name: str, space: SearchSpace) -> dict[str, str]:
    """Return the fingerprint of each file of a user's code; empty if a space brings no code.

    A space that only names a shipped trainable brings none.

    Args:
        name: the name or the file that the space was loaded by.
        space: the space.
    """
    brings_code = not isinstance(space.trainable, str) or space.datasets
    return fingerprint_files(_file_of(name)) if brings_code and name not in SHIPPED else {}


def _file_of(name: str) -> Path:
    """Return the file that an argument names, by its path or as a module of a package."""
    if name.endswith(".py") or "/" in name:
        return Path(name)
    with contextlib.suppress(ImportError, ValueError):
        spec = importlib.util.find_spec(name) if "." in name else None
        if spec is not None and spec.has_location and spec.origin is not None:
            return Path(spec.origin)
    file = f"./{name}.py"
    hint = f"; did you mean {file}?" if is_file(Path(file)) else did_you_mean(name, SHIPPED)
    raise UserError(
        f"--space {name}: no such search space{hint}; "
        f"allowed: {choices(SHIPPED)}, the path of a .py file, or a module such as "
        f"{EXAMPLES[0]}"
    )


def _load_file(path: Path) -> SearchSpace:
    module = run_python_file("--space", path, _explain)
    held = {id(v): v for v in vars(module).values() if isinstance(v, SearchSpace)}
    modules = [m for m in list(sys.modules.values()) if isinstance(m, ModuleType)]
    imported = {id(value) for other in modules for value in vars(other).values()}
    own = {key: space for key, space in held.items() if key not in imported} or held
    if len(own) == 1:
        return next(iter(own.values()))
    named = vars(module).get("SPACE")
    if id(named) in own:
        return own[id(named)]
    raise UserError(
        f"--space {path}: holds {len(own)} SearchSpace objects"
        f"{', none of them named SPACE' if own else ''}; define one, as in "
        "SPACE = SearchSpace(name=..., ...)"
    )


def _explain(error: BaseException) -> str:
    text = " ".join(str(error).split())
    unexpected = re.search(r"SearchSpace\.__init__\(\).*keyword argument '(\w+)'", text)
    if unexpected:
        key = unexpected[1]
        return (
            f"SearchSpace has no field {key!r}{did_you_mean(key, FIELD_NAMES)}; "
            f"allowed: {choices(FIELD_NAMES)}"
        )
    missing = re.search(
        r"SearchSpace\.__init__\(\) missing \d+ required \S+ arguments?: (.*)", text
    )
    if missing:
        return f"SearchSpace needs the fields {missing[1]}"
    return f"{type(error).__name__}: {text}"
