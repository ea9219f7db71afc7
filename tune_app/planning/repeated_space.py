"""The search space of a study that repeats picks: nothing but some configurations of another study.

What ships with the package is made from ``study.json`` alone. A user's own code is never looked up
there: the user names its file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from search_spaces.configuration import Config, is_same
from search_spaces.errors import UserError
from search_spaces.measure import Measure
from search_spaces.space import ALL_THAT_VARY, SearchSpace
from tune_app.study.code_fingerprint import CODE, changed_files, code_entry, code_of
from tune_app.study.ledger import Ledger
from tune_app.study.objective import OBJECTIVES, Objective
from tune_app.training.registry import find_trainable


def space_of(
    study: Mapping[str, Any], configs: Sequence[Config], own: SearchSpace | None
) -> SearchSpace:
    """Return a space that has nothing but some configurations of a study."""
    entry = study["space"]
    fields: dict[str, Any] = {
        "param_space": param_space_of(configs),
        "start_with": (),
        "factors": ALL_THAT_VARY,
        "question": f"How good is what {study['study']} picked, at seeds that it has not used?",
        "metric": Objective.of_study(study).metric,
        "mode": Objective.of_study(study).mode,
        "objectives": entry.get(OBJECTIVES) or {},
    }
    if own is not None:
        return replace(own, **fields)
    measures = {name: Measure.from_json(m) for name, m in (entry.get("measures") or {}).items()}
    return SearchSpace(
        name=entry["name"],
        trainable=entry["trainable"],
        measures=measures,
        resources=entry.get("resources") or {"cpu": 1.0},
        exclusive=entry.get("exclusive") is True,
        keep_checkpoints=entry.get("keep_checkpoints"),
        **fields,
    )


def param_space_of(configs: Sequence[Config]) -> dict[str, Any]:
    """Return the ``param_space`` of some configurations, which may have different parameters."""
    shared = {
        name: value
        for name, value in configs[0].items()
        if all(name in config and is_same(config[name], value) for config in configs)
    }
    if len(configs) == 1:
        return shared
    rest = [{k: v for k, v in config.items() if k not in shared} for config in configs]
    axis = "pick"
    while axis in shared:  # a parameter of the user's
        axis += "_"
    return {**shared, axis: {"grid_search": rest}}


def check_own_code(
    ledger: Ledger, own: SearchSpace | None, code: Mapping[str, str], *, accept_code_change: bool
) -> None:
    """Check that the user names the code of a study, if it has any.

    Args:
        ledger: the study.
        own: the space that the user names, or None.
        code: its code: file name -> its fingerprint.
        accept_code_change: whether it may be other code than that of the study.

    Raises:
        UserError: the code is missing, or it is another.
    """
    entry = ledger.study["space"]
    if own is None:
        if entry.get("is_own") is True or CODE in ledger.study:
            raise UserError(
                f"--best-of {ledger.name}: it was made with code of your own; name its file too, "
                "as in --space ./my_space.py"
            )
        return
    if own.name != entry["name"] or own.trainable_name != entry["trainable"]:
        raise UserError(
            f"--space: {own.name} ({own.trainable_name}) is not the space of {ledger.name}, which "
            f"is {entry['name']} ({entry['trainable']})"
        )
    new = code_entry(code)
    if code_of(ledger.study) != code_of(new) and not accept_code_change:
        raise UserError(
            f"--best-of {ledger.name}: it was made with other code "
            f"({changed_files(ledger.study, new)}); go back to it, or add --accept-code-change"
        )


def check_defaults(ledger: Ledger, space: SearchSpace) -> None:
    """Refuse a study whose trainable had other defaults: its ids would mean other trainings.

    Raises:
        UserError: a default differs.
    """
    then, now = ledger.study["space"].get("defaults") or {}, find_trainable(space).defaults()
    for name in then.keys() & now.keys():
        if then[name] != now[name]:
            raise UserError(
                f"--best-of {ledger.name}: the default of {name} was {then[name]!r} and is now "
                f"{now[name]!r}; use the version of the program that made the study"
            )
