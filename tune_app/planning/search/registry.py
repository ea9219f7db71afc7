"""The samplers by their names: those of the package, and those that a user has.

A package of a user's offers a sampler as an entry point of the group ``tune_app.samplers``. A
sampler in a module or a file is named as ``MODULE:NAME`` or ``FILE.py:NAME``.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from search_spaces.errors import UserError, choices, did_you_mean
from search_spaces.space import SearchSpace
from tune_app.planning.search import optuna_samplers, plain_samplers
from tune_app.planning.search.own_sampler import OwnSampler
from tune_app.planning.search.sampler import Sampler
from tune_app.study.python_file import run_python_file

GROUP = "tune_app.samplers"
SAMPLERS: dict[str, Callable[..., Sampler]] = {
    "random": plain_samplers.RandomSampler,
    "tpe": optuna_samplers.tpe,
    "gp": optuna_samplers.gp,
    "cmaes": optuna_samplers.cmaes,
    "nsga2": optuna_samplers.nsga2,
    "qmc": plain_samplers.QmcSampler,
    "grid": plain_samplers.GridSampler,
}
"""The samplers that ship with the package."""


def make_sampler(name: str, space: SearchSpace, *, seed: int, mode: str) -> Sampler:
    """Return a new sampler.

    Args:
        name: a name of ``SAMPLERS`` or of an entry point, ``MODULE:NAME`` or ``FILE.py:NAME``.
        space: the search space.
        seed: the seed of the search.
        mode: ``"max"`` or ``"min"``.

    Raises:
        UserError: there is no such sampler, it cannot sample this space, or its code fails.
    """
    make = find_sampler(name)
    return (
        make(space, seed=seed, mode=mode)
        if name in SAMPLERS
        else OwnSampler(name, make, space, seed=seed, mode=mode)
    )


def find_sampler(name: str) -> Callable[..., Any]:
    """Return what makes a sampler.

    Raises:
        UserError: there is no such sampler.
    """
    if name in SAMPLERS:
        return SAMPLERS[name]
    module, is_path, attribute = name.rpartition(":")
    if is_path:
        return _named(name, module, attribute)
    offered = {point.name: point for point in entry_points(group=GROUP)}
    if name not in offered:
        known = (*SAMPLERS, *offered)
        raise UserError(
            f"--search {name}: no such sampler{did_you_mean(name, known)}; allowed: "
            f"{choices(known)}, or a sampler of your own as MODULE:NAME or FILE.py:NAME"
        )
    return _callable(name, _loaded(name, offered[name]))


def _loaded(name: str, point: EntryPoint) -> Any:
    try:
        return point.load()
    except Exception as error:
        raise UserError(
            f"--search {name}: the entry point {point.value} cannot be loaded "
            f"({type(error).__name__}: {error})"
        ) from None


def _named(name: str, module: str, attribute: str) -> Callable[..., Any]:
    if module.endswith(".py"):
        found = run_python_file("--search", Path(module))
    else:
        here = str(Path.cwd())
        # The command tune-app does not look into the current folder, python -m does.
        sys.path.append(here)
        try:
            found = importlib.import_module(module)
        except Exception as error:
            raise UserError(
                f"--search {name}: {module} cannot be imported ({type(error).__name__}: {error})"
            ) from None
        finally:
            if sys.path[-1] == here:  # unless the module has added a folder of its own
                sys.path.pop()
    if not hasattr(found, attribute):
        raise UserError(
            f"--search {name}: {module} has no {attribute!r}{did_you_mean(attribute, vars(found))}"
        )
    return _callable(name, getattr(found, attribute))


def _callable(name: str, found: Any) -> Callable[..., Any]:
    if not callable(found):
        raise UserError(
            f"--search {name}: is a {type(found).__name__}; allowed: a function make(space, *, "
            "seed, mode), or a class with these arguments"
        )
    return found  # type: ignore[no-any-return]
