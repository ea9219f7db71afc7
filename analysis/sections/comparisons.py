"""What each factor does: a forest plot, and behind it a table with a sentence for each step."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from analysis.figures.forest import (
    BETTER,
    IN_THESE_RUNS,
    NOT_COMPARED,
    SAME,
    TOO_FEW,
    UNDECIDED,
    WORSE,
    forest_data,
    step_words,
)
from analysis.figures.forest_chart import draw_forest
from analysis.frames.arithmetic import warning
from analysis.frames.cells import counted, p_cell
from analysis.frames.columns import finished, levels, shares_trainings
from analysis.frames.effects import MOST_STEPS as MOST_NUMBERS
from analysis.frames.effects import is_chosen, skips_levels
from analysis.frames.joined import joined
from analysis.frames.labels import MISSING, label, parameter_heading
from analysis.frames.load import Study
from analysis.frames.measures import num_items_of, picked_by, shown_of
from analysis.frames.training_time import WALL, compared_time, time_words
from analysis.render.document import Block, Figure, Paragraph, Section, Table
from analysis.sections.captions import capital
from analysis.sections.factors import no_effects, only_together
from search_spaces.errors import one_line

_ROUNDING = 1e-9
MOST_STEPS = 12
"""The most lines of a forest plot; the table behind it has all."""
_MATCHED = (
    "Rows that differ in one factor alone are compared in pairs. Numbers are compared with the "
    "next smaller one, names with the first."
)
_FEW_STEPS = (
    f"Of more than {MOST_NUMBERS} numbers only the smallest, the middle and the largest are "
    "compared."
)
_SHARED = "Pairs of the same two trainings, at different numbers of epochs, count as one."
_SEEDS = "The means of the seeds decide, not the pairs."
_UNMATCHED = (
    "Where no two rows differ in one factor alone, the mean of all rows at one value is compared "
    "with that of all rows at another. The range of a continuous factor is parted into thirds of "
    "the rows, or halves of few rows, and each is compared with the lowest. A factor that helps "
    "only in a smaller part of its range, or only together with another, may not show."
)
_RUNS = "In these runs: another seed, another search or other test data may give other results."
_CHOSEN = (
    "A search chose the rows by earlier results or stopped some early, so that the rows at one "
    "value are those that looked good there: what is said is about these rows, not the factor."
)
_BELOW = "Better and worse: p is below 5 % after Holm's correction for all lines."
_MEANINGS = {
    BETTER: (_BELOW,),
    BETTER + IN_THESE_RUNS: (_BELOW, _RUNS),
    WORSE: (_BELOW,),
    WORSE + IN_THESE_RUNS: (_BELOW, _RUNS),
    UNDECIDED: ("Not distinguishable: chance alone could do it.",),
    SAME: ("No difference: the results are equal in every pair, digit for digit.",),
    TOO_FEW: (
        "Too few to tell: with so few pairs or seeds no result could decide it, after Holm's "
        "correction for all lines.",
    ),
}
_BRACKETS = (
    "Square brackets: the 95 % interval of the difference, not widened for the number of lines."
)


def factors_blocks(study: Study, name: str, *, by_data: bool = False) -> tuple[Block, ...]:
    """Return the forest plot of a study and the table behind it; empty if no factor varies."""
    lines = largest_first(forest_data(study, by_data=by_data), most=None)
    if lines.empty:
        return ()
    if finished(study).empty:
        return (Paragraph(no_effects(study)),)
    if (lines["verdict"] == NOT_COMPARED).all():
        return (Paragraph(no_effects(study)), _table(study, name, lines))
    measure, shown = shown_of(study), largest_first(lines)
    more = len(lines) - len(shown)
    caption = f"What each factor changes in {measure.words}"
    if measure.better is not None:
        caption += f" ({'higher' if measure.better == 'max' else 'lower'} is better)"
    caption += f": the {len(shown)} largest of {len(lines)} differences" if more else ""
    has_intervals = shown["low"].notna().any()
    caption += ", with 95 % intervals." if has_intervals else "."
    alt = f"{caption} {' '.join(_sentence(study, line) for line in _records(shown))}"
    figure = Figure(name, caption, alt, partial(draw_forest, shown, measure))
    return (figure, _table(study, name, lines))


def _records(lines: pd.DataFrame) -> list[dict[Any, Any]]:
    return lines.to_dict("records")


def largest_first(lines: pd.DataFrame, most: int | None = MOST_STEPS) -> pd.DataFrame:
    """Return the lines with the largest differences, the largest first; None for all lines."""
    order = lines["effect"].abs().sort_values(ascending=False, kind="stable", na_position="last")
    return lines.loc[order.index].head(len(lines) if most is None else most)


def _table(study: Study, name: str, lines: pd.DataFrame) -> Table:
    measure, records = shown_of(study), _records(lines)
    unit = f" ({measure.difference_unit})" if measure.difference_unit else ""
    cells: dict[str, list[str]] = {}
    if lines["dataset"].notna().any():
        cells["data set"] = [label("dataset", line["dataset"]) for line in records]
    cells["step"] = [step_words(line) for line in records]
    cells[f"difference in {measure.words}{unit}"] = [_effect(study, line) for line in records]
    cells["pairs" if lines["is_matched"].all() else "pairs or rows"] = [
        str(line["n"]) for line in records
    ]
    if lines["p"].notna().any():
        cells["p"] = [p_cell(line["p"]) for line in records]
    cells["verdict"] = [str(line["verdict"]) for line in records]
    if lines["time_ratio"].notna().any():
        cells[time_words(study)] = [_ratio(line["time_ratio"]) for line in records]
    cells["what it does"] = [_sentence(study, line) for line in records]
    problems = dict.fromkeys(filter(None, lines["time_problem"]))
    optimistic = (
        f"No measure of the same quantity on test data is reported, so {one_line(study.metric)} "
        "itself is compared.",
    )
    notes = (
        *_pairing(study, lines),
        *([] if lines["is_matched"].all() else [_UNMATCHED]),
        *only_together(study),
        *([_CHOSEN] if is_chosen(study) else []),
        _meanings(lines),
        *(optimistic if picked_by(study).is_optimistic else ()),
        *(f"Training times are not comparable: {text}." for text in problems),
        *warning(study, finished(study)),
    )
    return Table(name, "What each step of each factor changes.", cells, lines, notes)


def _pairing(study: Study, lines: pd.DataFrame) -> list[str]:
    """Return how rows are paired, if any are."""
    if not lines["is_matched"].any():
        return []
    rows, factors = joined(study).rows, lines.loc[lines["is_matched"], "factor"].unique()
    texts = [_MATCHED]
    texts += [_FEW_STEPS] if any(skips_levels(levels(rows, name)) for name in factors) else []
    texts += [_SHARED] if shares_trainings(study) else []
    return [" ".join([*texts, *([_SEEDS] if (lines["num_seeds"] > 1).any() else [])])]


def _meanings(lines: pd.DataFrame) -> str:
    """Return what the verdicts of a table mean, and its brackets."""
    found = [text for verdict in lines["verdict"] for text in _MEANINGS.get(str(verdict), ())]
    found += [_BRACKETS] if lines["low"].notna().any() else []
    return " ".join(dict.fromkeys(found))


def _effect(study: Study, line: dict[Any, Any]) -> str:
    measure, items = shown_of(study), num_items_of(study, line["dataset"], shown_of(study).name)
    if pd.isna(line["low"]):
        return measure.difference(line["effect"], items)
    effect, low, high = measure.estimated_difference(
        line["effect"], line["low"], line["high"], items
    )
    return f"{effect} [{low}, {high}]"


def _ratio(ratio: float) -> str:
    return MISSING if pd.isna(ratio) else f"{ratio:.2f}×"


def _sentence(study: Study, line: dict[Any, Any]) -> str:
    """Return what one step does, in one or two sentences."""
    name = parameter_heading(line["factor"])
    low, high = (label(line["factor"], line[side]) for side in ("from", "to"))
    where = "" if line["dataset"] is None else f"On {label('dataset', line['dataset'])}, "
    if line["verdict"] == NOT_COMPARED:
        text = f"{where}{name} {high} and {low} are not compared: {one_line(line['note'])}."
        return capital(text)
    measure = shown_of(study)
    items = num_items_of(study, line["dataset"], measure.name)
    size = measure.in_words(abs(line["effect"]), items).lstrip("+")
    text = f"{where}{name} {high} instead of {low}: {measure.words} is "
    if line["verdict"] == SAME:
        text += f"equal in {_pairs(line)}."
    else:
        side = "higher" if line["effect"] > 0 else "lower"
        found = f"{size} {side}" if line["effect"] else "the same"
        exactly = ", the same difference at every seed" if is_exact(line) else ""
        text += f"{found} on average, {_of(line)}{exactly}; {_said(line)}."
    if pd.notna(line["time_ratio"]) and line["is_matched"]:
        ratio = line["time_ratio"]
        is_wall = compared_time(study) == WALL
        longer = "times as long" if is_wall else "times as much processor time"
        text += f" Training takes {ratio:.2f} {longer}."
    if line["note"]:
        text += f" {capital(one_line(line['note']))}."
    return capital(text)


def _of(line: dict[Any, Any]) -> str:
    """Return what a difference is a mean of."""
    if not line["is_matched"]:
        return f"over {counted(line['n'], 'row')} that differ in other factors too"
    wins, losses = int(line["wins"]), int(line["n"] - line["wins"] - line["ties"])
    if not line["effect"]:
        return f"higher in {wins} and lower in {losses} of {_pairs(line)}"
    side, number = ("higher", wins) if line["effect"] > 0 else ("lower", losses)
    return f"{side} in {number} of {_pairs(line)}"


def _pairs(line: dict[Any, Any]) -> str:
    """Return what was compared: ``12 pairs at 6 seeds``."""
    if not line["is_matched"]:
        return f"all {counted(int(line['n']), 'row')}"
    seeds = f" at {line['num_seeds']} seeds" if line["num_seeds"] > 1 else ""
    return f"{counted(int(line['n']), 'pair')}{seeds}"


def is_exact(line: dict[Any, Any]) -> bool:
    """Return whether the difference is the same at every seed, to the last digit."""
    if not line["is_matched"] or line["num_seeds"] < 2:
        return False
    return bool(abs(line["high"] - line["low"]) <= _ROUNDING * abs(line["effect"]))


def _said(line: dict[Any, Any]) -> str:
    """Return a verdict as the end of a sentence."""
    if line["verdict"] == TOO_FEW:
        return f"too few {units_of(line)} to tell it from chance"
    if line["verdict"] == UNDECIDED:
        return "chance alone could do it"
    return str(line["verdict"])


def units_of(line: dict[Any, Any]) -> str:
    """Return of what a line has too few, if it has."""
    if not line["is_matched"]:
        return "rows"
    return "seeds" if line["num_seeds"] > 1 else "pairs"


def by_data_set(study: Study, key: str) -> Section | None:
    """Return the comparisons of each data set alone.

    It applies if the answer compares the data sets of a study together.
    """
    if not forest_data(study)["dataset"].isna().all() or "dataset" not in study.rows:
        return None
    if study.rows["dataset"].nunique() < 2:
        return None
    blocks = factors_blocks(study, f"{key}-by-data-set", by_data=True)
    return Section("Factors on each data set", blocks) if blocks else None
