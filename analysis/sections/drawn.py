"""Figures that any study can have: what they show, in captions and for readers who cannot see."""

from __future__ import annotations

from functools import partial

import pandas as pd

from analysis.figures.budget import budget_chart, budget_data
from analysis.figures.curves import Curves, curves_chart, curves_data
from analysis.figures.effects import interacting, interaction_chart
from analysis.figures.fields import Field
from analysis.figures.history import history_chart, history_data
from analysis.figures.importance import importance_chart, surface_chart
from analysis.figures.parallel import MOST_LINES, parallel_chart, parallel_data
from analysis.figures.rows import Rows, by_spread, problem_of, rows_of, shown_measure
from analysis.figures.scatter import explore_chart, front_data, pareto_chart, sample_words
from analysis.figures.slices import MOST_POINTS as MOST_IN_SLICE
from analysis.figures.slices import heat_chart, slices_chart
from analysis.figures.surrogate import importances, surfaces
from analysis.figures.timeline import MOST_BARS, timeline_chart, timeline_data
from analysis.frames.cells import counted, format_cell
from analysis.frames.conditions import MARK, at_once, note, timed
from analysis.frames.labels import format_value
from analysis.frames.load import Study
from analysis.frames.measures import num_items_of, objective_of
from analysis.frames.pareto import several_objectives
from analysis.frames.summary import best_data, groups_of
from analysis.render.document import Figure
from analysis.sections.best import nothing_picked
from tune_app.study.measures import quantity_of

_FEWEST = 3
"""With fewer configurations a table says it all."""
_TIMES = ("train_seconds", "fit_seconds")
_COSTS = (*_TIMES, "flops", "num_parameters")
_WEAK = 0.2
"""A forest that explains less of the variance than this says nothing about factors."""


def explored(study: Study, key: str) -> Figure | None:
    """Return every configuration against a factor; the reader chooses both axes."""
    rows = _rows(study, key)
    if rows is None or not rows.factors:
        return None
    y = shown_measure(study, rows)
    first, *others = by_spread(rows, y)
    colour, panel = next(iter(others), None), _panel(rows, first)
    caption = f"{_first(y.title)} of every configuration against {first.title}{_coloured(colour)}."
    caption += sample_words(len(rows.frame))
    alt = f"{caption} {_range(y)}"
    draw = partial(explore_chart, rows, first, y, colour, panel)
    return Figure(f"{key}-explore", caption, alt, draw, is_wide=True)


def parallel(study: Study, key: str) -> Figure | None:
    """Return the configurations as parallel coordinates."""
    rows = _rows(study, key)
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
    alt = f"{counted(len(rows.frame), 'configuration')} over {names}. {_range(rows.objective)}"
    draw = partial(parallel_chart, rows, data, f"{key}-parallel")
    return Figure(f"{key}-parallel", caption, alt, draw, is_wide=True)


def sliced(study: Study, key: str) -> Figure | None:
    """Return a panel per factor with the results against it."""
    rows = _rows(study, key)
    if rows is None or len(rows.factors) < 2:
        return None
    y = shown_measure(study, rows)
    colour = by_spread(rows, y)[0]
    caption = f"{_first(y.title)} against each factor{_coloured(colour)}."
    caption += sample_words(len(rows.frame), MOST_IN_SLICE)
    means = _means(colour, y)
    alt = f"{caption} {_first(colour.title)}: means {_listed(means)}."
    draw = partial(slices_chart, rows, y, colour)
    return Figure(f"{key}-slices", caption, alt, draw, is_wide=True)


def learning_curves(study: Study, key: str) -> Figure | None:
    """Return a line per trial by epoch."""
    data = curves_data(study, f"{key}-curves")
    if data is None:
        return None
    rows, measure = rows_of(study, key), data.measures[0]
    colour, panel = _curve_fields(rows, data)
    caption = (
        f"{_first(measure.title)} by epoch, one line per trial{_coloured(colour)}; the picked "
        "configurations are thicker."
    )
    if data.num_drawn < data.num_trials:
        caption += (
            f" {data.num_drawn} of {data.num_trials:,} trials are drawn: the best and an even "
            "sample of the others."
        )
    alt = f"{caption} {_ends_of_picks(study)}"
    rows_name = rows.data.name if rows else ""
    draw = partial(curves_chart, data, rows_name, colour, panel, measure=measure)
    return Figure(f"{key}-curves", caption, alt, draw, is_wide=True)


def _curve_fields(rows: Rows | None, data: Curves) -> tuple[Field | None, Field | None]:
    """Return the factors that colour the curves and divide them into panels."""
    by_title = {f.title: f for f in data.factors if len(f.grouping.order) > 1}
    if rows is None:
        return next(iter(by_title.values()), None), None
    leading = [by_title[f.title] for f in by_spread(rows, rows.objective) if f.title in by_title]
    problem = problem_of(rows)
    panel = by_title.get(problem.title) if problem else None
    return next((f for f in leading if f is not panel), None), panel


