"""In words: how good the picks of another study are at new seeds, and what was claimed for them."""

from __future__ import annotations

import math

from analysis.frames.best_of import Estimate, Repeated, repeated
from analysis.frames.cells import counted
from analysis.frames.labels import label
from analysis.frames.load import Study
from analysis.frames.measures import measure_of, num_items_of
from analysis.sections.best import settings
from search_spaces.errors import one_line
from tune_app.study.best_of import BestOf


def best_of_in_words(study: Study) -> list[str]:
    """Return for each pick what was claimed and what new seeds give; nothing for other studies."""
    found = repeated(study)
    if found is None:
        return []
    best_of, picks = found
    return [_in_words(study, best_of, pick, is_only=len(picks) == 1) for pick in picks]


def _in_words(study: Study, best_of: BestOf, found: Repeated, *, is_only: bool) -> str:
    measure = measure_of(study, best_of.metric)
    items = num_items_of(study, found.dataset, measure.name)
    tried = counted(found.pick.num_tried, "configuration")
    some = found.pick.num_finished < found.pick.num_tried
    of_these = f", {found.pick.num_finished:,} of them with a result to pick from" if some else ""
    where = "" if found.dataset is None or is_only else f" on {label('dataset', found.dataset)}"
    text = (
        f"Picked by {one_line(best_of.study)}{where} out of {tried}{of_these}: "
        f"{_configuration(study, found)}. "
        f"It claimed {measure.words} {measure.value(found.pick.value, items)}; "
    )
    if not found.claimed.num_seeds:
        return f"{text}no new seed has a result yet{_diverged(found)}."
    text += (
        f"{counted(found.claimed.num_seeds, 'new seed')} "
        f"{'give' if found.claimed.num_seeds > 1 else 'gives'} "
        f"{_value(study, found, found.claimed)}, {_compared(study, best_of, found)}"
    )
    if found.shown is not None and math.isfinite(found.shown.mean):
        words = measure_of(study, found.shown.name).words
        text += f". Honest estimate: {words} {_value(study, found, found.shown)}"
    return f"{text}{_diverged(found)}."


def _configuration(study: Study, found: Repeated) -> str:
    rows = study.rows[study.rows["config_id"] == found.pick.config_id]
    words = settings(study, rows.iloc[0], ["dataset"], 8) if len(rows) else ""
    return words or one_line(found.pick.config_id)


def _value(study: Study, found: Repeated, estimate: Estimate) -> str:
    """Return a mean with its interval: ``28.9 % (95 % interval 20.1 to 37.7)``."""
    measure = measure_of(study, estimate.name)
    items = num_items_of(study, found.dataset, estimate.name)
    if math.isnan(estimate.low):
        return measure.value(estimate.mean, items and items * estimate.num_seeds)
    items = items and items * estimate.num_seeds
    mean, low, high = measure.estimate(estimate.mean, estimate.low, estimate.high, items)
    return f"{f'{mean} {measure.unit}'.rstrip()} (95 % interval {low} to {high})"


def _compared(study: Study, best_of: BestOf, found: Repeated) -> str:
    measure = measure_of(study, best_of.metric)
    items = num_items_of(study, found.dataset, measure.name)
    words = measure.in_words(found.excess, items)
    if not any(digit in words for digit in "123456789"):
        return "as claimed"
    size = words.lstrip("+−")
    return f"{size} {'less' if found.excess > 0 else 'more'} than claimed"


def _diverged(found: Repeated) -> str:
    number = found.num_diverged
    if not number:
        return ""
    are = "it is" if number == 1 else "they are"
    return f"; {counted(number, 'new seed')} diverged, and {are} in no mean"
