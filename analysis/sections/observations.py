"""What the numbers show, in sentences that are computed from them.

No expectation about the results is built in. Two accuracies on test sets of ``n`` images are called
apart only if their 95 % intervals do not overlap, which is stricter than a test at 5 %. With one
seed even that only says that two *models* differ, not two *settings*.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.frames.cells import TEST_ACCURACY, Scale, counted, format_seconds, scale_of
from analysis.frames.columns import finished, levels, same_at_every_seed, varied
from analysis.frames.labels import label, parameter_heading
from analysis.frames.load import Study
from analysis.frames.pairing import join_runs
from analysis.frames.pairs import PAIR_MEANS, by_dataset, pairs_data
from analysis.frames.quality import compared_by
from analysis.labs.families import families
from analysis.render.document import Block, Bullets, Paragraph, Section
from analysis.sections.best import gap_of
from analysis.sections.conclusions import overlap, sentences
from analysis.stats import fewest_pairs, smallest_difference, units_of
from analysis.stats.units import too_few_units
from search_spaces.errors import one_line

_ALPHA = 0.05
_NOTHING_VARIED = "Every setting has only one value, so there are no rows to compare."
_ABOUT = (
    "Each line compares pairs of rows that differ in one factor only. Pairs from the same two "
    "trainings, at different numbers of epochs, are averaged and count as one pair."
)
_APART = "Apart: the 95 % intervals of the two {values} do not overlap."
_JUDGED = (
    "The p-value and the 95 % interval belong to the mean difference. They are computed from the "
    "means of the seeds, because pairs at one seed are not independent. They are not adjusted for "
    "the number of lines."
)


def conclusions(studies: Mapping[str, Study]) -> Section:
    """Return the observations on all studies, and the comparison of ResNets and SVMs."""
    sections = tuple(section for study in studies.values() if (section := observations(study)))
    blocks: tuple[Any, ...] = ()
    closing = families(studies)
    sections += (closing,) if closing else ()
    if not sections:
        is_varied = any(varied(study) for study in studies.values())
        text = "No rows that can be compared have finished." if is_varied else _NOTHING_VARIED
        blocks = (Paragraph(text),)
    return Section("Observations and conclusions", blocks, sections)


def observations(study: Study) -> Section | None:
    """Return the results of a study, and a sentence per data set and factor with two levels."""
    found = sentences(study)
    items, shared, judged = _comparisons(study)
    gap = gap_of(study)
    blocks: list[Block] = []
    if found or items or gap:
        blocks.append(Paragraph(about_seeds(study)))
    if found:
        blocks.append(Bullets(tuple(found)))
    if items:
        counts = any(", apart in " in item for item in items)
        values = "values" if study.is_own else "test accuracies"
        about = [
            _ABOUT,
            *([_APART.format(values=values)] if counts else []),
            *([_JUDGED] if judged else []),
            *shared,
        ]
        blocks += [Paragraph(" ".join(about)), Bullets(tuple(items))]
    blocks += [Paragraph(gap)] if gap else []
    return Section(one_line(study.name), tuple(blocks)) if blocks else None


def about_seeds(study: Study) -> str:
    """Return a sentence on how many seeds have results, and what that leaves unknown."""
    rows = finished(study)
    number = int(rows["seed"].nunique())
    if number > 1 and rows["config_id"].isin(same_at_every_seed(study)).all():
        return "The seed changes nothing but the times, so every configuration has one result."
    if number == 1:
        return "There is one seed, so the results of another seed are unknown."
    if number < fewest_pairs(_ALPHA):
        return f"There are {number} seeds, too few to test whether another would differ."
    return f"There are {number} seeds."


def _comparisons(study: Study) -> tuple[list[str], list[str], bool]:
    """Return the lines, the reservations that all lines share, and whether any has a p-value."""
    items: list[str] = []
    reservations: list[list[str]] = []
    scale = scale_of(study, compared_by(study).shown)
    for factor in varied(study):
        found = levels(study.rows, factor)
        if factor in ("dataset", "seed") or len(found) != 2:
            continue
        pairs = join_runs(pairs_data(study, factor, found[1], found[0]), PAIR_MEANS)
        for names, group in by_dataset(pairs):
            where = f"{label('dataset', names['dataset'])}: " if names else ""
            items.append(where + describe_pairs(factor, found[1], found[0], group, scale))
            reservations.append(reservations_of(group))
    # A reservation that holds for every line is stated once.
    shared = [
        text
        for text in next(iter(reservations), [])
        if all(text in other for other in reservations)
    ]
    judged = any("95 % interval" in item for item in items)
    items = [
        " ".join([item, *(text for text in own if text not in shared)])
        for item, own in zip(items, reservations, strict=True)
    ]
    return items, shared, judged


def describe_pairs(
    factor: str, first: Any, second: Any, pairs: pd.DataFrame, scale: Scale = TEST_ACCURACY
) -> str:
    """Return a sentence on pairs of rows that differ in one factor only.

    Args:
        factor: the parameter.
        first: its level in the first row of each pair.
        second: its level in the second row.
        pairs: as ``pairs_data`` and ``join_runs`` return them, at least one.
        scale: the measure that is compared. Whether two values are apart is said of shares
            whose items are counted.
    """
    difference = pairs["difference"]
    above, below = int((difference > 0).sum()), int((difference < 0).sum())
    sides = zip(pairs["first"], pairs["second"], pairs["num_test"], strict=True)
    has_counts = scale.in_percent and bool(pairs["num_test"].notna().any())
    apart = sum(not overlap(*of_pair) for of_pair in sides) if has_counts else 0
    name, images = parameter_heading(factor), float(pairs["num_test"].max())
    low, middle, high = (
        scale.difference(float(value), images)
        for value in (difference.min(), difference.median(), difference.max())
    )
    unit = f" {scale.difference_unit}" if scale.difference_unit else ""
    of_shares = f", apart in {apart}" if has_counts else ""
    return (
        f"{name} {label(factor, first)} against {label(factor, second)}: {scale.words} higher in "
        f"{above} of {counted(len(pairs), 'pair')}, lower in {below}{of_shares}; median "
        f"difference {middle}{unit} ({low} to {high}){_judged(pairs, images, scale)}."
        f"{_times(factor, first, second, pairs)}"
    )


def _judged(pairs: pd.DataFrame, images: float, scale: Scale) -> str:
    """Return the mean difference with p and interval; empty with too few seeds to test it."""
    units = units_of(pairs["difference"], pairs["seed"])
    if too_few_units(units.num_seeds, _ALPHA) or units.disagree():
        return ""
    p_value, interval = units.p_value(), units.interval(1 - _ALPHA)
    mean, low, high = (
        scale.difference(float(value), images)
        for value in (units.mean, interval.low, interval.high)
    )
    unit = f" {scale.difference_unit}" if scale.difference_unit else ""
    shown = f"p = {p_value:.2g}" if p_value >= 0.001 else "p < 0.001"
    found = f"; mean difference {mean}{unit} (95 % interval {low} to {high}, {shown})"
    if p_value < _ALPHA:
        return found
    spread, by_student = float(units.values.std(ddof=1)), units.by_student
    visible = smallest_difference(spread, len(units.values), by_student=by_student)
    size = scale.in_words(visible, images).lstrip("+")
    return f"{found}; with this spread 4 of 5 studies would find {size}"


def _times(factor: str, first: Any, second: Any, pairs: pd.DataFrame) -> str:
    ratios = pairs["time_ratio"].dropna()
    if ratios.empty or factor == "device":  # the speed-up has a sentence of its own
        return ""
    of = f"median of {len(ratios)} pairs" if len(ratios) > 1 else "one pair"
    return (
        f" With {label(factor, first)} training took {format_seconds(float(ratios.median()))} "
        f"times as long as with {label(factor, second)} ({of} timed under the same conditions)."
    )


def reservations_of(pairs: pd.DataFrame) -> list[str]:
    """Return reservations about these pairs: different arithmetics, times not comparable."""
    found = []
    if "computed_alike" in pairs and (number := int((~pairs["computed_alike"]).sum())):
        of = "the pair" if len(pairs) == 1 else f"{number} of {len(pairs)} pairs"
        found.append(f"The two rows of {of} were not computed alike (see hardware and software).")
    timed = pairs["time_ratio"].notna().any()
    if not timed and "time_problem" in pairs and pairs["time_problem"].iloc[0]:
        found.append(f"Training times are not comparable: {pairs['time_problem'].iloc[0]}.")
    return found
