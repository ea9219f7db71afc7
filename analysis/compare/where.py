"""Keep the rows of studies that have certain values: ``--where lr=0.1``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

from analysis.compare.joined import Settings, settings_of
from analysis.frames.labels import label
from analysis.frames.load import Study
from search_spaces.errors import UserError, choices, did_you_mean
from tune_app.study.trial_directory import flat

Condition = tuple[str, str]
"""A parameter and the text of its value."""


def condition(text: str) -> Condition:
    """Return a condition from ``NAME=VALUE``.

    Raises:
        argparse.ArgumentTypeError: the text has another form.
    """
    name, _, value = text.partition("=")
    if not (name and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, such as lr=0.1")
    return name, value


def narrowed(studies: Sequence[Study], conditions: Sequence[Condition]) -> list[Study]:
    """Return the studies with the rows that meet all conditions.

    A row without the parameter does not meet a condition, as a row of another kernel has no degree.
    A parameter that no row of a study names has its default in every row. A study that does not
    have the parameter at all keeps its rows.

    Raises:
        UserError: no study has a parameter, or one that has it does not have the value.
    """
    known = {name for study in studies for of in settings_of(study).values() for name in of}
    for name, _ in conditions:
        if name not in known:
            raise UserError(
                f"--where {name}: no such parameter{did_you_mean(name, known)}; "
                f"allowed: {choices(sorted(known))}"
            )
    return [_narrowed(study, conditions) for study in studies]


def _narrowed(study: Study, conditions: Sequence[Condition]) -> Study:
    settings = _named_settings(study)
    known = {name for of in settings.values() for name in of}
    for name, text in conditions:
        if name not in known:
            continue
        values = [of[name] for of in settings.values() if name in of]
        settings = {i: of for i, of in settings.items() if name in of and _is(of[name], name, text)}
        if not settings:
            have = choices(dict.fromkeys(label(name, value) for value in values))
            has = f"has only {have}" if have else "has it in no row that meets the others"
            raise UserError(f"--where {name}={text}: {study.path.name} {has}")
    entries = [c for c in study.meta["configurations"] if str(c["config_id"]) in settings]
    rows = study.rows[study.rows["config_id"].isin(settings)]
    return replace(study, meta={**study.meta, "configurations": entries}, rows=rows)


def _named_settings(study: Study) -> dict[str, Settings]:
    """Return the parameters that each configuration names, and the defaults of the others."""
    own = {str(c["config_id"]): flat(c["config"]) for c in study.meta["configurations"]}
    named = {name for of in own.values() for name in of}
    return {
        config_id: {
            name: v for name, v in of.items() if name in own[config_id] or name not in named
        }
        for config_id, of in settings_of(study).items()
    }


def _is(value: object, name: str, text: str) -> bool:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(text) == value
        except ValueError:
            return False
    return text in (str(value), str(value).lower(), label(name, value))
