"""What a search was asked for: its settings, and the domains that it draws from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.frames.labels import format_value, label
from analysis.frames.load import Study
from search_spaces.domains import Domain
from tune_app.study.recorded_axes import recorded_axes
from tune_app.study.search_settings import SEARCH, SearchSettings


def search_of(study: Study) -> SearchSettings | None:
    """Return the settings of the study's search; None of a grid."""
    entry = study.meta.get(SEARCH)
    return None if entry is None else SearchSettings.from_json(entry)


def domains_in_words(study: Study) -> dict[str, str]:
    """Return parameter -> what a search draws it from; what has one value in the space is left out.

    A parameter that has other values in other options has all of them: ``1, 2`` or
    ``0.001 to 0.1, logarithmic; 1e-05 to 0.01, logarithmic``.
    """
    if search_of(study) is None:
        return {}
    found: dict[str, list[Any]] = {}
    for name, value in _entries("", recorded_axes(study.meta) or {}):
        found.setdefault(name, []).append(value)
    return {name: _in_words(name, values) for name, values in found.items() if _varies(values)}


def _varies(values: list[Any]) -> bool:
    is_drawn = any(isinstance(value, Domain) for value in values)
    return is_drawn or len({repr(value) for value in values}) > 1


def _entries(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield each parameter of an axis with a constant or a numeric domain that it may have."""
    if isinstance(value, Domain) and value.is_choice:
        for option in value.options:
            yield from _entries(name, option)
    elif isinstance(value, Mapping):
        for inner, entry in value.items():
            yield from _entries(str(inner), entry)
    else:
        yield name, value


def _in_words(name: str, values: list[Any]) -> str:
    constants = [
        "None" if value is None else label(name, value)
        for value in values
        if not isinstance(value, Domain)
    ]
    domains = [_domain_in_words(value) for value in values if isinstance(value, Domain)]
    listed = [", ".join(dict.fromkeys(constants))] if constants else []
    return "; ".join(dict.fromkeys([*listed, *domains]))


def _domain_in_words(domain: Domain) -> str:
    low, high = map(format_value, domain.bounds)
    text = f"{'whole numbers ' if domain.is_whole else ''}{low} to {high}"
    if domain.is_stepped:
        text = f"{text}, multiples of {format_value(domain.step)}"
    return f"{text}, logarithmic" if domain.is_log else text
