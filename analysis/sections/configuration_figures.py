"""Figures of configurations: against each factor, against a cost, and as parallel coordinates."""

from __future__ import annotations

from functools import partial

import pandas as pd

from analysis.figures.fields import Field
from analysis.figures.parallel import MOST_LINES, parallel_chart, parallel_data
from analysis.figures.rows import Rows, by_spread, problem_of, shown_measure
from analysis.figures.scatter import explore_chart, front_data, pareto_chart, sample_words
from analysis.figures.slices import MOST_POINTS as MOST_IN_SLICE
from analysis.figures.slices import slices_chart
from analysis.frames.cells import counted
from analysis.frames.conditions import MARK, at_once, note, timed
from analysis.frames.costs import cost_measures
from analysis.frames.load import Study
from analysis.frames.pareto import several_objectives
from analysis.frames.training_time import BY_PROCESSOR, PROCESSOR, compared_time, time_measures
from analysis.render.document import Figure
from analysis.sections.captions import (
    capital,
    coloured,
    drawn_rows,
    range_words,
    value_words,
)
from tune_app.study.measures import quantity_of


def explored(study: Study, key: str) -> Figure | None:
    """Return every configuration against a factor; the reader chooses both axes."""
    rows = drawn_rows(study, key)
    if rows is None or not rows.factors:
        return None
    y = shown_measure(study, rows)
    first, *others = by_spread(rows, y)
    colour, panel = next(iter(others), None), _panel(rows, first)
    caption = f"{capital(y.title)} of every configuration against {first.title}{coloured(colour)}."
    caption += sample_words(len(rows.frame))
    alt = f"{caption} {range_words(y)}"
    draw = partial(explore_chart, rows, first, y, colour, panel)
    return Figure(f"{key}-explore", caption, alt, draw, is_wide=True)


def _panel(rows: Rows, x: Field) -> Field | None:
    problem = problem_of(rows)
    return None if problem is x else problem


def parallel(study: Study, key: str) -> Figure | None:
    """Return the configurations as parallel coordinates."""
    rows = drawn_rows(study, key)
    data = parallel_data(rows) if rows else None
    if rows is None or data is None:
        return None
    title = rows.objective.title
    caption = f"Parallel coordinates: one line per configuration, coloured by {title}."
    if data.num_drawn < len(rows.frame):
        caption += (
            f" {MOST_LINES} of {len(rows.frame):,} lines are drawn: the best and an even sample."
        )
    names = ", ".join(field.title for field in rows.factors)
    alt = f"{counted(len(rows.frame), 'configuration')} over {names}. {range_words(rows.objective)}"
    draw = partial(parallel_chart, rows, data, f"{key}-parallel")
    return Figure(f"{key}-parallel", caption, alt, draw, is_wide=True)


def sliced(study: Study, key: str) -> Figure | None:
    """Return a panel per factor with the results against it."""
    rows = drawn_rows(study, key)
    if rows is None or len(rows.factors) < 2:
        return None
    y = shown_measure(study, rows)
    colour = by_spread(rows, y)[0]
    caption = f"{capital(y.title)} against each factor{coloured(colour)}."
    caption += sample_words(len(rows.frame), MOST_IN_SLICE)
    alt = f"{caption} {_means(colour, y, problem_of(rows))}"
    draw = partial(slices_chart, rows, y, colour)
    return Figure(f"{key}-slices", caption, alt, draw, is_wide=True)


def _means(field: Field, y: Field, problem: Field | None) -> str:
    """Return the mean at each level of a field, on each data set: their scales may differ."""
    values = pd.Series(y.values, dtype="float64")
    panels = pd.Series(problem.grouping.values if problem else "", values.index)
    texts = []
    for name, group in values.groupby(panels, sort=False):
        means = group.groupby(pd.Series(field.grouping.values)[group.index]).mean().dropna()
        known = [level for level in field.grouping.order if level in means]
        shown = ", ".join(f"{value_words(y, float(means[level]))} at {level}" for level in known)
        where = f" on {problem.title} {name}" if problem else ""
        texts.append(f"{capital(field.title)}{where}: means {shown}." if shown else "")
    return " ".join(filter(None, texts))


def pareto(study: Study, key: str) -> Figure | None:
    """Return the objective against a cost, with the front that no configuration beats.

    The cost is another objective, or else a measure of time, energy, memory or size.
    """
    rows = drawn_rows(study, key)
    if rows is None:
        return None
    y = shown_measure(study, rows)
    others = [o.metric for o in several_objectives(study)[1:]]
    times = time_measures(study)
    costs = sorted(
        cost_measures(study),
        key=lambda name: times.index(name) if name in times else len(times),
    )
    same = quantity_of(rows.names[y.key])
    known = [m for m in map(rows.measure, (*others, *costs)) if m and len(set(m.values)) > 1]
    x = next((m for m in known if m.better and quantity_of(rows.names[m.key]) != same), None)
    if x is None or not y.better:
        return None
    problem = problem_of(rows)
    colour = next((f for f in by_spread(rows, y) if f is not problem), None)
    front = front_data(rows, x, y, problem)
    caption = (
        f"{capital(y.title)} against {x.title}{coloured(colour)}. The line is the Pareto front: no "
        "other configuration is better in one and no worse in the other."
    )
    if not all(rows.is_fair):
        caption += " Configurations that lack a result or an objective at a seed are on no front."
    caption += sample_words(len(rows.frame))
    both = sum(
        is_fair and None not in pair
        for is_fair, *pair in zip(rows.is_fair, x.values, y.values, strict=True)
    )
    are = "is" if len(front) == 1 else "are"
    alt = f"{caption} {len(front)} of {counted(both, 'configuration')} {are} on a front."
    draw = partial(pareto_chart, rows, x, y, colour, problem)
    notes = _time_note(study, rows.names[x.key])
    return Figure(f"{key}-pareto", caption, alt, draw, notes=notes, is_wide=True)


def _time_note(study: Study, name: str) -> tuple[str, ...]:
    """Return a footnote if a measure is a time and was not measured alone."""
    if name == PROCESSOR and compared_time(study) == name:
        return (BY_PROCESSOR,)
    if name not in time_measures(study):
        return ()
    counts = at_once(study, study.rows.loc[timed(study.rows), "config_id"])
    return tuple(text.removeprefix(f"{MARK} ") for text in note(study, counts))
