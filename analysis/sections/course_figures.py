"""Figures of how a study went: curves, results as they came, and what ran when."""

from __future__ import annotations

from functools import partial

import pandas as pd

from analysis.figures.budget import budget_chart, budget_data
from analysis.figures.curves import Curves, curves_data
from analysis.figures.curves_chart import curves_chart
from analysis.figures.fields import Field
from analysis.figures.history import history_chart, history_data
from analysis.figures.hypervolume import hypervolume_chart, hypervolume_data
from analysis.figures.rows import Rows, by_spread, problem_of, rows_of
from analysis.figures.scatter import sample_words
from analysis.figures.timeline import MOST_BARS, timeline_chart, timeline_data
from analysis.frames.cells import counted, duration, format_cell
from analysis.frames.load import Study
from analysis.frames.measures import num_items_of, objective_of
from analysis.frames.pareto import fronts
from analysis.frames.summary import best_data, compared, groups_of
from analysis.render.document import Figure
from analysis.sections.best import nothing_picked
from analysis.sections.captions import FEWEST, capital, coloured, drawn_rows, value_words
from tune_app.study.best_of import best_of_study
from tune_app.study.trials import HALTED


def learning_curves(study: Study, key: str) -> Figure | None:
    """Return a line per trial by epoch."""
    data = curves_data(study, f"{key}-curves")
    if data is None:
        return None
    rows, measure = rows_of(study, key), data.measures[0]
    colour, panel = _curve_fields(rows, data)
    caption = (
        f"{capital(measure.title)} by epoch, one line per trial{coloured(colour)}; the picked "
        "configurations are thicker."
    )
    if data.num_drawn < data.num_trials:
        caption += (
            f" {data.num_drawn} of {data.num_trials:,} trials are drawn: those picked, the best "
            "and an even sample of the others."
        )
    alt = f"{caption} {_ends_of_picks(study)}".rstrip()
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
    """Return where the picks end; a study that repeats picks of another picks nothing."""
    if best_of_study(study.meta) is not None:
        return ""
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


def history(study: Study, key: str) -> Figure | None:
    """Return the results in the order in which they came, with the best so far."""
    rows = drawn_rows(study, key)
    data = history_data(study, rows) if rows else None
    if rows is None or data is None or len(data) < FEWEST:
        return None
    problem = problem_of(rows)
    colour = next((f for f in by_spread(rows, rows.objective) if f is not problem), None)
    caption = (
        f"{capital(rows.objective.title)} in the order in which results came{coloured(colour)}, "
        f"and the best so far{' on each data set' if problem else ''}"
        f"{'' if data['compared'].all() else ' of those with results at the most seeds'}."
    )
    time = duration(3600 * float(data["hours"].max()))
    alt = f"{caption} {counted(len(data), 'configuration')} in {time}."
    draw = partial(history_chart, rows, data, f"{key}-history", colour)
    return Figure(f"{key}-history", caption + sample_words(len(data)), alt, draw)


def budget(study: Study, key: str) -> Figure | None:
    """Return what a smaller search would have found on average.

    It does not apply where trials were stopped early: those that were not are the better ones.
    """
    rows = None if study.rows["status"].isin(HALTED).any() else drawn_rows(study, key)
    data = budget_data(rows, compared(study)) if rows else pd.DataFrame()
    if rows is None or data.empty:
        return None
    one_seed = len(set(study.meta["seeds"])) == 1
    those = "that have a result" if one_seed else "with results at the most seeds"
    caption = (
        f"Expected best {rows.objective.title} of so many configurations, drawn at random and "
        f"without replacement from those {those}, so that with all of them it is the best; the "
        "band is one standard deviation."
    )
    texts = []
    for panel, group in data.groupby("panel", sort=False):
        one, best = (value_words(rows.objective, group["best"].iloc[end]) for end in (0, -1))
        where = f"on {panel!s} " if panel else ""
        texts.append(f"{where}from {one} with one to {best} with all {group['trials'].iloc[-1]}")
    alt = f"{caption} It goes {'; '.join(texts)}."
    draw = partial(budget_chart, rows, data, f"{key}-budget")
    return Figure(f"{key}-budget", caption, alt, draw)


def hypervolume(study: Study, key: str) -> Figure | None:
    """Return how the Pareto front grew; None for a single objective."""
    found = [front for front in fronts(study) if len(front.shares) >= FEWEST]
    if not found:
        return None
    data = hypervolume_data(found)
    caption = (
        "What the Pareto front dominates after each configuration, in the order in which they were "
        "tried, as a share of the box between the best and the worst value of each objective."
    )
    ends = "; ".join(f"{front.shares[-1]:.3f} after {len(front.shares)}" for front in found)
    draw = partial(hypervolume_chart, data, f"{key}-hypervolume")
    return Figure(f"{key}-hypervolume", caption, f"{caption} It reaches {ends}.", draw)


def timeline(study: Study, key: str) -> Figure | None:
    """Return what ran when."""
    data = timeline_data(study)
    if data is None or len(data.bars) < 2:
        return None
    rows = rows_of(study, key)
    caption = "What ran when: a bar per trial and launch, one lane for each that ran at once."
    if data.num_trials > MOST_BARS:
        caption += f" The first {MOST_BARS:,} of {data.num_trials:,} are drawn."
    time = duration(60 * float(data.bars["end"].max()))
    alt = f"{caption} {counted(data.num_lanes, 'lane')} over {time}."
    draw = partial(timeline_chart, rows, data, f"{key}-timeline")
    return Figure(f"{key}-timeline", caption, alt, draw)
