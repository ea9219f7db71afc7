"""The objectives that the user names: ``--objective val_accuracy,train_seconds:min``."""

from __future__ import annotations

from dataclasses import replace

from search_spaces.errors import UserError, choices, did_you_mean
from search_spaces.space import SearchSpace
from search_spaces.space_checks import MODES
from tune_app.planning.request import StudyRequest
from tune_app.study.ledger import REMEDY, Ledger
from tune_app.study.measures import Measures, measured
from tune_app.study.objective import HAS_OBJECTIVE, Objective
from tune_app.study.recorded import Recorded


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
    return _judged(space, found)


def with_recorded_objectives(request: StudyRequest, existing: Ledger) -> StudyRequest:
    """Return a request with the objectives that ``--objective`` gave to the study earlier.

    They hold until the user names others. Those of a space are the space's own word, which counts
    anew in each launch.
    """
    if request.has_objective or existing.study["space"].get(HAS_OBJECTIVE) is not True:
        return request
    recorded = {o.metric: o.mode for o in Objective.all_of_study(existing.study)}
    return replace(request, space=_judged(request.space, recorded), has_objective=True)


def check_recorded(request: StudyRequest, recorded: Recorded) -> None:
    """Refuse an objective that no result has, as after a typing error.

    The result of a function that ends when it returns is found by the objective: without it, all
    of them would be run again.

    Raises:
        UserError: there are results, and none has it.
    """
    rule = recorded.rule
    rows = [
        row for d in recorded.directories for row in d.records if d.returned or "milestone" in row
    ]
    if rule is None or request.accept_code_change or not rows or any(map(rule.is_reported, rows)):
        return
    metric = rule.objective.metric
    names = sorted({name for row in rows for name in measured(row)})
    raise UserError(
        f"metric {metric!r}: no result of study {request.store.root.name} has it"
        f"{did_you_mean(metric, names)}; allowed: {choices(names)}; if the code reports it from "
        f"now on, add --accept-code-change, or {REMEDY}"
    )


def _judged(space: SearchSpace, found: dict[str, str]) -> SearchSpace:
    """Return a space with other objectives: measure -> mode, the one that picks first."""
    metric, mode = next(iter(found.items()))
    return replace(space, metric=metric, mode=mode, objectives=found if len(found) > 1 else {})
