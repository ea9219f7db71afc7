"""Send a user's own training function to the workers, which do not have the user's files.

Ray sends functions of importable modules by name. A worker cannot import a file given with
``--space`` or the modules beside it, so these are sent by value. Imports inside the function are
searched in the folders where this process finds them, and then in the sources that came along.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from search_spaces.errors import UserError
from tune_app.engine.shipped_modules import ShippedModules
from tune_app.study.python_file import modules_beside
from tune_app.study.source_files import source_files
from tune_app.training.classifier_family import FamilyTraining
from tune_app.training.trainable import load_object

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
        modules: the names of the modules of the user's functions.
        search_path: the folders in which this process finds modules.
        sources: the files of the user's folder that the function needs, for imports inside of it on
            a machine without that folder.
        uses_torch: whether its file names torch, whose generators are then seeded.
    """

    pickled: bytes
    modules: tuple[str, ...]
    search_path: tuple[str, ...]
    sources: Mapping[str, bytes]
    uses_torch: bool

    def load(self) -> Callable[..., Any]:
        """Return the function in a worker.

        If a module cannot be imported there, one of that name is added to ``sys.modules``, because
        classes that are defined inside a function look their module up.
        """
        from ray import cloudpickle

        sys.path += [folder for folder in self.search_path if folder not in sys.path]
        ShippedModules(self.sources).install()
        work: Callable[..., Any] = cloudpickle.loads(self.pickled)
        for name, function in zip(self.modules, functions_in(work), strict=True):
            if name not in sys.modules:
                stand_in = ModuleType(name)
                stand_in.__dict__.update(_globals_of(function))
                sys.modules[name] = stand_in
        return work


def portable(function: str | Callable[..., None]) -> Callable[..., None]:
    """Return a function that a worker can run. A function of this package is returned unchanged.

    Args:
        function: the function, or the ``"module:function"`` that names one of this package. A named
            one is imported in the worker only, because that takes seconds.

    Raises:
        UserError: the function uses an object that cannot be sent to another process.
    """
    if isinstance(function, str):
        return _named(function)
    if not any(_is_users(part) for part in functions_in(function)):
        return function
    shipped = ship(function)

    def train(config: dict[str, Any], **given: Any) -> None:
        shipped.load()(config, **given)

    train.__name__ = train.__qualname__ = getattr(function, "__name__", "train")
    return train


def _named(path: str) -> Callable[..., None]:
    def train(config: dict[str, Any], **given: Any) -> None:
        load_object(path)(config, **given)

    train.__name__ = train.__qualname__ = path.rpartition(":")[2]
    return train


def ship(work: Callable[..., Any]) -> Shipped:
    """Make a user's function or class ready for the workers.

    Raises:
        UserError: it uses an object that cannot be sent to another process.
    """
    functions = functions_in(work)
    named = {Path(str(_globals_of(function).get("__file__", ""))) for function in functions}
    files = sorted(file for file in named if file.is_file())
    beside = {id(module): module for file in files for module in modules_beside(file.parent)}
    pickled = _pickled(work, list(beside.values()))
    search_path = tuple(os.path.realpath(folder) for folder in sys.path)
    sources = {name: text for file in files for name, text in source_files(file).items()}
    uses_torch = any(b"torch" in source for source in sources.values())
    return Shipped(pickled, tuple(map(_module_of, functions)), search_path, sources, uses_torch)


def functions_in(work: Callable[..., Any]) -> list[Callable[..., Any]]:
    """Return the user's functions that a family of models carries, or the function itself."""
    return work.family.functions() if isinstance(work, FamilyTraining) else [work]


def _is_users(function: Callable[..., Any]) -> bool:
    return _module_of(function).partition(".")[0] != _OURS and bool(_globals_of(function))


def _module_of(work: Callable[..., Any]) -> str:
    return str(getattr(innermost(work), "__module__", None) or _OURS)


def innermost(work: Any) -> Any:
    """Return the function or class behind decorators, partials, methods and callable objects."""
    work = inspect.unwrap(work)
    if isinstance(work, functools.partial):
        return innermost(work.func)
    if inspect.ismethod(work):
        return innermost(work.__func__)
    if inspect.isclass(work) or inspect.isroutine(work):
        return work
    return innermost(type(work).__call__)


def _globals_of(work: Callable[..., Any]) -> dict[str, Any]:
    """Return the global names of a function, or of a method of a class; empty without any."""
    inner = innermost(work)
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
