"""How the trainings of the picked configurations went, and what quality costs."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pandas as pd

from analysis.figures.curves import curve_panels, draw_curves, panels_of
from analysis.figures.scatter import cost_data, draw_cost
from analysis.frames.cells import counted, format_cell
from analysis.frames.columns import finished, levels, numbers
from analysis.frames.conditions import MARK, note
from analysis.frames.labels import MISSING, heading, label
from analysis.frames.load import Study
from analysis.frames.measures import num_items_of, objective_of, shown_of
from analysis.frames.summary import NUM_LAST_EPOCHS, best_data, groups_of, summary_data
from analysis.render.document import Figure, Section, Table
from analysis.sections.best import UNROUNDED, nothing_picked, settings
from search_spaces.errors import one_line

_OF_COUNTS = (
    "What is counted on training data is counted during the epoch, while the weights still change, "
    "so it is usually worse than that of the final weights."
)


def summary(study: Study, key: str) -> Section | None:
    """Return how the trainings of the picks went: peak, convergence, stability, overfitting.

    It applies if an epoch of a pick reports the objective, or a pick reports it on other data.
    """
    frame = summary_data(study)
    if frame.empty:
        return None
    configurations = study.rows.drop_duplicates("config_id").set_index("config_id")
    records = [
        _summary_cells(study, record, configurations.loc[record["config_id"]])
        for record in frame.to_dict("records")
    ]
    cells = {name: [record[name] for record in records] for name in records[0]}
    definitions, found = _definitions(study), 0
    for name in definitions:
        is_flat = name.startswith("best of any epoch") and frame["num_epochs"].max() <= 1
        if set(cells[name]) == {MISSING} or is_flat:
            del cells[name]
        else:
            found += 1
    if not found:
        return None
    notes = [text for name, text in definitions.items() if name in cells]
    if any(name.startswith("overfitting") for name in cells) and not study.is_own:
        notes.append(_OF_COUNTS)
    if frame["num_seeds"].max() > 1:
        notes.append(
            "With several seeds all values except the spread over the seeds are means over them."
        )
    notes.append(UNROUNDED)
    caption = "The training of the picked configurations."
    table = Table(f"{key}-summary", caption, cells, frame, tuple(notes))
    return Section("Best configurations in training", (table,))


def _definitions(study: Study) -> dict[str, str]:
    """Return the headings of the summary with their footnotes."""
    objective, shown = objective_of(study), shown_of(study)
    unit = f" ({shown.difference_unit})" if shown.difference_unit else ""
    own_unit = objective.heading.removeprefix(objective.words)
    return {
        f"best of any epoch{own_unit}": f"Best of any epoch: the best {objective.words} of any "
        "epoch.",
        "convergence (epoch)": f"Convergence: the first epoch whose {objective.words} is as good "
        "as the final one, to 1 % of it.",
        f"last epochs ±{unit}": f"Last epochs ±: sample standard deviation of the "
        f"{objective.words} over the last epochs, at most {NUM_LAST_EPOCHS}.",
        f"seeds ±{unit}": f"Seeds ±: sample standard deviation of the {shown.words} over the "
        "seeds.",
        f"overfitting{unit}": "Overfitting: by how much it is better on training data than the "
        f"{objective.words}, at the last epoch.",
        f"generalisation{unit}": f"Generalisation: by how much the {shown.words} is worse than the "
        f"{objective.words}.",
    }


def _summary_cells(study: Study, record: dict[Any, Any], config: pd.Series[Any]) -> dict[str, str]:
    by, objective, shown = groups_of(study), objective_of(study), shown_of(study)
    # A mean over seeds has the digits of one share on the items of all seeds.
    selected, tested = (
        (num_items_of(study, config.get("dataset"), measure.name) or math.nan) * record["num_seeds"]
        for measure in (objective, shown)
    )
    epochs, reached = record["num_epochs"], record["convergence_epoch"]
    has_curve = epochs > 1 and not pd.isna(reached)
    values = (
        objective.cell(record["peak"], selected),
        f"{reached:.3g} of {epochs:.0f}" if has_curve else MISSING,
        _size(objective.difference(record["last_epochs_sd"], selected)),
        _size(objective.difference(record["seeds_sd"], tested)),
        _size(objective.difference(record["overfitting"], selected), signed=True),
        _size(objective.difference(record["generalisation"], min(selected, tested)), signed=True),
    )
    return {
        **{heading(name): format_cell(name, record[name]) for name in by},
        "configuration": settings(study, config, by),
        "seeds": str(record["num_seeds"]),
        **dict(zip(_definitions(study), values, strict=True)),
    }


def _size(text: str, *, signed: bool = False) -> str:
    """Return a printed difference; a spread has no sign, and what is not known is missing."""
    if text == "nan":
        return MISSING
    return text if signed else text.lstrip("+")


def curves(study: Study, key: str) -> Section | None:
    """Return the learning curves, a figure per data set.

    It applies if a trial reports more than one epoch.
    """
    if not any(len(group) > 1 for _, group in study.epochs.groupby("trial_key")):
        return None
    datasets = levels(study.rows, "dataset") if "dataset" in study.rows else [None]
    figures = []
    seeds = ", one line per seed" if len(set(study.meta["seeds"])) > 1 else ""
    for number, dataset in enumerate(datasets):
        if not curve_panels(study, dataset):
            continue
        name = "" if dataset is None else f"{label('dataset', dataset)}: "
        panels = panels_of(study)
        shown = " and ".join(panel.name for panel in panels)
        splits = {split for panel in panels for split in panel.columns} - {""}
        on = ", training dashed and validation solid" if {"train", "val"} <= splits else ""
        caption = (
            f"{name}{one_line(shown)} by epoch. The picked configurations in colour{on}{seeds}; "
            "all others in grey."
        )
        alt = f"{name}learning curves. {_ends_of_picks(study, dataset)}"
        draw = partial(draw_curves, study, dataset)
        figures.append(Figure(f"{key}-curves-{number + 1}", caption, alt, draw))
    return Section("Learning curves", tuple(figures)) if figures else None


def _ends_of_picks(study: Study, dataset: Any) -> str:
    picks = best_data(study)
    if dataset is not None and "dataset" in picks:
        picks = picks[picks["dataset"] == dataset]
    if picks.empty:
        return nothing_picked(study)
    measure, by = objective_of(study), [c for c in groups_of(study) if c != "dataset"]
    items = num_items_of(study, dataset, measure.name)
    texts = []
    for pick in picks.to_dict("records"):
        name = ", ".join(format_cell(column, pick[column]) for column in by)
        num_seeds = int(pick["num_seeds"])
        mean = f" (mean of {num_seeds} seeds)" if num_seeds > 1 else ""
        value = measure.value(float(pick[study.metric]), items and items * num_seeds)
        texts.append(f"{name or 'The picked configuration'} ends at {measure.words} {value}{mean}")
    return "; ".join(texts) + "."


def costs(study: Study, key: str) -> Section | None:
    """Return figures of the objective against each cost that the rows record.

    It applies to a cost that differs between configurations.
    """
    figures, words = [], objective_of(study).words
    for cost, name, what in (
        ("train_seconds", "training time (s)", "training time"),
        ("fit_seconds", "fit time (s)", "fit time"),
        ("flops", "FLOPs of one input (millions)", "FLOPs"),
    ):
        if cost not in study.metric_keys or numbers(finished(study), cost).isna().all():
            continue
        data = cost_data(study, cost)
        if data["cost"].nunique() < 2 or (cost == "train_seconds" and "fit_seconds" in study.rows):
            continue
        of_each = " of each data set" if data["dataset"].nunique() > 1 else ""
        caption = f"{words[:1].upper()}{words[1:]} against {what}, with the Pareto front{of_each}."
        caption += " Means over the seeds." if finished(study)["seed"].nunique() > 1 else ""
        number, on_front = counted(len(data), "configuration"), int(data["on_front"].sum())
        alt = f"{caption} {number}, {on_front} on a front."
        is_timed = cost.endswith("_seconds")
        notes = note(study, data["num_concurrent_trials"]) if is_timed else ()
        draw = partial(draw_cost, study, cost, f"{name} {MARK}" if notes else name)
        figure = Figure(f"{key}-{cost.replace('_', '-')}", caption, alt, draw, notes=notes)
        figures.append(figure)
    title = f"{words[:1].upper()}{words[1:]} and its cost"
    return Section(title, tuple(figures)) if figures else None
