"""The levels of one factor beside each other: means, paired differences and ratios of times."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.frames.arithmetic import warning
from analysis.frames.cells import format_cell
from analysis.frames.columns import is_over, levels, numbers, varied
from analysis.frames.conditions import NOT_COMPARABLE, marked, note
from analysis.frames.effects import is_matched
from analysis.frames.labels import MISSING, heading, label, mean_of, parameter_heading
from analysis.frames.lengths import length_axis
from analysis.frames.load import Study
from analysis.frames.measures import (
    mean_column,
    measure_of,
    num_items_of,
    picked_by,
    shown_of,
)
from analysis.frames.pairs import levels_data, sets
from analysis.frames.summary import groups_of
from analysis.frames.tables import inert_axes
from analysis.frames.training_time import BY_PROCESSOR, WALL, compared_time, time_words
from analysis.render.document import Block, Paragraph, Section, Table

SETS = (
    "Only complete sets count: rows that agree in everything except the factor, with a result at "
    "every level of it."
)
_RATIO = (
    "Time ratio: the median ratio of training times over the sets that were timed under the same "
    "conditions: equally many trials at once on the node and, on the same device, equally many "
    "threads."
)


def lengths(study: Study, key: str) -> Section | None:
    """Return the effect of longer training, with the curves of the objective.

    It applies if trainings of several lengths are compared.
    """
    axis = length_axis(study)
    if axis is None or axis not in varied(study):
        return None
    table = levels_table(study, axis, f"{key}-epochs")
    blocks: list[Block] = [table] if table else [nothing_to_compare(study, axis)]
    found = " against ".join(label(axis, value) for value in levels(study.rows, axis))
    return Section(f"{found} {parameter_heading(axis)}", tuple(blocks))


def nothing_to_compare(study: Study, factor: str) -> Paragraph:
    """Return a sentence on why no levels of a factor can be compared."""
    name = parameter_heading(factor)
    if factor not in varied(study):
        return Paragraph(f"All rows have the same {name}, so there is nothing to compare.")
    if factor in inert_axes(study):
        return Paragraph(
            f"All values of {name} share one training, so there is nothing to compare."
        )
    if is_over(study) and not is_matched(study, factor):
        return Paragraph(f"No two rows differ only in {name}, so there is nothing to compare.")
    return Paragraph(
        f"No rows that differ only in {name} have results at all its values, so there is nothing "
        "to compare."
    )


def levels_table(study: Study, factor: str, name: str) -> Table | None:
    """Return ``levels_data`` as it is printed; None if no set is complete."""
    frame = levels_data(study, factor)
    if frame.empty:
        return None
    by = [column for column in groups_of(study) if column in frame and column != factor]
    cells = {heading(c): _labels(c, frame[c]) for c in by}
    cells[parameter_heading(factor)] = _labels(factor, frame["level"])
    cells["sets"] = [str(count) for count in frame["num_sets"]]
    cells["seeds"] = [str(count) for count in frame["num_seeds"]]
    cells |= means(study, frame, "num_sets")
    reasons: tuple[str, ...] = ()
    if "difference" in frame:
        cells |= _differences(study, frame)
        problems = frame["time_problem"].fillna("")
        if frame["time_ratio"].notna().any() or problems.any():
            cells["time ratio"] = [
                (NOT_COMPARABLE if problem else MISSING) if pd.isna(ratio) else f"{ratio:.2f}×"
                for ratio, problem in zip(frame["time_ratio"], problems, strict=True)
            ]
        reasons = tuple(dict.fromkeys(filter(None, problems)))
    notes = (
        SETS,
        "Every level is compared with the first level of its set. Differences: in "
        f"{shown_of(study).words}, the mean, then the smallest and the largest.",
        *([_RATIO] if "time ratio" in cells else []),
        *(f"Times are not comparable: {reason}." for reason in reasons),
        *time_notes(study, frame),
        *warning(study, sets(study, factor)[0]),
    )
    caption = (
        f"Mean result at each value of {parameter_heading(factor)}, compared with the first value."
    )
    return Table(name, caption, cells, frame, notes)


def _differences(study: Study, frame: pd.DataFrame) -> dict[str, list[str]]:
    """Return the mean paired differences, with the digits that all pairs resolve, and ranges."""
    measure = shown_of(study)
    items, unit = items_of_lines(study, frame, measure.name), measure.difference_unit
    means = zip(frame["difference"], items, frame["num_sets"], strict=True)
    spans = zip(numbers(frame, "smallest"), numbers(frame, "largest"), items, strict=True)
    return {
        f"difference ({unit})" if unit else "difference": [
            measure.difference(value, count and count * num_sets)
            for value, count, num_sets in means
        ],
        "from … to": [
            MISSING
            if pd.isna(low)
            else f"{measure.difference(low, count)} … {measure.difference(high, count)}"
            for low, high, count in spans
        ],
    }


def means(study: Study, frame: pd.DataFrame, number: str) -> dict[str, list[str]]:
    """Return the columns with the means of what is compared, of ``mean_column``.

    ``number`` is the column with the number of results that a mean is of.
    """
    cells = {}
    for metric in dict.fromkeys(picked_by(study)):
        measure, items = measure_of(study, metric), items_of_lines(study, frame, metric)
        texts = [
            measure.cell(value, count and count * num_results)
            for value, count, num_results in zip(
                frame[mean_column(metric)], items, frame[number], strict=True
            )
        ]
        cells[mean_of(measure.heading)] = texts
    seconds = frame[mean_column(compared_time(study))]
    if seconds.isna().all():
        return cells
    times = [format_cell(compared_time(study), value) for value in seconds]
    if compared_time(study) == WALL:
        times = marked(times, frame["num_concurrent_trials"])
    cells[f"mean {time_words(study)} (s)"] = times
    return cells


def items_of_lines(study: Study, frame: pd.DataFrame, metric: str) -> list[float | None]:
    """Return how many items one share of each line was counted on, None if unknown."""
    datasets = frame["dataset"] if "dataset" in frame else [None] * len(frame)
    return [num_items_of(study, dataset, metric) for dataset in datasets]


def time_notes(study: Study, frame: pd.DataFrame) -> tuple[str, ...]:
    """Return the footnote of processor times, or of times that were not measured alone."""
    timed = frame[mean_column(compared_time(study))].notna()
    if compared_time(study) != WALL:
        return (BY_PROCESSOR,) if timed.any() else ()
    return note(study, frame.loc[timed, "num_concurrent_trials"])


def _labels(column: str, values: pd.Series[Any]) -> list[str]:
    return [label(column, value) for value in values]
