"""What the numbers show, in sentences made from them.

Nothing here knows what a study ought to find. Two accuracies on test sets of ``n`` images are
called apart only where their Wilson intervals do not overlap, which is stricter than a test at
5 %; with one seed even that only says that two *models* differ, not two *settings*.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.cells import format_points, format_seconds, heading, label
from analysis.document import Block, Bullets, Paragraph, Section
from analysis.frames import levels, varied
from analysis.load import Study
from analysis.matched import by_dataset, pairs_data
from analysis.sections.best import gap_of
from analysis.stats import wilson_interval
from search_spaces.errors import one_line


def conclusions(studies: Mapping[str, Study]) -> Section:
    """Return what can be said across the studies. Verdicts on claims belong into this section."""
    sections = tuple(section for study in studies.values() if (section := observations(study)))
    blocks: tuple[Any, ...] = ()
    if not sections:
        blocks = (Paragraph("No rows that differ in one factor alone have finished yet."),)
    return Section("Observations", blocks, sections)


def observations(study: Study) -> Section | None:
    """Return a sentence per data set and factor with two levels, and what a pick on test claims."""
    items: list[str] = []
    reservations: list[list[str]] = []
    for factor in varied(study):
        found = levels(study.rows, factor)
        if factor in ("dataset", "seed") or len(found) != 2:
            continue
        pairs = pairs_data(study, factor, found[1], found[0])
        for names, group in by_dataset(pairs):
            where = f"{label('dataset', names['dataset'])}: " if names else ""
            items.append(where + describe_pairs(factor, found[1], found[0], group))
            reservations.append(reservations_of(group))
    # What holds of every line is said once.
    shared = [
        text
        for text in next(iter(reservations), [])
        if all(text in other for other in reservations)
    ]
    items = [
        " ".join([item, *(text for text in own if text not in shared)])
        for item, own in zip(items, reservations, strict=True)
    ]
    blocks: list[Block] = []
    if items:
        about = "Each line compares rows that differ in that factor alone."
        blocks = [Paragraph(" ".join([about, *shared])), Bullets(tuple(items))]
    blocks += [Paragraph(gap)] if (gap := gap_of(study)) else []
    return Section(one_line(study.name), tuple(blocks)) if blocks else None


def describe_pairs(factor: str, first: Any, second: Any, pairs: pd.DataFrame) -> str:
    """Return a sentence on pairs of rows that differ in one factor alone.

    Args:
        factor: the parameter.
        first: its level in the first row of each pair.
        second: its level in the second row.
        pairs: as ``pairs_data`` returns them, at least one.
    """
    difference = pairs["difference"]
    above, below = int((difference > 0).sum()), int((difference < 0).sum())
    apart = sum(
        not _overlap(one, two, images)
        for one, two, images in zip(pairs["first"], pairs["second"], pairs["num_test"], strict=True)
    )
    name, images = heading(factor), float(pairs["num_test"].max())
    text = (
        f"{name} {label(factor, first)} against {label(factor, second)}: test accuracy higher in "
        f"{above} of {len(pairs)} pairs, lower in {below}; median difference "
        f"{format_points(float(difference.median()), images)} points "
        f"({format_points(float(difference.min()), images)} to "
        f"{format_points(float(difference.max()), images)}); "
        f"intervals apart in {apart}."
    )
    ratios = pairs["time_ratio"].dropna()
    if len(ratios):
        of = f" (of {len(ratios)} pairs)" if len(ratios) < len(pairs) else ""
        text += f" Median ratio of training times {format_seconds(float(ratios.median()))}{of}."
    return text


def reservations_of(pairs: pd.DataFrame) -> list[str]:
    """Return what limits a sentence on these pairs: times that say nothing, and how many seeds."""
    texts = []
    timed = pairs["time_ratio"].notna().any()
    if not timed and "time_problem" in pairs and pairs["time_problem"].iloc[0]:
        texts.append(f"Training times are not comparable: {pairs['time_problem'].iloc[0]}.")
    seeds = pairs["seed"].nunique() if "seed" in pairs else 1
    return [*texts, "One seed: not judged." if seeds == 1 else f"{seeds} seeds."]


def _overlap(one: float, two: float, num_images: float) -> bool:
    if not (num_images > 0 and min(one, two) >= 0 and max(one, two) <= 1):
        return True  # nothing is known of their counts
    low_one, high_one = wilson_interval(one * num_images, num_images)
    low_two, high_two = wilson_interval(two * num_images, num_images)
    return low_one <= high_two and low_two <= high_one
