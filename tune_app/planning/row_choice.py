"""Rows of a study by the values of their parameters: ``--where model=resnet18``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.errors import UserError, choices
from tune_app.planning.typed_values import check_known, joined, same_value, typed_value
from tune_app.study.trials import RowKey
from tune_app.training.registry import Trainable

Condition = tuple[str, tuple[str, ...]]
"""A parameter, or ``seed``, and the texts of the values that rows may have there."""
_SEED = "seed"
_ABSENT = object()
_MOST_NAMED = 20


def rows_where(
    study: Mapping[str, Any], trainable: Trainable, conditions: Sequence[Condition]
) -> frozenset[RowKey]:
    """Return the rows that meet all conditions.

    A parameter that no row names has its default in every row.

    Args:
        study: the content of ``study.json``.
        trainable: the study's trainable.
        conditions: the conditions.

    Raises:
        UserError: no row has such a parameter or such a value, or none meets all conditions.
    """
    rows = {
        (entry["config_id"], seed): {**entry["config"], _SEED: seed}
        for entry in study["configurations"]
        for seed in study["seeds"]
    }
    named = {name for config in rows.values() for name in config}
    defaults = {k: v for k, v in trainable.defaults().items() if k not in named}
    chosen = dict(rows)
    for name, texts in conditions:
        values = _values(name, texts, list(rows.values()), defaults)
        chosen = {
            key: config
            for key, config in chosen.items()
            if any(same_value(config.get(name, defaults.get(name, _ABSENT)), v) for v in values)
        }
    if not chosen:
        raise UserError(f"{where_text(conditions)}: no row meets all of it; leave one out")
    return frozenset(chosen)


def where_text(conditions: Sequence[Condition]) -> str:
    """Return conditions as words of a command line."""
    return " ".join(f"--where {shlex.quote(f'{name}={joined(v)}')}" for name, v in conditions)


def why_left_out(conditions: Sequence[Condition]) -> str:
    """Return why rows are open that do not meet the conditions of the newest launch."""
    return f"left out by {where_text(conditions)}"


def _values(
    name: str,
    texts: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    defaults: Mapping[str, Any],
) -> list[Any]:
    """Return the values that a condition names, each of which some row has."""
    known = dict.fromkeys([*(key for config in rows for key in config), *defaults])
    check_known("--where", name, known)
    held = list(dict.fromkeys(config[name] for config in rows if name in config))
    held = held or [defaults[name]]
    values = []
    for text in texts:
        value = typed_value(f"--where {name}", text, held)
        if not any(same_value(value, other) for other in held):
            allowed = choices(held[:_MOST_NAMED]) + (", ..." if len(held) > _MOST_NAMED else "")
            raise UserError(f"--where {name}={text}: no row has it; allowed: {allowed}")
        values.append(value)
    return values
