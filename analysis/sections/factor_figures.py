"""Figures of which factors matter, and how two of them act together."""

from __future__ import annotations

from functools import partial
from itertools import combinations

import pandas as pd

from analysis.figures.effects import interacting, interaction_chart
from analysis.figures.fields import Field, are_crossed
from analysis.figures.importance import importance_chart, surface_chart
from analysis.figures.rows import by_spread, problem_of, shown_measure
from analysis.figures.scatter import sample_words
from analysis.figures.slices import heat_chart
from analysis.figures.surrogate import importances, surfaces
from analysis.frames.labels import mean_of
from analysis.frames.load import Study
from analysis.render.document import Figure
from analysis.sections.captions import capital, drawn_rows, value_words

_WEAK = 0.2
"""A forest that explains less of the variance than this says nothing about factors."""


def interactions(study: Study, key: str) -> list[Figure]:
    """Return how two factors act together: as lines, and as a heat map."""
    rows = drawn_rows(study, key)
    if rows is None:
        return []
    y, fit = shown_measure(study, rows), interacting(rows)
    shown = [f for f in by_spread(rows, y) if f in fit and f is not problem_of(rows)]
    pairs = [p for p in combinations(shown, 2) if are_crossed(p[0].grouping, p[1].grouping)]
    if not pairs:
        return []
    across, by = pairs[0]
    panel = problem_of(rows)
    where = f"{across.title} and {by.title}"
    of_rows = "Means of all finished configurations at those levels"
    alone = not _several_in_a_cell(across, by, panel)
    bars = "; the bars are the standard error, and the configurations differ in other settings too"
    caption = (
        f"Interaction of {where}: {mean_of(y.title)}, one line per level of {by.title}. Lines that "
        f"are not parallel mean that one changes the effect of the other. {of_rows}"
        f"{', one each' if alone else bars}."
    )
    cells = _cell_words(across, by, y, panel)
    lines = Figure(
        f"{key}-interactions",
        caption,
        f"{caption} {cells}",
        partial(interaction_chart, rows, y, across, by, panel),
    )
    caption = capital(f"{mean_of(y.title)} at each pair of levels of {where}. {of_rows}.")
    heat = Figure(
        f"{key}-heat",
        caption,
        f"{caption} {cells}",
        partial(heat_chart, rows, y, across, by, panel),
    )
    return [lines, heat]


def _several_in_a_cell(across: Field, by: Field, panel: Field | None) -> bool:
    """Return whether several configurations agree in the levels that a figure shows."""
    shown = [field.grouping.values for field in (across, by, panel) if field]
    cells = list(zip(*shown, strict=True))
    return len(set(cells)) < len(cells)


def _cell_words(across: Field, by: Field, y: Field, panel: Field | None) -> str:
    """Return the highest and the lowest mean of each panel."""
    values = pd.Series(y.values, dtype="float64")
    pairs = zip(across.grouping.values, by.grouping.values, strict=True)
    places = pd.Series([f"{one} and {other}" for one, other in pairs])
    panels = pd.Series(panel.grouping.values if panel else "", values.index)
    texts = []
    for name, group in values.groupby(panels, sort=False):
        means = group.groupby(places[group.index], sort=False).mean().dropna()
        if means.empty:
            continue
        high, low = (
            f"{value_words(y, float(means.iloc[place]))} at {means.index[place]!s}"
            for place in (int(means.argmax()), int(means.argmin()))
        )
        before = f"{capital(panel.title)} {name}: highest" if panel else "Highest"
        texts.append(f"{before} {high}; lowest {low}.")
    return " ".join(texts) or "No pair of levels has a result yet."


def important(study: Study, key: str) -> Figure | None:
    """Return which factors a random forest needs to predict the results.

    It applies if the forest predicts them: else it says nothing about factors.
    """
    rows = drawn_rows(study, key)
    if rows is None:
        return None
    y = shown_measure(study, rows)
    found = importances(rows, y)
    if found is None or found.explained < _WEAK:
        return None
    caption = (
        f"Importance of the factors for {y.title}: by how much the squared error of a random "
        "forest rises when the values of one factor are shuffled, as a share of the sum over all "
        f"factors. Points are means over {found.num_forests} forests, each with its own seed and "
        "its own quarter of the configurations to predict; lines go from the smallest to the "
        "largest."
    )
    notes = (
        f"The forests explain {100 * found.explained:.0f} % of the variance of {y.title} of "
        "configurations that they have not seen.",
    )
    first = found.frame.iloc[0]
    alt = f"{caption} {capital(first['factor'])} is first, with {100 * first['mean']:.0f} %."
    draw = partial(importance_chart, found, f"{key}-importance")
    return Figure(f"{key}-importance", caption, alt, draw, notes)


def surface(study: Study, key: str) -> Figure | None:
    """Return the results as a surface over two continuous factors."""
    rows = drawn_rows(study, key)
    if rows is None:
        return None
    y = shown_measure(study, rows)
    frame = surfaces(rows, y)
    if frame.empty:
        return None
    caption = (
        f"{capital(y.title)} over pairs of continuous factors. The surface is what a random forest "
        "predicts, averaged over the other factors; the points are configurations."
    )
    caption += sample_words(len(rows.frame))
    low, high = (value_words(y, end) for end in (frame["mean"].min(), frame["mean"].max()))
    alt = f"{caption} The surface goes from {low} to {high}."
    draw = partial(surface_chart, rows, y, frame, f"{key}-surface")
    return Figure(f"{key}-surface", caption, alt, draw)
