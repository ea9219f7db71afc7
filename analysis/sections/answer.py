"""The answer of a study on the first screen: what won, what matters, what it cost, what is open."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.frames.answer import Spent, Winner, spent, winners
from analysis.frames.cells import counted, duration
from analysis.frames.columns import (
    finished,
    numbers,
    same_at_every_seed,
    shown_parameters,
    without_chance,
)
from analysis.frames.labels import label, parameter_heading
from analysis.frames.lengths import length_axis
from analysis.frames.load import FINISHED, Study
from analysis.frames.measures import (
    num_items_of,
    objective_of,
    picked_by,
    selection_words,
    shown_of,
)
from analysis.frames.resolution import resolution_of
from analysis.frames.split import item_noun
from analysis.frames.training_time import time_words
from analysis.render.document import Block, Bullets, Paragraph, Section
from analysis.sections.best import nothing_picked, settings
from analysis.sections.best_of import best_of_in_words
from analysis.sections.comparisons import factors_blocks
from analysis.sections.factor_words import (
    enough_seeds,
    factors_in_words,
    not_compared_in_words,
)
from analysis.sections.pareto import front_in_words
from analysis.sections.problems import statuses_in_words
from search_spaces.errors import one_line
from tune_app.study.stop import STOPPED
from tune_app.study.trials import HALTED

_ROUNDING = 1e-9
_MOST_SETTINGS = 8
_FEW_ITEMS = 1_000
"""With fewer test examples an interval is wider than most effects, and the answer says so."""


def answer(study: Study, key: str, *, is_only: bool = True) -> Section:
    """Return the question and its answer: one screen.

    Args:
        study: the study.
        key: the name of its tables.
        is_only: whether the report is about this study alone.
    """
    question = study.meta["space"].get("question")
    blocks: list[Block] = [Paragraph(one_line(str(question)))] if question else []
    repeats = best_of_in_words(study)
    lines = [
        *repeats,
        *(() if repeats and not _is_choice(study) else winners_in_words(study)),
        *front_in_words(study),
        *factors_in_words(study),
        *cost_in_words(study),
        *unknown_in_words(study),
    ]
    blocks += [Bullets(tuple(lines)), *factors_blocks(study, f"{key}-factors")]
    return Section("Answer" if is_only else f"Answer: {one_line(study.name)}", tuple(blocks))


def _is_choice(study: Study) -> bool:
    return any(winner.num_candidates + winner.num_at_fewer_seeds > 1 for winner in winners(study))


def winners_in_words(study: Study) -> list[str]:
    """Return a sentence on the best configuration of each data set."""
    found = winners(study)
    return [winner_in_words(study, winner) for winner in found] or [nothing_picked(study)]


def winner_in_words(study: Study, winner: Winner) -> str:
    """Return a winner, its values, and what a pick on the test data would have claimed."""
    picked = settings(study, winner.config, ["dataset"], _MOST_SETTINGS)
    if len(shown_parameters(study)) > _MOST_SETTINGS:
        picked += f" ({one_line(str(winner.config['config_id']))})"
    where = "" if winner.dataset is None else f" on {label('dataset', winner.dataset)}"
    fewer = winner.num_at_fewer_seeds
    apart = f" at the most seeds ({counted(fewer, 'other')} at fewer, not compared)"
    if winner.num_candidates < 2:
        name = picked or "the only configuration"
        result = f"results{apart}" if fewer else "a result"
        return f"One configuration has {result}{where}: {name}. {_values(study, winner)}"
    others = winner.num_tied - 1
    tied = f", {counted(others, 'other')} as good" if others > 0 else ""
    of = counted(winner.num_candidates, "configuration") + (f" with results{apart}" * bool(fewer))
    best = f"Best{where} of {of}, {selection_words(study)}{tied}: {picked}"
    return f"{best}. {_values(study, winner)}"


def _values(study: Study, winner: Winner) -> str:
    """Return the values of a winner with their interval, and what a pick on test would claim."""
    objective, shown = objective_of(study), shown_of(study)
    items = num_items_of(study, winner.dataset, shown.name)
    items = items and items * winner.num_shown
    if not picked_by(study).is_optimistic and not math.isfinite(winner.shown):
        of = _mean_of(winner.num_seeds)
        return _sentence(f"{objective.words} {_selected(study, winner)}{f' ({of})' if of else ''}")
    value, *ends = shown.estimate(winner.shown, winner.low, winner.high, items)
    text = f"{shown.words} {value} {shown.unit}".rstrip() + _interval(study, winner, ends)
    if picked_by(study).is_optimistic:
        return _sentence(text)
    if winner.num_candidates < 2 or math.isnan(winner.gap):
        return _sentence(f"{text}, {objective.words} {_selected(study, winner)}")
    claimed = "the same"
    if winner.gap > 0:
        more = shown.in_words(winner.gap, items).lstrip("+")
        claimed = f"{more} {'more' if study.mode == 'max' else 'less'}"
    return _sentence(f"{text}; a pick on test would have claimed {claimed}")


def _selected(study: Study, winner: Winner) -> str:
    objective = objective_of(study)
    items = num_items_of(study, winner.dataset, objective.name)
    return objective.value(winner.selected, items and items * winner.num_seeds)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _interval(study: Study, winner: Winner, ends: Sequence[str]) -> str:
    """Return the printed ends of a winner's interval, and over what it is."""
    of = _mean_of(winner.num_shown)
    if math.isnan(winner.low):
        return f" ({of})" if of else ""
    if winner.num_shown > 1 and math.isclose(winner.low, winner.high, rel_tol=_ROUNDING):
        return f" (the same at each of {counted(winner.num_shown, 'seed')})"
    return f" (95 % interval {ends[0]} to {ends[1]}, {of or _examples(study, winner)})"


