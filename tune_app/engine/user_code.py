"""Send a user's own training function to the workers, which do not have the user's files.

Ray sends functions of importable modules by name. A worker cannot import a file given with
``--space`` or the modules beside it, so these are sent by value. Imports inside the function are
searched in the folders where this process finds them. That works on nodes that see these folders.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
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


def portable(function: Callable[..., None]) -> Callable[..., None]:
    """Return a function that a worker can run. A function of this package is returned unchanged.

    Raises:
        UserError: the function uses an object that cannot be sent to another process.
    """
    plain = inspect.unwrap(function)
    if function.__module__.partition(".")[0] == _OURS or not hasattr(plain, "__globals__"):
        return function
    pickled = _pickled(function, modules_beside(Path(inspect.getfile(plain)).parent))
    search_path = [os.path.realpath(folder) for folder in sys.path]

    def train(config: dict[str, Any], **given: Any) -> None:
        unpacked(pickled, search_path)(config, **given)

    train.__name__ = train.__qualname__ = getattr(function, "__name__", "train")
    return train


def unpacked(pickled: bytes, search_path: list[str]) -> Callable[..., None]:
    """Return the function in a worker.

    If its module cannot be imported there, a module of that name is added to ``sys.modules``,
    because classes that are defined inside the function look their module up.
    """
    from ray import cloudpickle

    sys.path += [folder for folder in search_path if folder not in sys.path]
    function: Callable[..., None] = cloudpickle.loads(pickled)
    plain = inspect.unwrap(function)
    if function.__module__ not in sys.modules:
        stand_in = ModuleType(function.__module__)
        stand_in.__dict__.update(plain.__globals__)
        sys.modules[function.__module__] = stand_in
    return function


def _pickled(function: Callable[..., None], by_value: list[ModuleType]) -> bytes:
    """Pickle a function, and by value what it uses of the given modules.

    If that fails, for example because a module holds a lock, the modules are pickled by name.
    """
    from ray import cloudpickle

    for module in by_value:
        cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps(function))
    except Exception as error:  # of any kind, because pickling calls methods of the objects
        if not by_value:
            raise UserError(
                f"the training function {getattr(function, '__name__', function)} cannot be sent "
                f"to workers ({error}); create such objects inside the function"
            ) from None
    finally:
        for module in by_value:
            cloudpickle.unregister_pickle_by_value(module)
    return _pickled(function, [])
