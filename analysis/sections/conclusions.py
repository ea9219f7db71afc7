"""The results of a study in sentences: picks and levels of factors.

Every sentence is computed from a frame, and omitted if the frame has no data for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.frames.cells import (
    format_cell,
    metric_cell,
    num_images_of,
    scale_of,
)
from analysis.frames.columns import levels, varied
from analysis.frames.labels import is_share_in, label, parameter_heading
from analysis.frames.load import Study
from analysis.frames.pairs import by_dataset, main_effects_data, sets
from analysis.frames.quality import compared_by, mean_column, measures_of, picked_by
from analysis.frames.summary import best_data, groups_of
from analysis.stats import proportion_interval


def sentences(study: Study) -> list[str]:
    """Return the sentences on a study for which its rows have data."""
    return [*_winners(study), *_levels(study)]


def _where(names: dict[str, Any]) -> str:
    return f"{label('dataset', names['dataset'])}: " if names else ""


def _winners(study: Study) -> list[str]:
    """Return a sentence per data set: the picks, best first, with validation and test metric."""
    picks, test = best_data(study), picked_by(study).shown
    by = [name for name in groups_of(study) if name != "dataset" and name in picks]
    if picks.empty or test not in picks or test == study.metric or not by:
        return []
    texts = []
    for names, group in by_dataset(picks):
        if len(group) < 2:
            continue
        ranked = group.sort_values(study.metric, ascending=study.mode == "min", kind="stable")
        places = [_pick(study, record, by, test) for record in ranked.to_dict("records")]
        values = ranked[study.metric].to_numpy(dtype=float)
        tied = int((values == values[0]).sum())
        first = f"{' and '.join(places[:tied])} {'are equally good' if tied > 1 else 'is best'}"
        text = f"{_where(names)}of the configurations picked on validation, {first}"
        text += f", followed by {'; '.join(places[tied:])}" if places[tied:] else ""
        texts.append(f"{text}.{_apart(study, ranked, names, test)}")
    return texts


def _pick(study: Study, record: dict[Any, Any], by: Sequence[str], test: str) -> str:
    name = ", ".join(format_cell(column, record[column]) for column in by)
    dataset, num_seeds = record.get("dataset"), record["num_seeds"]
    shown = [
        f"{metric_cell(study, dataset, metric, record[metric], num_seeds=num_seeds)} "
        f"{'%' if is_share_in(study, metric) else measures_of(study).unit(metric)}".rstrip()
        for metric in (study.metric, test)
    ]
    seeds = f", means of {num_seeds} seeds" if num_seeds > 1 else ""
    return f"{name} ({shown[0]}, on test {shown[1]}{seeds})"


def _apart(study: Study, picks: pd.DataFrame, names: dict[str, Any], test: str) -> str:
    """Return a sentence if the first two test accuracies, of one seed, are not told apart."""
    images = num_images_of(study, names.get("dataset"), test)
    two = picks[test].head(2).to_numpy(dtype=float)
    if test != "test_accuracy" or not images or (picks["num_seeds"] > 1).any():
        return ""
    if not overlap(float(two[0]), float(two[1]), images):
        return ""
    return " The 95 % intervals of the first two test accuracies overlap."


def overlap(one: float, two: float, num_images: float) -> bool:
    """Return whether the 95 % intervals of two accuracies overlap; True if unknown."""
    low_one, high_one = proportion_interval(one * num_images, num_images)
    low_two, high_two = proportion_interval(two * num_images, num_images)
    return not (low_one > high_two or low_two > high_one)


def _levels(study: Study) -> list[str]:
    """Return a sentence on the best and worst value of every factor with more than two values."""
    frame = main_effects_data(study)
    texts = []
    factors = [name for name in varied(study) if len(levels(study.rows, name)) > 2]
    for factor in factors:
        mine = frame[frame["factor"] == factor] if len(frame) else frame
        rows, _ = sets(study, factor)
        shown = mean_column(study, compared_by(study).shown)
        for names, group in by_dataset(mine[mine[shown].notna()]) if len(mine) else ():
            if len(group) > 1:
                here = rows[rows["dataset"] == names["dataset"]] if names else rows
                over = _over(study, factor, here)
                texts.append(_where(names) + _of_levels(study, factor, group, names, over))
    return texts


def _over(study: Study, factor: str, rows: pd.DataFrame) -> str:
    """Return over how many sets a factor is compared, and the settings that all of them share."""
    fixed = [
        f"{parameter_heading(name)} {label(name, found[0])}"
        for name in varied(study)
        if name not in (factor, "dataset") and len(found := levels(rows, name)) == 1
    ]
    number = int(rows["set"].nunique())
    over = f"over {number} sets" if number > 1 else "in one set"
    at = f" ({', '.join(fixed)})" if fixed else ""
    return f"{over} of rows that differ in nothing else{at}"


def _of_levels(
    study: Study, factor: str, group: pd.DataFrame, names: dict[str, Any], over: str
) -> str:
    num_sets = int(group["num_sets"].iloc[0])
    scale = scale_of(study, compared_by(study).shown)
    metric = f"mean {scale.words}" if num_sets > 1 else scale.words
    images = num_images_of(study, names.get("dataset"), scale.metric)
    found = group[mean_column(study, scale.metric)].round(12)
    ends = [
        (scale.value(end, images and images * num_sets), group.loc[found == end, "level"])
        for end in (found.max(), found.min())
    ]
    if len(ends[0][1]) == len(group):
        return f"{parameter_heading(factor)}: the same {metric} at all its values, {over}."
    high, low = (
        f"{' and '.join(label(factor, level) for level in at)} ({text})" for text, at in ends
    )
    return f"{parameter_heading(factor)}: {metric} highest at {high}, lowest at {low}, {over}."
