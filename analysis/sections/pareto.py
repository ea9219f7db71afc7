"""The Pareto front of a study with several objectives, in words and as a table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.frames.cells import counted, format_cell
from analysis.frames.labels import label
from analysis.frames.load import Study
from analysis.frames.measures import measure_of, num_items_of
from analysis.frames.pareto import Front, fronts, several_objectives
from analysis.render.document import Section, Table
from analysis.sections.best import settings

_STEPS = 4
_HYPERVOLUME = (
    "The hypervolume is what the front dominates of the box between the best and the worst value "
    "of each objective over all that are compared: 1 if one configuration is the best in all of "
    "them."
)


def front_in_words(study: Study) -> list[str]:
    """Return a sentence on the front of each data set; nothing for a single objective."""
    return [_in_words(study, front) for front in fronts(study)]


def pareto_front(study: Study, key: str) -> Section | None:
    """Return the front as a table; None for a single objective."""
    found = fronts(study)
    if not found:
        return None
    names = [objective.metric for objective in several_objectives(study)]
    blocks = []
    for place, front in enumerate(found):
        cells = {
            "id": [format_cell("id", config_id) for config_id in front.frame["config_id"]],
            "settings": [
                settings(study, row, ["dataset"]) for row in front.frame.to_dict("records")
            ],
            **{
                measure_of(study, name).heading: [
                    _cell(study, front, name, value) for value in front.frame[name]
                ]
                for name in names
            },
        }
        of = "" if front.dataset is None else f" on {label('dataset', front.dataset)}"
        caption = (
            f"The Pareto front{of}: {_number(front)}. No other configuration is better in one "
            "objective and worse in none."
        )
        frame = front.frame[["config_id", "num_seeds", *names]]
        name = f"{key}-front" if len(found) == 1 else f"{key}-front-{place + 1}"
        notes = (_directions(study), *_history(front))
        blocks.append(Table(name, caption, cells, frame, notes))
    return Section("Pareto front", tuple(blocks))


def _in_words(study: Study, front: Front) -> str:
    where = "" if front.dataset is None else f" on {label('dataset', front.dataset)}"
    objectives = several_objectives(study)
    words = _listed([measure_of(study, o.metric).words for o in objectives])
    text = f"Pareto front{where} of {words}: {_number(front)}"
    if len(front.frame) > 1:
        ends = [_values(study, front, front.frame.iloc[place]) for place in (0, -1)]
        text += f", from {ends[0]} to {ends[1]}"
    if front.shares:
        text += f"; hypervolume {front.shares[-1]:.3f} of the box of all values"
    return f"{text}."


def _values(study: Study, front: Front, row: pd.Series[Any]) -> str:
    texts = []
    for objective in several_objectives(study):
        measure = measure_of(study, objective.metric)
        value = _cell(study, front, objective.metric, row[objective.metric])
        texts.append(f"{measure.words} {value} {measure.unit}".rstrip())
    first, *others = texts
    return f"{first} with {_listed(others)}"


def _listed(texts: list[str]) -> str:
    """Return some texts as a list in words: ``a, b and c``."""
    *some, last = texts
    return f"{', '.join(some)} and {last}" if some else last


def _cell(study: Study, front: Front, name: str, value: object) -> str:
    return measure_of(study, name).cell(value, num_items_of(study, front.dataset, name))


def _number(front: Front) -> str:
    text = f"{len(front.frame)} of {counted(front.num_candidates, 'configuration')}"
    if front.num_left_out:
        others = counted(front.num_left_out, "other")
        text += f" with every objective at the most seeds ({others} not compared)"
    return text


def _directions(study: Study) -> str:
    """Return which values are better."""
    objectives = several_objectives(study)
    texts = [
        f"{measure_of(study, o.metric).words} is to be {'high' if o.mode == 'max' else 'low'}"
        for o in objectives
    ]
    text = ", ".join(texts)
    return f"{text[:1].upper()}{text[1:]}. The first one decides where a single best is named."


def _history(front: Front) -> tuple[str, ...]:
    """Return the hypervolume of the first configurations that were tried."""
    if not front.shares:
        return ()
    number = len(front.shares)
    steps = sorted({max(1, round(number * step / _STEPS)) for step in range(1, _STEPS + 1)})
    texts = [f"{front.shares[step - 1]:.3f} after {step}" for step in steps]
    return (f"{_HYPERVOLUME} In the order in which they were tried: {', '.join(texts)}.",)
