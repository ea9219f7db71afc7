"""The parts of the report that are mostly figures, of any study."""

from __future__ import annotations

from analysis.frames.load import Study
from analysis.render.document import Figure, Section
from analysis.sections.configuration_figures import explored, parallel, pareto, sliced
from analysis.sections.course_figures import budget, history, hypervolume, learning_curves, timeline
from analysis.sections.factor_figures import important, interactions, surface
from analysis.sections.results import rows_table


def main_table(study: Study, key: str) -> Section:
    """Return all configurations, the best first, and figures of them."""
    figures = (parallel(study, key), explored(study, key), sliced(study, key))
    return Section("All configurations", (rows_table(study, key), *filter(None, figures)))


def curves(study: Study, key: str) -> Section | None:
    """Return the learning curves."""
    return _section("Learning curves", learning_curves(study, key))


def costs(study: Study, key: str) -> Section | None:
    """Return the results against their cost."""
    return _section("Results and their cost", pareto(study, key))


def acting(study: Study, key: str) -> Section | None:
    """Return which factors matter, and how two of them act together."""
    figures = (important(study, key), *interactions(study, key), surface(study, key))
    return _section("Which factors matter, and together with which", *figures)


def progress(study: Study, key: str) -> Section | None:
    """Return how the study went: results as they came, and what ran when."""
    figures = [draw(study, key) for draw in (history, hypervolume, budget, timeline)]
    return _section("How the study went", *figures)


def _section(title: str, *figures: Figure | None) -> Section | None:
    drawn = tuple(figure for figure in figures if figure is not None)
    return Section(title, drawn) if drawn else None