def _mean_of(num_seeds: int) -> str:
    return f"mean of {counted(num_seeds, 'seed')}" if num_seeds > 1 else ""


def _examples(study: Study, winner: Winner) -> str:
    """Return how many items a winner's value was counted over: ``160 test images``."""
    noun = item_noun(study.meta.get("data"), winner.dataset)
    split = {"test": "test ", "val": "validation ", "train": "training "}
    return f"{winner.num_items:,.0f} {split.get(shown_of(study).split or '', '')}{noun}s"


def cost_in_words(study: Study) -> list[str]:
    """Return what the study took: rows, trials, epochs, time and machine."""
    found = spent(study)
    if not found.num_trials:
        return []
    text = f"Cost: {counted(len(found.rows), 'row')}"
    states = {"stopped early": HALTED, "unfinished": ("unfinished",)}
    counts = {words: int(found.rows["status"].isin(which).sum()) for words, which in states.items()}
    if told := ", ".join(f"{count} of them {words}" for words, count in counts.items() if count):
        text += f" ({told})"
    if found.num_trials != len(found.rows):
        text += f" from {counted(found.num_trials, 'training')}"
    if length_axis(study) and found.num_epochs:
        unshared = found.num_unshared_epochs
        saved = f" instead of {unshared:,}" if unshared > found.num_epochs else ""
        text += f", {counted(found.num_epochs, 'epoch')}{saved}"
    times = _times(study, found)
    machine = f"on {one_line(found.machine)}" if found.machine else ""
    return [", ".join(filter(None, (text, times, machine))) + "."]


def _times(study: Study, found: Spent) -> str:
    texts = []
    if math.isfinite(found.train_seconds):
        what = time_words(study) if found.is_train else "in all trials together"
        texts.append(f"{duration(found.train_seconds)} {what}")
    if math.isfinite(found.wall_seconds):
        texts.append(f"{duration(found.wall_seconds)} from start to end")
    return ", ".join(texts)


def unknown_in_words(study: Study) -> list[str]:
    """Return what the study cannot tell: one seed, few items, open rows, edges of the axes."""
    texts = [*_seeds(study), *_items(study), *not_compared_in_words(study)]
    texts += [*_rows(study), *_edges(study)]
    return [f"Not known: {'; '.join(texts)}."] if texts else []


def _seeds(study: Study) -> list[str]:
    rows = finished(study)
    number = int(rows["seed"].nunique())
    if rows.empty:
        return []
    if rows["config_id"].isin(without_chance(study)).all():
        is_found = not same_at_every_seed(study)
        return ["what chance does, as all seeds gave equal results"] if is_found else []
    if number > 1 and rows["config_id"].nunique() == 1:
        return []  # nothing is to be decided between configurations
    if number == 1:
        return ["what another seed would give"]
    fewest = enough_seeds(study)
    few = (
        f"whether other seeds would agree, as {number} are fewer than the {fewest} that can decide"
    )
    return [few] if number < fewest else []


def _items(study: Study) -> list[str]:
    """Return how little few test items resolve."""
    few = [w for w in winners(study) if w.num_items and w.num_items < _FEW_ITEMS]
    known = [(found, w) for w in few if (found := resolution_of(study, w))]
    texts = []
    if picked_by(study).is_optimistic and not finished(study).empty:
        texts.append("how good the pick is on other data, as no test measure is reported")
    if known:
        found, winner = max(known, key=lambda pair: pair[0].difference)
        size = shown_of(study).in_words(found.difference, winner.num_items).lstrip("+")
        same = "the same " if found.is_paired else ""
        texts.append(
            f"which of two configurations is better if they are less than about {size} apart on "
            f"{same}{_examples(study, winner)}"
        )
    return texts


def _rows(study: Study) -> list[str]:
    rows = study.rows
    without = rows[~rows["status"].isin((*FINISHED, STOPPED))]
    if without.empty:
        return []
    of = counted(len(rows), "row")
    return [f"the results of {len(without)} of {of} ({statuses_in_words(without)})"]


def _edges(study: Study) -> list[str]:
    """Return where the best value is the last one tried."""
    found: dict[str, set[str]] = {}
    for winner in winners(study):
        for name, end in winner.at_edge.items():
            found.setdefault(name, set()).add(end)
    texts = [
        f"the best {parameter_heading(name)} beyond the {next(iter(ends))} one tried"
        for name, ends in found.items()
        if len(ends) == 1 and numbers(study.rows, name).notna().any()
    ]
    return texts[:3]
