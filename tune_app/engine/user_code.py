"""A user's own training function on its way to the workers, which lack the user's files.

Ray sends functions of importable modules by name. A file given with ``--space`` and the modules
beside it cannot be imported in a worker, so they travel by value. Imports inside of the function
are looked for where this process finds them, which works on nodes that see the same folders.
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
    """Return a context in which Ray's processes import nothing that this process would not.

    Ray's own processes and its workers look for modules in the working directory first, where a
    user may have a ``random.py``. A command that Python runs with ``-m`` looks there first too,
    and its workers may need what it found.
    """
    here = Path.cwd()
    if any(Path(folder).resolve() == here for folder in sys.path[:1]):
        return contextlib.nullcontext()
    return contextlib.chdir(here.anchor)


def portable(function: Callable[..., None]) -> Callable[..., None]:
    """Return a function that a worker can run; one of this package is returned as it is.

    Raises:
        UserError: the function uses something that cannot be sent to another process.
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

    A module of its name is put into ``sys.modules``: a class defined within the function looks its
    module up there.
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
    """Pickle a function with what it uses of some modules.

    A module that holds something that cannot be pickled, a lock for example, is left to its name.
    """
    from ray import cloudpickle

    for module in by_value:
        cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps(function))
    except Exception as error:  # of any kind: pickling calls the objects' own methods
        if not by_value:
            raise UserError(
                f"the training function {getattr(function, '__name__', function)} cannot be sent "
                f"to workers ({error}); create such objects inside of the function"
            ) from None
    finally:
        for module in by_value:
            cloudpickle.unregister_pickle_by_value(module)
    return _pickled(function, [])
