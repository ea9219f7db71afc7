"""The training of the picked configurations, and the cost of accuracy."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pandas as pd

from analysis.figures.curves import curve_panels, draw_curves, panels_of
from analysis.figures.scatter import cost_data, draw_cost
from analysis.frames.cells import (
    counted,
    format_cell,
    format_percent,
    format_points,
    num_images_of,
    scale_of,
)
from analysis.frames.columns import finished, levels
from analysis.frames.conditions import MARK, note
from analysis.frames.labels import MISSING, heading, label
from analysis.frames.load import Study
from analysis.frames.quality import has_accuracies
from analysis.frames.summary import NUM_LAST_EPOCHS, best_data, groups_of, summary_data
from analysis.render.document import Figure, Section, Table
from analysis.sections.best import UNROUNDED, settings
from search_spaces.errors import one_line

_PEAK = "peak (%)"
_DEFINITIONS = {
    _PEAK: "Peak: the highest validation accuracy of any epoch.",
    "convergence (epoch)": "Convergence: the first epoch that reaches 99 % of the final validation "
    "accuracy.",
    "last epochs ± (points)": "Last epochs ±: sample standard deviation of the validation accuracy "
    f"over the last epochs, at most {NUM_LAST_EPOCHS}.",
    "seeds ± (points)": "Seeds ±: sample standard deviation of the test accuracy over the seeds.",
    "overfitting (points)": "Overfitting: training minus validation accuracy at the last epoch. "
    "Training accuracy is counted during the epoch, while the weights still change, so it is "
    "usually lower than that of the final weights.",
    "generalisation (points)": "Generalisation: validation minus test accuracy.",
}
"""Heading -> its footnote."""


def summary(study: Study, key: str) -> Section | None:
    """Return a summary of the picks: peak, convergence, stability, overfitting, generalisation."""
    frame = summary_data(study)
    if frame.empty:
        return None
    configurations = study.rows.drop_duplicates("config_id").set_index("config_id")
    records = [
        _summary_cells(study, record, configurations.loc[record["config_id"]])
        for record in frame.to_dict("records")
    ]
    cells = {name: [record[name] for record in records] for name in records[0]}
    for name in _DEFINITIONS:
        if set(cells[name]) == {MISSING} or (name == _PEAK and frame["num_epochs"].max() <= 1):
            del cells[name]
    notes = [text for name, text in _DEFINITIONS.items() if name in cells]
    if frame["num_seeds"].max() > 1:
        notes.append(
            "With several seeds all values except the spread over the seeds are means over them."
        )
    notes += [UNROUNDED] if any("(points)" in name for name in cells) else []
    caption = "The training of the picked configurations."
    table = Table(f"{key}-summary", caption, cells, frame, tuple(notes))
    return Section("Best models in summary", (table,))


def _summary_cells(study: Study, record: dict[Any, Any], config: pd.Series[Any]) -> dict[str, str]:
    by = groups_of(study)
    # A mean over seeds has the digits of one accuracy on the images of all seeds.
    val, test = (
        (num_images_of(study, config.get("dataset"), metric) or math.nan) * record["num_seeds"]
        for metric in ("val_accuracy", "test_accuracy")
    )

    def spread(name: str, images: float) -> str:
        return format_points(record[name], images).lstrip("+")

    epochs, reached = record["num_epochs"], record["convergence_epoch"]
    has_curve = epochs > 1 and not pd.isna(reached)
    converged = f"{reached:.3g} of {epochs:.0f}" if has_curve else MISSING
    return {
        **{heading(name): format_cell(name, record[name]) for name in by},
        "configuration": settings(study, config, by),
        "seeds": str(record["num_seeds"]),
        _PEAK: format_cell("val_accuracy", record["peak_val_accuracy"], val),
        "convergence (epoch)": converged,
        "last epochs ± (points)": spread("last_epochs_sd", val),
        "seeds ± (points)": spread("seeds_sd", test),
        "overfitting (points)": format_points(record["overfitting"], val),
        "generalisation (points)": format_points(record["generalisation"], min(val, test)),
    }


def curves(study: Study, key: str) -> Section | None:
    """Return the learning curves, a figure per data set."""
    if not any(len(group) > 1 for _, group in study.epochs.groupby("trial_key")):
        return None
    datasets = levels(study.rows, "dataset") if "dataset" in study.rows else [None]
    figures = []
    seeds = ", one line per seed" if len(set(study.meta["seeds"])) > 1 else ""
    for number, dataset in enumerate(datasets):
        if not curve_panels(study, dataset):
            continue
        name = "" if dataset is None else f"{label('dataset', dataset)}: "
        caption = (
            f"{name}loss and accuracy by epoch. The picked configuration of each model on "
            f"training (dashed) and validation images (solid){seeds}; all others on validation "
            "images (grey)."
        )
        if not has_accuracies(study):
            shown = " and ".join(panel.name for panel in panels_of(study))
            caption = (
                f"{name}{one_line(shown)} by epoch. The picked configurations in colour{seeds}, "
                "all others in grey."
            )
        alt = f"{name}learning curves. {_curve_words(study, dataset)}"
        draw = partial(draw_curves, study, dataset)
        figures.append(Figure(f"{key}-curves-{number + 1}", caption, alt, draw))
    return Section("Learning curves", tuple(figures)) if figures else None


def _curve_words(study: Study, dataset: Any) -> str:
    if not has_accuracies(study):
        return _ends_of_picks(study, dataset)
    frame = summary_data(study)
    if frame.empty or "val_accuracy" not in frame:
        return "No configuration can be picked yet."
    if dataset is not None and "dataset" in frame:
        frame = frame[frame["dataset"] == dataset]
    texts = [
        f"{format_cell('model', record.get('model', 'the model'))} ends at "
        f"{_end(study, record, dataset)} after {counted(round(record['num_epochs']), 'epoch')}"
        for record in frame.to_dict("records")
    ]
    return "; ".join(texts) + "."


def _ends_of_picks(study: Study, dataset: Any) -> str:
    picks = best_data(study)
    if dataset is not None and "dataset" in picks:
        picks = picks[picks["dataset"] == dataset]
    if picks.empty:
        return "No configuration can be picked yet."
    scale, by = scale_of(study, study.metric), [c for c in groups_of(study) if c != "dataset"]
    texts = []
    for pick in picks.to_dict("records"):
        name = ", ".join(format_cell(column, pick[column]) for column in by)
        mean = f" (mean of {pick['num_seeds']} seeds)" if pick["num_seeds"] > 1 else ""
        value = scale.value(float(pick[study.metric]))
        texts.append(f"{name or 'The picked configuration'} ends at {scale.words} {value}{mean}")
    return "; ".join(texts) + "."


def _end(study: Study, record: dict[Any, Any], dataset: Any) -> str:
    seeds = int(record["num_seeds"])
    images = num_images_of(study, dataset, "val_accuracy")
    accuracy = format_percent(record["val_accuracy"], images and images * seeds)
    mean = f" (mean of {seeds} seeds)" if seeds > 1 else ""
    return f"{accuracy} % validation accuracy{mean}"


def costs(study: Study, key: str) -> Section | None:
    """Return figures of accuracy against training time and against FLOPs."""
    figures = []
    for cost, name, words in (
        ("train_seconds", "training time (s)", "training time"),
        ("flops", "FLOPs of one image (millions)", "FLOPs"),
    ):
        data = cost_data(study, cost)
        if data["cost"].nunique() < 2:
            continue
        caption = f"Validation accuracy against {words}, with the Pareto front of each data set."
        caption += " Means over the seeds." if finished(study)["seed"].nunique() > 1 else ""
        number, on_front = counted(len(data), "configuration"), int(data["on_front"].sum())
        alt = f"{caption} {number}, {on_front} on a front."
        notes = note(study, data["num_concurrent_trials"]) if cost == "train_seconds" else ()
        draw = partial(draw_cost, study, cost, f"{name} {MARK}" if notes else name)
        figure = Figure(f"{key}-{cost.replace('_', '-')}", caption, alt, draw, notes=notes)
        figures.append(figure)
    return Section("Accuracy and its cost", tuple(figures)) if figures else None
