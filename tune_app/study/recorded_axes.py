"""The axes of a search space, as a study has recorded them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search_spaces.domain_forms import sampled_axes
from search_spaces.errors import UserError
from tune_app.study.arithmetic import mapping


def recorded_axes(meta: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return name -> constant, tied constants or domain; None if they are damaged.

    Args:
        meta: the content of ``study.json``, which anybody can edit.
    """
    try:
        return sampled_axes(mapping(mapping(meta.get("space")).get("param_space")))
    except (UserError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError):
        return None
