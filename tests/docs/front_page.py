"""The answers of the published studies in few lines, for the front page."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from analysis.figures.forest import BETTER, IN_THESE_RUNS, WORSE
from analysis.frames.answer import Winner, winners
from analysis.frames.columns import levels, varied
from analysis.frames.labels import label
from analysis.frames.load import Study
from analysis.frames.measures import shown_of
from analysis.frames.training_time import time_words
from analysis.labs.cost_sentences import speedups
from analysis.labs.growth import exponents_data
from analysis.render.document import Section, Table
from analysis.sections.best import settings
from analysis.sections.factor_words import TELLING
from search_spaces.errors import one_line
from tests.docs.findings import (
    ASKED,
    answer_of,
    num_images_in_words,
    num_rows_of,
    published_studies,
    rows_in_words,
)
from tests.docs.made import bullets


def answers() -> str:
    """Return the answer to each question in few lines."""
    studies = published_studies()
    texts = [_in_short(name, study) for name, study in studies.items()]
    missing = [name for name in ASKED if name not in studies]
    if missing:
        sizes = [f"`{name}` (0 of {num_rows_of(name)} rows)" for name in missing]
        texts.append(
            f"Not published yet, so nothing is said about {'its' if len(sizes) == 1 else 'their'} "
            f"questions: {', '.join(sizes)}."
        )
    return bullets(texts)


def _in_short(name: str, study: Study) -> str:
    best = "; ".join(_winner(study, winner) for winner in winners(study))
    seeds = study.meta["seeds"]
    made = [rows_in_words(study), *([f"{len(seeds)} seeds"] if seeds != [0] else [])]
    texts = [f"**{name}** ({', '.join([*made, num_images_in_words(study)])})."]
    if of_devices := speedups(study):
        return one_line(" ".join([*texts, *of_devices]))
    texts += [f"Best {shown_of(study).words}: {best}." if best else "Nothing can be picked yet."]
    return one_line(" ".join([*texts, *_decided(study, answer_of(name)), *_growth(study)]))


def _winner(study: Study, winner: Winner) -> str:
    """Return the best configuration of a data set, with its value and interval."""
    shown = shown_of(study)
    where = "" if winner.dataset is None else f" on {label('dataset', winner.dataset)}"
    value = shown.value(winner.shown, winner.num_items)
    if math.isfinite(winner.low):
        ends = (shown.cell(end, winner.num_items) for end in (winner.low, winner.high))
        value += f" [{', '.join(ends)}]"
    picked = settings(study, winner.config, ["dataset"], len(study.config_keys))
    return f"{value}{where} ({picked})"


def _decided(study: Study, section: Section) -> Iterator[str]:
    """Yield the steps of the answer that are decided, those in these runs apart from others."""
    tables = [block for block in section.blocks if isinstance(block, Table)]
    steps = [step for found in tables for step in _steps(study, found)]
    for runs in ("", IN_THESE_RUNS):
        told = [text for text, verdict in steps if verdict in (BETTER + runs, WORSE + runs)]
        if told:
            yield f"Decided{runs}: {'; '.join(told)}."


def _steps(study: Study, found: Table) -> Iterator[tuple[str, str]]:
    """Yield each step with its effect, its interval and its time, and its verdict."""
    if not {"step", "verdict"} <= set(found.cells):
        return
    [size] = [cells for name, cells in found.cells.items() if name.startswith("difference")]
    records = found.frame.to_dict("records")
    for line, step, effect in zip(records, found.cells["step"], size, strict=True):
        where = "" if line["dataset"] is None else f" on {label('dataset', line['dataset'])}"
        ratio = line["time_ratio"]
        time = f", {ratio:.2f}× the {time_words(study)}" if abs(ratio - 1) > TELLING else ""
        unit = shown_of(study).difference_unit
        but = re.sub(r" \(higher in [^)]*\)", "", line["depends"])
        text = f"{step}{where} {effect} {unit}".rstrip() + time + (but and f", but {but}")
        yield text, line["verdict"]


def _growth(study: Study) -> Iterator[str]:
    """Yield how the time of a fit grows, if the study varies the number of images."""
    if "num_train_images" not in varied(study):
        return
    found, sizes = exponents_data(study), levels(study.rows, "num_train_images")
    powers = found.loc[found["quantity"] == "fit_seconds", "exponent"]
    if not powers.empty:
        yield (
            f"From {sizes[0]:,} to {sizes[-1]:,} training images the time of a fit grows with "
            f"their number to the power {powers.min():.2f} to {powers.max():.2f}, by data set and "
            "kernel."
        )
