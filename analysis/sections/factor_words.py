"""What the factors of a study do, in the few lines of its answer."""

from __future__ import annotations

import math
from typing import Any

from analysis.figures.forest import (
    BETTER,
    IN_THESE_RUNS,
    NOT_COMPARED,
    SAME,
    TOO_FEW,
    UNDECIDED,
    WORSE,
    forest_data,
)
from analysis.frames.columns import finished
from analysis.frames.effects import compared_factors
from analysis.frames.joined import joined
from analysis.frames.labels import label, parameter_heading
from analysis.frames.load import Study
from analysis.frames.measures import num_items_of, shown_of
from analysis.frames.tables import inert_axes, why_inert
from analysis.sections.best import setting_words
from analysis.sections.captions import capital
from analysis.sections.comparisons import is_exact, largest_first, units_of
from analysis.stats import fewest_pairs
from search_spaces.errors import one_line

Line = dict[Any, Any]
_ALPHA = 0.05
_MOST_NAMED = 6
_MOST_TURNS = 3
TELLING = 0.1
"""A ratio of times nearer to 1 is not worth a word in the answer."""


def factors_in_words(study: Study) -> list[str]:
    """Return which steps help, and which cannot be told from chance, in few lines.

    A difference that is printed as zero is no reason to choose a value, whatever its verdict. Only
    results that are equal in every pair are called no difference.
    """
    if finished(study).empty:
        return []
    lines, alike = [], dict[str, list[Line]]()
    for line in _lines(study):
        if words := _alike(study, line):
            alike.setdefault(words, []).append(line)
        elif line["verdict"] != NOT_COMPARED:
            lines.append(line)
    texts = [*_improving(study, lines), *_too_few(study, lines)]
    for words, found in alike.items():
        texts.append(f"{words}: {_listed(list(map(_either, found)))}.")
    return [*texts, *_depending(study)]


def _depending(study: Study) -> list[str]:
    """Return which steps help at one value of another factor and harm at another."""
    texts = []
    for line in _lines(study):
        low, high = (label(line["factor"], line[side]) for side in ("from", "to"))
        step = f"{parameter_heading(line['factor'])} {high} instead of {low}{_where(line)}"
        if line["depends"]:
            texts.append(f"{capital(step)}: {one_line(line['depends'])}.")
    return texts[:_MOST_TURNS]


def _alike(study: Study, line: Line) -> str:
    """Return what is said of two values of which neither is advised; empty for other lines."""
    verdict = line["verdict"]
    if verdict in (UNDECIDED, SAME):
        return capital(str(verdict))
    if verdict == NOT_COMPARED or not _is_printed_as_zero(study, line):
        return ""
    if verdict == TOO_FEW:
        return f"Too few {units_of(line)} to tell"
    runs = IN_THESE_RUNS if verdict.endswith(IN_THESE_RUNS) else ""
    return f"Different{runs}, but by too little to print"


def _lines(study: Study) -> list[Line]:
    return largest_first(forest_data(study), most=None).to_dict("records")


def _is_printed_as_zero(study: Study, line: Line) -> bool:
    measure = shown_of(study)
    text = measure.difference(line["effect"], num_items_of(study, line["dataset"], measure.name))
    return not any(digit in text for digit in "123456789")


def _improving(study: Study, lines: list[Line]) -> list[str]:
    """Return what helps, apart from what is known to help in these runs only."""
    several = len(compared_factors(joined(study))) > 1
    mean = " on average" if several else ""  # over the other settings
    texts = []
    for runs in ("", IN_THESE_RUNS):
        verdicts = (BETTER + runs, WORSE + runs)
        if decided := [line for line in lines if line["verdict"] in verdicts]:
            texts.append(f"Better{mean}{runs}: {_steps(study, decided)}.")
    return texts


