"""Send a user's own training function to the workers, which do not have the user's files.

Ray sends functions of importable modules by name. A worker cannot import a file given with
``--space`` or the modules beside it, so these are sent by value. Imports inside the function are
searched in the folders where this process finds them. That works on nodes that see these folders.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from search_spaces.errors import UserError
from tune_app.study.python_file import modules_beside

_OURS = "tune_app"


def away_from_users_files() -> AbstractContextManager[None]:
    """Return a context in which Ray starts its processes outside of the user's folder.

    Ray's processes look for modules in the working directory first, where a user may have a file
    ``random.py``. A command that runs with ``python -m`` looks there first too. In this case the
    folder stays, because the workers may need the modules that the command found there.
    """
    here = Path.cwd()
    if any(Path(folder).resolve() == here for folder in sys.path[:1]):
        return contextlib.nullcontext()
    return contextlib.chdir(here.anchor)


@dataclass(frozen=True)
class Shipped:
    """A user's function or class on its way to the workers.

    Attributes:
        pickled: the function, with what it uses of the user's files.
        module: the name of its module.
        search_path: the folders in which this process finds modules.
        uses_torch: whether its file names torch, whose generators are then seeded.
    """

    pickled: bytes
    module: str
    search_path: tuple[str, ...]
    uses_torch: bool

    def load(self) -> Callable[..., Any]:
        """Return the function in a worker.

        If its module cannot be imported there, a module of that name is added to ``sys.modules``,
        because classes that are defined inside the function look their module up.
        """
        from ray import cloudpickle

        sys.path += [folder for folder in self.search_path if folder not in sys.path]
        work: Callable[..., Any] = cloudpickle.loads(self.pickled)
        if self.module not in sys.modules:
            stand_in = ModuleType(self.module)
            stand_in.__dict__.update(_globals_of(work))
            sys.modules[self.module] = stand_in
        return work


def portable(function: Callable[..., None]) -> Callable[..., None]:
    """Return a function that a worker can run. A function of this package is returned unchanged.

    Raises:
        UserError: the function uses an object that cannot be sent to another process.
    """
    if _module_of(function).partition(".")[0] == _OURS or not _globals_of(function):
        return function
    shipped = ship(function)

    def train(config: dict[str, Any], **given: Any) -> None:
        shipped.load()(config, **given)

    train.__name__ = train.__qualname__ = getattr(function, "__name__", "train")
    return train


def ship(work: Callable[..., Any]) -> Shipped:
    """Make a user's function or class ready for the workers.

    Raises:
        UserError: it uses an object that cannot be sent to another process.
    """
    file = Path(str(_globals_of(work).get("__file__", "")))
    pickled = _pickled(work, modules_beside(file.parent) if file.is_file() else [])
    search_path = tuple(os.path.realpath(folder) for folder in sys.path)
    uses_torch = file.is_file() and "torch" in file.read_text(errors="replace")
    return Shipped(pickled, _module_of(work), search_path, uses_torch)


def _module_of(work: Callable[..., Any]) -> str:
    return str(getattr(_innermost(work), "__module__", None) or _OURS)


def _innermost(work: Any) -> Any:
    """Return the function or class behind decorators, partials, methods and callable objects."""
    work = inspect.unwrap(work)
    if isinstance(work, functools.partial):
        return _innermost(work.func)
    if inspect.ismethod(work):
        return _innermost(work.__func__)
    if inspect.isclass(work) or inspect.isroutine(work):
        return work
    return _innermost(type(work).__call__)


def _globals_of(work: Callable[..., Any]) -> dict[str, Any]:
    """Return the global names of a function, or of a method of a class; empty without any."""
    inner = _innermost(work)
    methods = vars(inner).values() if inspect.isclass(inner) else [inner]
    found = (getattr(inspect.unwrap(method), "__globals__", None) for method in methods)
    return next((names for names in found if names), {})


def _pickled(work: Callable[..., Any], by_value: list[ModuleType]) -> bytes:
    """Pickle a function, and by value what it uses of the given modules.

    If that fails, for example because a module holds a lock, the modules are pickled by name.
    """
    from ray import cloudpickle

    for module in by_value:
        cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps(work))
    except Exception as error:  # of any kind, because pickling calls methods of the objects
        if not by_value:
            raise UserError(
                f"the training function {getattr(work, '__name__', work)} cannot be sent "
                f"to workers ({error}); create such objects inside the function"
            ) from None
    finally:
        for module in by_value:
            cloudpickle.unregister_pickle_by_value(module)
    return _pickled(work, [])
