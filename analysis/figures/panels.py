"""Figures of one panel per value of a factor, and what a reader can choose in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from analysis.figures.chart import Choice, Patch, Spec
from analysis.figures.fields import Field
from analysis.figures.theme import WIDTH, cut, facet

NOTHING = "nothing"
MOST_PANELS = 8
_MARGIN = 90
_GAP = 30


def panelled(panel: Field | None, unit: Spec, *, height: int, **rest: Any) -> Spec:
    """Return a specification of one panel per value of a field; one panel without a field.

    Args:
        panel: the field; its parts if it is continuous.
        unit: what each panel shows, such as ``layer``; it may group by the column ``panel``.
        height: of a panel.
        rest: the specification's other parts. Of its transformations those in ``transform`` come
            before the column ``panel`` is there, and those in ``then`` after it.
    """
    found = _panels(panel)
    first, then = list(rest.pop("transform", [])), list(rest.pop("then", []))
    return {
        **rest,
        "transform": [*first, found["calculate"], *then],
        "facet": found["facet"],
        "columns": found["columns"],
        "spec": {"width": found["width"], "height": height, **unit},
        "usermeta": {"panels": found["count"], "panel": found["panel"]},
    }


def panel_choice(fields: Sequence[Field], chosen: Field | None, place: int) -> Choice:
    """Return the choice of the field of the panels; ``place`` of its transformation."""

    def patch(field: Field | None) -> Patch:
        found = _panels(field)
        return {
            f"/transform/{place}": found["calculate"],
            "/facet": found["facet"],
            "/columns": found["columns"],
            "/spec/width": found["width"],
            "/usermeta/panels": found["count"],
            "/usermeta/panel": found["panel"],
        }

    fit = [f for f in fields if len(f.grouping.order) <= MOST_PANELS]
    options = {NOTHING: patch(None)} | {option_name(f, fields): patch(f) for f in fit}
    return Choice("panels", options, option_name(chosen, fields) if chosen else NOTHING)


def _panels(field: Field | None) -> dict[str, Any]:
    group = field.grouping if field else None
    titles = [f"{cut(group.title)}: {value}" for value in group.order] if group else [""]
    value = f"{json.dumps(f'{cut(group.title)}: ')} + datum.{group.key}" if group else "''"
    facets = facet(titles)
    # Without a name there is no room for one either.
    facets["header"] |= {} if group else {"labelFontSize": 0, "labelPadding": 0}
    columns = min(len(titles), 2 if len(titles) in (2, 4) else 3)
    return {
        "calculate": {"calculate": value, "as": "panel"},
        "facet": facets,
        "columns": columns,
        "width": (WIDTH - _MARGIN - _GAP * (columns - 1)) // columns,
        "count": len(titles),
        "panel": {"field": group.key, "before": f"{cut(group.title)}: "} if group else {},
    }


def option_name(field: Field, fields: Sequence[Field]) -> str:
    """Return the name of an option: the title, with a number if another field has the same."""
    same = [f for f in fields if f.title == field.title]
    return field.title if len(same) < 2 else f"{field.title} #{1 + same.index(field)}"


def field_choice(
    label: str, fields: Sequence[Field], chosen: Field, patch: Callable[[Field], Patch]
) -> Choice:
    """Return the choice of a field, such as that of an axis."""
    options = {option_name(f, fields): patch(f) for f in fields}
    return Choice(label, options, option_name(chosen, fields))


def colour_choice(
    fields: Sequence[Field], chosen: Field | None, paths: Sequence[str], second: str = ""
) -> Choice:
    """Return the choice of the field that colours the marks at some paths.

    Args:
        fields: the fields to choose from.
        chosen: the field that colours them now.
        paths: of the channels.
        second: the channel beside each of them that says the same, such as ``shape``.
    """
    others = [path.replace("/color", f"/{second}") for path in paths] if second else []
    options: dict[str, Patch] = {NOTHING: dict.fromkeys((*paths, *others))}
    for field in fields:
        patch = dict.fromkeys(paths, field.colour())
        options[option_name(field, fields)] = patch | dict.fromkeys(others, field.second(second))
    return Choice("colour", options, option_name(chosen, fields) if chosen else NOTHING)


def on_layers(channel: str, value: Any, layers: Iterable[int] = range(3)) -> dict[str, Any]:
    """Return the changes that give a channel another value on some layers of the panels."""
    return {f"/spec/layer/{layer}/encoding/{channel}": value for layer in layers}