def _too_few(study: Study, lines: list[Line]) -> list[str]:
    """Return what was seen but not decided, apart from what was the same at every seed."""
    few = [line for line in lines if line["verdict"] == TOO_FEW]
    exact = [line for line in few if is_exact(line)]
    texts = []
    if chance := [line for line in few if line not in exact]:
        units = " or ".join(dict.fromkeys(map(units_of, chance)))
        fewest, steps = enough_seeds(study), _steps(study, chance)
        is_advice = units == "seeds" and all(line["num_seeds"] < fewest for line in chance)
        enough = f" ({fewest} may do)" if is_advice else ""  # with ties even more are too few
        texts.append(f"Seen, but too few {units} to tell it from chance{enough}: {steps}.")
    if exact:
        texts.append(
            "The same at every seed, but too few seeds to test so many steps "
            f"({enough_seeds(study)} will do): {_steps(study, exact)}."
        )
    return texts


def enough_seeds(study: Study) -> int:
    """Return the fewest seeds that can decide every step, after Holm's correction for all.

    Sign flips of few seeds have no small p-value, so the more steps, the more seeds they take. Rows
    that are not matched are compared by Welch's test, whatever their seeds.
    """
    lines = _lines(study)
    few = [line for line in lines if line["verdict"] == TOO_FEW and line["is_matched"]]
    decided = [line for line in lines if line["verdict"] != TOO_FEW and math.isfinite(line["p"])]
    is_flipped = any(line["n"] <= line["num_seeds"] or is_exact(line) for line in few)
    return fewest_pairs(_ALPHA / (len(few) + len(decided)) if is_flipped else _ALPHA)


def not_compared_in_words(study: Study) -> list[str]:
    """Return the effects that the study cannot tell, as one text."""
    if finished(study).empty:
        return []
    inert = inert_axes(study)
    names: dict[str, None] = {}
    for line in _lines(study):
        if line["verdict"] == NOT_COMPARED and line["factor"] in inert:
            factor = line["factor"]
            why = f"its values share one training, because {why_inert(study, factor)}"
            names[f"{parameter_heading(factor)} ({why})"] = None
        elif line["verdict"] == NOT_COMPARED:
            names[_either(line)] = None
    return [f"the effect of {_listed(list(names))}"] if names else []


def _steps(study: Study, lines: list[Line]) -> str:
    """Return the better ends of steps with what they gain; the unit stands at the first."""
    return _listed([_better(study, line, number == 0) for number, line in enumerate(lines)])


def _listed(texts: list[str]) -> str:
    """Return the first few of some texts, and how many more there are."""
    more = len(texts) - _MOST_NAMED
    return "; ".join(texts[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _either(line: Line) -> str:
    """Return the two values of a step, and which is cheaper: ``depth 2 or 4``."""
    low, high = (label(line["factor"], line[side]) for side in ("from", "to"))
    text = f"{parameter_heading(line['factor'])} {low} or {high}{_where(line)}"
    ratio = line["time_ratio"]
    if not ratio or not abs(ratio - 1) > TELLING:  # NaN is not known
        return text
    cheaper, ratio = (high, ratio) if ratio < 1 else (low, 1 / ratio)
    return f"{text} ({cheaper} takes {ratio:.2g}× the time)"


def _where(line: Line) -> str:
    return "" if line["dataset"] is None else f" on {label('dataset', line['dataset'])}"


def _better(study: Study, line: Line, with_unit: bool) -> str:
    """Return the better end of a step, what it gains, and what it costs in time."""
    measure = shown_of(study)
    is_to = (line["effect"] > 0) == (measure.better == "max")
    good, bad = (line[end] for end in (("to", "from") if is_to else ("from", "to")))
    items = num_items_of(study, line["dataset"], measure.name)
    write = measure.in_words if with_unit else measure.difference
    gain = write(line["effect"] if is_to else -line["effect"], items)
    ratio = line["time_ratio"] if is_to or not line["time_ratio"] else 1 / line["time_ratio"]
    time = f", {ratio:.2g}× the time" if ratio and abs(ratio - 1) > TELLING else ""
    than = label(line["factor"], bad)
    good = setting_words(line["factor"], good)
    return f"{good} instead of {than}{_where(line)} ({gain}{time})"
