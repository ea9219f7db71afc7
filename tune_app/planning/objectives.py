"""The objectives that the user names: ``--objective val_accuracy,train_seconds:min``."""

from __future__ import annotations

from dataclasses import replace

from search_spaces.errors import UserError
from search_spaces.space import SearchSpace
from search_spaces.space_checks import MODES
from tune_app.study.ledger import Ledger
from tune_app.study.measures import Measures
from tune_app.study.objective import OBJECTIVES


def with_objectives(space: SearchSpace, text: str) -> SearchSpace:
    """Return a space with the objectives that a text names, separated by commas.

    Each is a measure, with ``:min`` or ``:max`` if its name does not tell which is better. The
    first one picks where one configuration has to be picked.

    Raises:
        UserError: the text names no objectives, or it is not known which values are better.
    """
    found: dict[str, str] = {}
    for part in text.split(","):
        name, _, mode = (word.strip() for word in part.partition(":"))
        known = mode or Measures.of_space(space).better(name)
        if not name or (mode and mode not in MODES):
            raise UserError(
                f"--objective {text}: allowed: MEASURE or MEASURE:min, separated by commas, e.g. "
                "val_accuracy,train_seconds:min"
            )
        if name in found:
            raise UserError(f"--objective {text}: {name} is named twice; leave one out")
        if known is None:
            raise UserError(
                f"--objective {text}: it is not known whether higher values of {name} are better; "
                f"write {name}:min or {name}:max"
            )
        found[name] = known
    metric, mode = next(iter(found.items()))
    return replace(space, metric=metric, mode=mode, objectives=found if len(found) > 1 else {})


def with_recorded_objectives(space: SearchSpace, existing: Ledger) -> SearchSpace:
    """Return a space with the objectives that ``--objective`` gave to a study in an earlier launch.

    Args:
        space: the space, for which the user names no objective now.
        existing: the study.
    """
    several = existing.study["space"].get(OBJECTIVES)
    return replace(space, objectives=several) if several and not space.objectives else space
