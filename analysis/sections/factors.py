"""The effects of the factors: the mean at every level, and the shares of the variance."""

from __future__ import annotations

from functools import partial

import pandas as pd

from analysis.figures.effects import draw_effects
from analysis.figures.importance import term_words, variance_chart
from analysis.frames.arithmetic import warning
from analysis.frames.cells import p_cell
from analysis.frames.columns import finished, is_over, numbers, shares_trainings, varied
from analysis.frames.effects import compared_factors, is_matched, main_effects_data
from analysis.frames.joined import joined, joined_factors
from analysis.frames.labels import label, mean_of, parameter_heading
from analysis.frames.load import FINISHED, Study
from analysis.frames.measures import (
    mean_column,
    num_items_of,
    picked_by,
    shown_of,
)
from analysis.frames.pairs import by_dataset
from analysis.frames.variance import variance_data
from analysis.render.document import Block, Figure, Paragraph, Section, Table
from analysis.sections.captions import capital
from analysis.sections.levels import SETS, means, time_notes
from search_spaces.errors import one_line

_VARIANCE = (
    "η², the sum of squares of a term over the total. The rest is seeds, noise, and interactions "
    "of three factors or more.",
    "p: of the hypothesis that a term has no effect, from how much its effect differs between "
    "seeds, if it does; not adjusted for the number of lines.",
)
_OPTIMISTIC = (
    "Nothing is reported on test data, so these are values of the measure that selects the best "
    "configuration.",
)
_SHARED = "Rows that share a training, as at two numbers of epochs, count as one."
_UNMATCHED = (
    "{} not compared in rows that agree in everything else, because no two do. {} levels are "
    "means over all rows; the range of a continuous factor is parted into thirds of the rows, or "
    "halves of few rows."
)


def effects(study: Study, key: str) -> Section | None:
    """Return the main effect of every factor, of factors that only vary together as one.

    It applies if a factor varies.
    """
    together, study = only_together(study), joined(study)
    if not compared_factors(study):
        return None
    frame = main_effects_data(study)
    measure = shown_of(study)
    column = mean_column(measure.name)
    if frame.empty or frame[column].isna().all():
        return Section("Main effects", (Paragraph(no_effects(study)),))
    cells: dict[str, list[str]] = {}
    if "dataset" in frame:
        cells["data set"] = [label("dataset", value) for value in frame["dataset"]]
    cells["factor"] = [parameter_heading(factor) for factor in frame["factor"]]
    cells["level"] = [label(f, v) for f, v in zip(frame["factor"], frame["level"], strict=True)]
    cells["trainings"] = [str(count) for count in frame["num_trainings"]]
    cells |= means(study, frame, "num_trainings")
    notes = (
        *([SETS] if frame["is_matched"].any() else []),
        *([_SHARED] if shares_trainings(study) else []),
        *together,
        *_unmatched(frame),
        *(_OPTIMISTIC if picked_by(study).is_optimistic else ()),
        *time_notes(study, frame),
        *warning(study, finished(study)),
    )
    table = Table(f"{key}-effects", "Mean result at each level.", cells, frame, notes)
    caption = capital(f"{mean_of(measure.words)} at each level of each factor.")
    alt = f"{caption} {_widest(study, frame)}"
    figure = Figure(f"{key}-effects", caption, alt, partial(draw_effects, frame, measure, column))
    shares = variance_table(study, f"{key}-variance")
    return Section("Main effects", (figure, table, *(_shares(key, shares) if shares else [])))


def _shares(key: str, table: Table) -> list[Block]:
    texts = []
    for names, group in by_dataset(table.frame):
        [first] = group.nlargest(1, "eta_squared").to_dict("records")
        where = f"on {label('dataset', names['dataset'])} " if names else ""
        texts.append(f"{where}that of {term_words(str(first['term']))}")
    alt = f"{table.caption} The largest share is {'; '.join(texts)}."
    draw = partial(variance_chart, table.frame, f"{key}-variance")
    return [Figure(f"{key}-variance", table.caption, alt, draw), table]


def _unmatched(frame: pd.DataFrame) -> tuple[str, ...]:
    names = dict.fromkeys(frame.loc[~frame["is_matched"], "factor"])
    if not names:
        return ()
    who = ", ".join(parameter_heading(name) for name in names)
    are, whose = ("is", "Its") if len(names) == 1 else ("are", "Their")
    return (_UNMATCHED.format(f"{capital(who)} {are}", whose),)


def only_together(study: Study) -> list[str]:
    """Return which factors are compared as one, because they only vary together."""
    texts = []
    for first, others in joined_factors(study).items():
        names = [first, *(name for name in others if name in varied(study))]
        if len(names) > 1:
            *some, last = map(parameter_heading, names)
            text = f"{', '.join(some)} and {last} only vary together"
            texts.append(f"{capital(text)}, so no effect can be put down to one of them.")
    return texts


def no_effects(study: Study) -> str:
    """Return a sentence on why no levels of any factor can be compared."""
    rows = study.rows
    if not rows["status"].isin(FINISHED).any():
        nothing = "No row has a result, so no levels can be compared."
        return nothing if is_over(study) else _WAITING
    if numbers(finished(study), picked_by(study).shown).isna().all():
        name = one_line(picked_by(study).shown)
        return f"No finished row reports {name}, so no levels can be compared."
    if not is_over(study):
        return _WAITING
    if any(is_matched(study, factor) for factor in compared_factors(study)):
        return (
            "No rows that differ in one factor alone have comparable results at all its values, so "
            "no levels can be compared."
        )
    return "No two rows with a result differ in one factor alone, so no levels can be compared."


_WAITING = "No factor has a complete set of finished rows yet, so no levels can be compared."


def variance_table(study: Study, name: str) -> Table | None:
    """Return the shares of the variance that factors explain; None without a full grid."""
    frame = variance_data(study)
    if frame.empty:
        return None
    cells: dict[str, list[str]] = {}
    if "dataset" in frame:
        cells["data set"] = [label("dataset", value) for value in frame["dataset"]]
    cells["factor or pair"] = [term_words(term) for term in frame["term"]]
    cells["share of variance (%)"] = [f"{100 * share:.1f}" for share in frame["eta_squared"]]
    if frame["p_value"].notna().any():
        cells["p"] = [p_cell(p) for p in frame["p_value"]]
    words = shown_of(study).words
    caption = f"Share of the variance of {words} that factors and pairs of factors explain."
    return Table(name, caption, cells, frame, _VARIANCE if "p" in cells else _VARIANCE[:1])


def _widest(study: Study, frame: pd.DataFrame) -> str:
    """Return a sentence on the factor whose levels are furthest apart, for each data set."""
    texts = []
    measure = shown_of(study)
    for names, group in by_dataset(frame):
        levels_of = group.groupby("factor", sort=False)[mean_column(measure.name)]
        spans = (levels_of.max() - levels_of.min()).dropna()
        if len(spans):
            factor = str(spans.idxmax())
            items = num_items_of(study, names.get("dataset"), measure.name)
            where = f"on {label('dataset', names['dataset'])} " if names else ""
            span = measure.in_words(float(spans[factor]), items).lstrip("+")
            texts.append(f"{where}that of {parameter_heading(factor)}, {span}")
    return f"The widest span is {'; '.join(texts)}."
