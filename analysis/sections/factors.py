"""The effects of the factors: main effects, pin_memory, and the number of epochs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from analysis.figures.curves import curve_panels, draw_lengths
from analysis.figures.factors import draw_effects
from analysis.frames.arithmetic import warning
from analysis.frames.cells import (
    counted,
    format_cell,
    format_points,
    num_images_of,
    scale_of,
)
from analysis.frames.columns import finished, levels, numbers, varied
from analysis.frames.conditions import NOT_COMPARABLE, marked, note
from analysis.frames.labels import (
    MISSING,
    heading,
    is_share_in,
    label,
    metric_heading,
    parameter_heading,
)
from analysis.frames.load import Study
from analysis.frames.pairs import by_dataset, levels_data, main_effects_data, sets
from analysis.frames.quality import compared_by, mean_column
from analysis.frames.tables import inert_axes
from analysis.frames.variance import variance_data
from analysis.render.document import Block, Figure, Paragraph, Section, Table
from search_spaces.errors import one_line

_VARIANCE = (
    "η², the sum of squares of a term over the total. The rest is seeds, noise, and interactions "
    "of three factors or more.",
    "p: of the hypothesis that a term has no effect, from how much its effect differs between "
    "seeds; not adjusted for the number of lines.",
)
Columns = Callable[[str], str]
"""Measure -> the column of a frame that has its means."""
_OPTIMISTIC = (
    "Nothing is reported on test data, so these are values of the measure that selects the best "
    "configuration.",
)
_SETS = (
    "Only complete sets count: rows that agree in everything except the factor, with a result at "
    "every level of it."
)


def effects(study: Study, key: str) -> Section | None:
    """Return the main effect of every factor."""
    if len([name for name in varied(study) if name != "dataset"]) < 2:
        return None
    frame = main_effects_data(study)
    scale = scale_of(study, compared_by(study).shown)
    column = mean_column(study, scale.metric)
    if frame.empty or frame[column].isna().all():
        text = "No factor has a complete set of finished rows yet, so no levels can be compared."
        if study.is_own and not frame.empty:
            metric = one_line(scale.metric)
            text = f"No finished row reports {metric}, so no levels can be compared."
        return Section("Main effects", (Paragraph(text),))
    cells: dict[str, list[str]] = {}
    if "dataset" in frame:
        cells["data set"] = [label("dataset", value) for value in frame["dataset"]]
    cells["factor"] = [parameter_heading(factor) for factor in frame["factor"]]
    cells["level"] = [label(f, v) for f, v in zip(frame["factor"], frame["level"], strict=True)]
    cells["sets"] = [str(count) for count in frame["num_sets"]]
    cells |= _means(study, frame, partial(mean_column, study))
    chosen = _OPTIMISTIC if compared_by(study).is_optimistic else ()
    column_of = partial(mean_column, study)
    timed = _time_notes(study, frame, column_of)
    notes = (_SETS, *chosen, *timed, *warning(study, finished(study)))
    table = Table(f"{key}-effects", "Mean result at each level.", cells, frame, notes)
    caption = f"Mean {scale.words} at each level of each factor."
    alt = f"{caption} {_widest(study, frame)}"
    figure = Figure(f"{key}-effects", caption, alt, partial(draw_effects, frame, scale, column))
    shares = variance_table(study, f"{key}-variance")
    return Section("Main effects", (figure, table, *([shares] if shares else [])))


def variance_table(study: Study, name: str) -> Table | None:
    """Return the shares of the variance that factors explain; None without a full grid."""
    frame = variance_data(study)
    if frame.empty:
        return None
    cells: dict[str, list[str]] = {}
    if "dataset" in frame:
        cells["data set"] = _labels("dataset", frame["dataset"])
    cells["factor or pair"] = [
        " × ".join(parameter_heading(factor) for factor in term.split(" × "))
        for term in frame["term"]
    ]
    cells["share of variance (%)"] = [f"{100 * share:.1f}" for share in frame["eta_squared"]]
    if frame["p_value"].notna().any():
        cells["p"] = [
            MISSING if pd.isna(p) else f"{p:.2g}" if p >= 0.001 else "< 0.001"
            for p in frame["p_value"]
        ]
    scale = scale_of(study, compared_by(study).shown)
    caption = f"Share of the variance of {scale.words} that factors and pairs of factors explain."
    return Table(name, caption, cells, frame, _VARIANCE if "p" in cells else _VARIANCE[:1])


def _means(study: Study, frame: pd.DataFrame, column_of: Columns = str) -> dict[str, list[str]]:
    cells = {}
    for metric in dict.fromkeys(compared_by(study)):
        images, as_share = _images(study, frame, metric), is_share_in(study, metric)
        texts = [
            format_cell(metric, value, count and count * num_sets, as_share=as_share)
            for value, count, num_sets in zip(
                frame[column_of(metric)], images, frame["num_sets"], strict=True
            )
        ]
        cells[f"mean {metric_heading(study, metric)}"] = texts
    seconds = frame[column_of("train_seconds")]
    if study.is_own and seconds.isna().all():
        return cells
    times = [format_cell("train_seconds", value) for value in seconds]
    cells["mean training time (s)"] = marked(times, frame["num_concurrent_trials"])
    return cells


def _images(study: Study, frame: pd.DataFrame, metric: str) -> list[float | None]:
    """Return how many images one accuracy of each line was counted on, None if unknown."""
    datasets = frame["dataset"] if "dataset" in frame else [None] * len(frame)
    return [num_images_of(study, dataset, metric) for dataset in datasets]


def _time_notes(study: Study, frame: pd.DataFrame, column_of: Columns = str) -> tuple[str, ...]:
    timed = frame[column_of("train_seconds")].notna()
    return note(study, frame.loc[timed, "num_concurrent_trials"])


def _widest(study: Study, frame: pd.DataFrame) -> str:
    """Return a sentence on the factor whose levels are furthest apart, for each data set."""
    texts = []
    scale = scale_of(study, compared_by(study).shown)
    for names, group in by_dataset(frame):
        levels_of = group.groupby("factor", sort=False)[mean_column(study, scale.metric)]
        spans = (levels_of.max() - levels_of.min()).dropna()
        if len(spans):
            factor = str(spans.idxmax())
            images = num_images_of(study, names.get("dataset"), scale.metric)
            where = f"on {label('dataset', names['dataset'])} " if names else ""
            span = scale.in_words(float(spans[factor]), images).lstrip("+")
            texts.append(f"{where}that of {parameter_heading(factor)}, {span}")
    return f"The widest span is {'; '.join(texts)}."


def pin_memory(study: Study, key: str) -> Section | None:
    """Return the effect of pin_memory on time and accuracy."""
    if "pin_memory" not in study.factors:
        return None
    repeated = inert_axes(study, with_result=True).get("pin_memory", 0)
    if repeated:
        text = (
            "pin_memory pins host memory for copies to a GPU and does nothing without one. "
            f"{counted(repeated, 'row')} without a GPU {'shares' if repeated == 1 else 'share'} "
            "the training of the row with the other value, so their accuracies are equal by "
            "construction and their times cannot be compared."
        )
        return Section("Effect of pin_memory", (Paragraph(text),))
    table = levels_table(study, "pin_memory", f"{key}-pin-memory")
    blocks: tuple[Block, ...] = (table,) if table else (_nothing(study, "pin_memory"),)
    return Section("Effect of pin_memory", blocks)


def epochs(study: Study, key: str) -> Section | None:
    """Return the effect of longer training, with the validation curves."""
    if "epochs" not in varied(study):
        return None
    lengths = " against ".join(label("epochs", value) for value in levels(study.rows, "epochs"))
    table = levels_table(study, "epochs", f"{key}-epochs")
    blocks: list[Block] = [table] if table else [_nothing(study, "epochs")]
    datasets = levels(study.rows, "dataset") if "dataset" in study.rows else [None]
    datasets = [dataset for dataset in datasets if curve_panels(study, dataset)]
    if datasets and len({len(curve_panels(study, dataset)) for dataset in datasets}) == 1:
        caption = "Validation accuracy by epoch; dotted lines mark where the rows end."
        alt = f"{caption} {_gains(table)}"
        draw = partial(draw_lengths, study, datasets)
        blocks.append(Figure(f"{key}-epochs", caption, alt, draw))
    return Section(f"{lengths} epochs", tuple(blocks))


def _gains(table: Table | None) -> str:
    if table is None or "difference" not in table.frame:
        return "No set is complete yet."
    gained = [text for text in table.cells["difference (points)"] if text != MISSING]
    return f"Mean differences in test accuracy: {', '.join(gained)} points."


def _nothing(study: Study, factor: str) -> Paragraph:
    name = parameter_heading(factor)
    if factor not in varied(study):
        return Paragraph(f"All rows have the same {name}, so there is nothing to compare.")
    return Paragraph(
        f"No rows that differ only in {name} have finished, so there is nothing to compare."
    )


def levels_table(study: Study, factor: str, name: str) -> Table | None:
    """Return ``levels_data`` as it is printed; None if no set is complete."""
    frame = levels_data(study, factor)
    if frame.empty:
        return None
    by = [column for column in ("dataset", "model") if column in frame]
    cells = {heading(c): _labels(c, frame[c]) for c in by}
    cells[parameter_heading(factor)] = _labels(factor, frame["level"])
    cells["sets"] = [str(count) for count in frame["num_sets"]]
    cells["seeds"] = [str(count) for count in frame["num_seeds"]]
    cells |= _means(study, frame)
    reasons: tuple[str, ...] = ()
    if "difference" in frame:
        cells |= _differences(frame, _images(study, frame, "test_accuracy"))
        problems = frame["time_problem"].fillna("")
        cells["time ratio"] = [
            (NOT_COMPARABLE if problem else MISSING) if pd.isna(ratio) else f"{ratio:.2f}×"
            for ratio, problem in zip(frame["time_ratio"], problems, strict=True)
        ]
        reasons = tuple(dict.fromkeys(filter(None, problems)))
    notes = (
        _SETS,
        "Every level is compared with the first level of its set. Differences: in test accuracy, "
        "the mean, then the smallest and the largest. Time ratio: the median ratio of training "
        "times over the sets that were timed under the same conditions: equally many trials at "
        "once on the node and, on the same device, equally many threads.",
        *(f"Times are not comparable: {reason}." for reason in reasons),
        *_time_notes(study, frame),
        *warning(study, sets(study, factor)[0]),
    )
    caption = (
        f"Mean result at each value of {parameter_heading(factor)}, compared with the first value."
    )
    return Table(name, caption, cells, frame, notes)


def _differences(frame: pd.DataFrame, images: list[float | None]) -> dict[str, list[str]]:
    """Return the mean paired differences, with the digits that all pairs resolve, and ranges."""
    means = zip(frame["difference"], images, frame["num_sets"], strict=True)
    spans = zip(numbers(frame, "smallest"), numbers(frame, "largest"), images, strict=True)
    return {
        "difference (points)": [
            format_points(value, count and count * num_sets) for value, count, num_sets in means
        ],
        "from … to": [
            MISSING
            if pd.isna(low)
            else f"{format_points(low, count)} … {format_points(high, count)}"
            for low, high, count in spans
        ],
    }


def _labels(column: str, values: pd.Series[Any]) -> list[str]:
    return [label(column, value) for value in values]