def _ends_of_picks(study: Study) -> str:
    picks = best_data(study)
    if picks.empty:
        return nothing_picked(study)
    scale = objective_of(study)
    by = [column for column in groups_of(study) if picks[column].nunique() > 1]
    texts = []
    for pick in picks.to_dict("records"):
        name = ", ".join(format_cell(column, pick[column]) for column in by)
        mean = f" (mean of {pick['num_seeds']} seeds)" if pick["num_seeds"] > 1 else ""
        images = num_items_of(study, pick.get("dataset"), study.metric)
        value = scale.value(float(pick[study.metric]), images and images * pick["num_seeds"])
        texts.append(f"{name or 'The picked configuration'} ends at {scale.words} {value}{mean}")
    return "; ".join(texts) + "."


def pareto(study: Study, key: str) -> Figure | None:
    """Return the objective against a cost, with the front that no configuration beats."""
    rows = _rows(study, key)
    if rows is None:
        return None
    y = shown_measure(study, rows)
    others = [o.metric for o in several_objectives(study)[1:]]
    costs = [rows.measure(name) for name in (*others, *_COSTS)]
    same = quantity_of(rows.names[y.key])
    known = [m for m in (*costs, *rows.measures) if m and m.better and len(set(m.values)) > 1]
    x = next((m for m in known if quantity_of(rows.names[m.key]) != same), None)
    if x is None or not y.better:
        return None
    problem = problem_of(rows)
    colour = next((f for f in by_spread(rows, y) if f is not problem), None)
    front = front_data(rows, x, y, problem)
    caption = (
        f"{_first(y.title)} against {x.title}{_coloured(colour)}. The line is the Pareto front: no "
        "other configuration is better in one and no worse in the other."
    )
    caption += sample_words(len(rows.frame))
    alt = f"{caption} {len(front)} of {counted(len(rows.frame), 'configuration')} are on a front."
    draw = partial(pareto_chart, rows, x, y, colour, problem)
    notes = _time_note(study, rows.names[x.key])
    return Figure(f"{key}-pareto", caption, alt, draw, notes=notes, is_wide=True)


def _time_note(study: Study, name: str) -> tuple[str, ...]:
    """Return a footnote if a measure is a time and was not measured alone."""
    if name not in _TIMES:
        return ()
    counts = at_once(study, study.rows.loc[timed(study.rows), "config_id"])
    return tuple(text.removeprefix(f"{MARK} ") for text in note(study, counts))


def interactions(study: Study, key: str) -> list[Figure]:
    """Return how two factors act together: as lines, and as a heat map."""
    rows = _rows(study, key)
    if rows is None:
        return []
    y, fit = shown_measure(study, rows), interacting(rows)
    pair = [f for f in by_spread(rows, y) if f in fit and f is not problem_of(rows)][:2]
    if len(pair) < 2:
        return []
    across, by = pair
    panel = problem_of(rows)
    where = f"{across.title} and {by.title}"
    of_rows = "Means of all finished configurations at those levels"
    caption = (
        f"Interaction of {where}: mean {y.title}, one line per level of {by.title}. Lines that are "
        f"not parallel mean that one changes the effect of the other. {of_rows}, with the standard "
        "error."
    )
    cells = _cell_words(across, by, y)
    lines = Figure(
        f"{key}-interactions",
        caption,
        f"{caption} {cells}",
        partial(interaction_chart, rows, y, across, by, panel),
    )
    caption = f"Mean {y.title} at each pair of levels of {where}. {of_rows}."
    heat = Figure(
        f"{key}-heat",
        caption,
        f"{caption} {cells}",
        partial(heat_chart, rows, y, across, by, panel),
    )
    return [lines, heat]


def _cell_words(across: Field, by: Field, y: Field) -> str:
    pairs = zip(across.grouping.values, by.grouping.values, strict=True)
    places = [f"{one} and {other}" for one, other in pairs]
    means = pd.Series(y.values, dtype="float64").groupby(places).mean().dropna()
    if means.empty:
        return "No pair of levels has a result yet."
    ends = (("Highest:", means.idxmax(), means.max()), ("Lowest:", means.idxmin(), means.min()))
    return " ".join(f"{word} {format_value(mean)} at {at}." for word, at, mean in ends)


