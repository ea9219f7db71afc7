"""What the factors of a study do, in the few lines of its answer."""

from __future__ import annotations

from typing import Any

from analysis.figures.forest import (
    BETTER,
    IN_THESE_RUNS,
    NOT_COMPARED,
    TOO_FEW,
    UNDECIDED,
    WORSE,
    forest_data,
)
from analysis.frames.columns import finished
from analysis.frames.labels import label, parameter_heading
from analysis.frames.load import Study
from analysis.frames.measures import num_items_of, shown_of
from analysis.frames.tables import inert_axes
from analysis.sections.best import setting_words
from analysis.sections.comparisons import largest_first

_MOST_NAMED = 6
_TELLING = 0.1
"""A ratio of times nearer to 1 is not worth a word in the answer."""


def factors_in_words(study: Study) -> list[str]:
    """Return which steps help, and which cannot be told from chance, in few lines."""
    if finished(study).empty:
        return []
    lines = largest_first(forest_data(study), most=None).to_dict("records")
    decided = [line for line in lines if str(line["verdict"]).startswith((BETTER, WORSE))]
    texts = []
    if decided:
        runs = all(str(line["verdict"]).endswith(IN_THESE_RUNS) for line in decided)
        words = shown_of(study).words
        text = f"What improves {words}{IN_THESE_RUNS if runs else ''}: {_steps(study, decided)}"
        texts.append(f"{text}.")
    if few := [line for line in lines if line["verdict"] == TOO_FEW]:
        texts.append(f"Seen, but too few rows to tell it from chance: {_steps(study, few)}.")
    if names := _factors_with(study, lines, UNDECIDED):
        texts.append(f"{UNDECIDED[:1].upper()}{UNDECIDED[1:]}: {_listed(names)}.")
    return texts


def not_compared_in_words(study: Study) -> list[str]:
    """Return the effects that the study cannot tell, as one text."""
    if finished(study).empty:
        return []
    lines = largest_first(forest_data(study), most=None).to_dict("records")
    names = _factors_with(study, lines, NOT_COMPARED)
    return [f"the effect of {_listed(names)}"] if names else []


def _steps(study: Study, lines: list[dict[Any, Any]]) -> str:
    """Return the better ends of steps with what they gain; the unit stands at the first."""
    return _listed([_better(study, line, number == 0) for number, line in enumerate(lines)])


def _listed(texts: list[str]) -> str:
    """Return the first few of some texts, and how many more there are."""
    more = len(texts) - _MOST_NAMED
    return "; ".join(texts[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _factors_with(study: Study, lines: list[dict[Any, Any]], verdict: str) -> list[str]:
    """Return the steps with a verdict, by factor: ``depth 2 or 4``."""
    inert = inert_axes(study)
    names: dict[str, None] = {}
    for line in lines:
        name = parameter_heading(line["factor"])
        low, high = (label(line["factor"], line[side]) for side in ("from", "to"))
        if line["verdict"] == verdict and line["factor"] in inert:
            names[name] = None
        elif line["verdict"] == verdict:
            names[f"{name} {low} or {high}{_where(line)}"] = None
    return list(names)


def _where(line: dict[Any, Any]) -> str:
    return "" if line["dataset"] is None else f" on {label('dataset', line['dataset'])}"


def _better(study: Study, line: dict[Any, Any], with_unit: bool) -> str:
    """Return the better end of a step, what it gains, and what it costs in time."""
    measure = shown_of(study)
    is_to = (line["effect"] > 0) == (measure.better == "max")
    good, bad = (line[end] for end in (("to", "from") if is_to else ("from", "to")))
    items = num_items_of(study, line["dataset"], measure.name)
    write = measure.in_words if with_unit else measure.difference
    gain = write(line["effect"] if is_to else -line["effect"], items)
    ratio = line["time_ratio"] if is_to or not line["time_ratio"] else 1 / line["time_ratio"]
    time = f", {ratio:.2g}× the time" if ratio and abs(ratio - 1) > _TELLING else ""
    than = label(line["factor"], bad)
    good = setting_words(line["factor"], good)
    return f"{good} instead of {than}{_where(line)} ({gain}{time})"