def important(study: Study, key: str) -> Figure | None:
    """Return which factors a random forest needs to predict the results."""
    rows = _rows(study, key)
    if rows is None:
        return None
    y = shown_measure(study, rows)
    found = importances(rows, y)
    if found is None:
        return None
    explained = f"{100 * found.explained:.0f} % of the variance of {y.title}"
    caption = (
        f"Importance of the factors: how much of the variance of {y.title} a random forest no "
        "longer explains when the values of one factor are shuffled. Points are means over "
        f"{found.num_forests} forests, each with its own seed and its own quarter of the "
        "configurations to predict; lines go from the smallest to the largest."
    )
    weak = found.explained < _WEAK
    told = f"The forests explain {explained} of configurations that they have not seen"
    notes = (f"{told}{': too little to rank the factors' if weak else ''}.",)
    first = found.frame.iloc[0]
    alt = f"{caption} {_first(first['factor'])} is first, with {100 * first['mean']:.0f} %."
    draw = partial(importance_chart, found, f"{key}-importance")
    return Figure(f"{key}-importance", caption, alt, draw, notes)


def surface(study: Study, key: str) -> Figure | None:
    """Return the results as a surface over two continuous factors."""
    rows = _rows(study, key)
    if rows is None:
        return None
    y = shown_measure(study, rows)
    frame = surfaces(rows, y)
    if frame.empty:
        return None
    caption = (
        f"{_first(y.title)} over pairs of continuous factors. The surface is what a random forest "
        "predicts, averaged over the other factors; the points are configurations."
    )
    caption += sample_words(len(rows.frame))
    low, high = (format_value(end) for end in (frame["mean"].min(), frame["mean"].max()))
    alt = f"{caption} The surface goes from {low} to {high}."
    draw = partial(surface_chart, rows, y, frame, f"{key}-surface")
    return Figure(f"{key}-surface", caption, alt, draw)


def history(study: Study, key: str) -> Figure | None:
    """Return the results in the order in which they came, with the best so far."""
    rows = _rows(study, key)
    data = history_data(study, rows) if rows else None
    if rows is None or data is None or len(data) < _FEWEST:
        return None
    colour = by_spread(rows, rows.objective)[0] if rows.factors else None
    caption = (
        f"{_first(rows.objective.title)} in the order in which results came{_coloured(colour)}, "
        "and the best so far."
    )
    alt = f"{caption} {len(data)} results in {data['hours'].max():.2g} hours."
    draw = partial(history_chart, rows, data, f"{key}-history", colour)
    return Figure(f"{key}-history", caption + sample_words(len(data)), alt, draw)


def budget(study: Study, key: str) -> Figure | None:
    """Return what a smaller search would have found on average."""
    rows = _rows(study, key)
    data = budget_data(rows) if rows else pd.DataFrame()
    if rows is None or data.empty:
        return None
    caption = (
        f"Expected best {rows.objective.title} of so many configurations, drawn at random from "
        "those that were run; the band is one standard deviation."
    )
    last = data.groupby("panel", sort=False).last()
    ends = "; ".join(
        f"{f'{panel}: ' if panel else ''}{format_value(end)} after {trials}"
        for panel, end, trials in zip(last.index, last["best"], last["trials"], strict=True)
    )
    draw = partial(budget_chart, rows, data, f"{key}-budget")
    return Figure(f"{key}-budget", caption, f"{caption} It reaches {ends}.", draw)


def timeline(study: Study, key: str) -> Figure | None:
    """Return what ran when."""
    data = timeline_data(study)
    if data is None or len(data.bars) < 2:
        return None
    rows = rows_of(study, key)
    caption = "What ran when: a bar per trial and launch, one lane for each that ran at once."
    if data.num_trials > MOST_BARS:
        caption += f" The first {MOST_BARS:,} of {data.num_trials:,} are drawn."
    minutes = data.bars["end"].max()
    alt = f"{caption} {counted(data.num_lanes, 'lane')} over {minutes:.3g} minutes."
    draw = partial(timeline_chart, rows, data, f"{key}-timeline")
    return Figure(f"{key}-timeline", caption, alt, draw)


def _rows(study: Study, key: str) -> Rows | None:
    rows = rows_of(study, key)
    return rows if rows is not None and len(rows.frame) >= _FEWEST else None


def _panel(rows: Rows, x: Field) -> Field | None:
    problem = problem_of(rows)
    return None if problem is x else problem


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _coloured(field: Field | None) -> str:
    return f", coloured by {field.title}" if field else ""


def _range(field: Field) -> str:
    known = [float(v) for v in field.values if v is not None]
    low, high = (format_value(end) for end in (min(known), max(known)))
    return f"{_first(field.title)} goes from {low} to {high}."


def _means(field: Field, y: Field) -> dict[str, float]:
    values = pd.Series(y.values, dtype="float64").groupby(list(field.grouping.values)).mean()
    return {name: float(values[name]) for name in field.grouping.order if name in values}


def _listed(means: dict[str, float]) -> str:
    return ", ".join(f"{format_value(value)} at {name}" for name, value in means.items())
