"""How the picked configurations trained, what they mix up, and what accuracy costs."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from analysis.cells import (
    MISSING,
    format_cell,
    format_percent,
    format_points,
    format_value,
    heading,
    label,
    num_images_of,
)
from analysis.conditions import MARK, note
from analysis.confusions import class_names, confused_pairs_data, per_class_data
from analysis.document import Block, Figure, Paragraph, Section, Table
from analysis.figures.curves import curve_panels, draw_curves
from analysis.figures.matrices import draw_confusion
from analysis.figures.scatter import cost_data, draw_cost
from analysis.frames import levels
from analysis.load import Study
from analysis.sections.results import settings
from analysis.summary import best_data, groups_of, summary_data

_DEFINITIONS = (
    "Peak: the highest validation accuracy of any epoch.",
    "Convergence: the first epoch that reaches 99 % of the final validation accuracy.",
    "Stability (±): sample standard deviation of the validation accuracy over the last three "
    "epochs, and of the test accuracy over the seeds (one seed has none).",
    "Overfitting: training minus validation accuracy at the last epoch; training accuracy is "
    "counted while the weights still change, so it lags behind.",
    "Generalisation: validation minus test accuracy.",
)


def summary(study: Study, key: str) -> Section | None:
    """Return how the picks trained: peak, convergence, stability, overfitting, generalisation."""
    frame = summary_data(study)
    if frame.empty:
        return None
    configurations = study.rows.drop_duplicates("config_id").set_index("config_id")
    records = [
        _summary_cells(study, record, configurations.loc[record["config_id"]])
        for record in frame.to_dict("records")
    ]
    cells = {name: [record[name] for record in records] for name in records[0]}
    caption = "The picked configurations: how their training went."
    table = Table(f"{key}-summary", caption, cells, frame, _DEFINITIONS)
    return Section("Best models in summary", (table,))


def _summary_cells(study: Study, record: dict[Any, Any], config: pd.Series[Any]) -> dict[str, str]:
    by = groups_of(study)
    dataset = config.get("dataset")
    images = num_images_of(study, dataset, "val_accuracy")

    def percent(name: str) -> str:
        return format_cell(name.removeprefix("peak_"), record[name], images)

    def points(name: str) -> str:
        value = record[name]
        return MISSING if pd.isna(value) else format_points(value, images).lstrip("+")

    epochs, reached = record["num_epochs"], record["convergence_epoch"]
    has_curve = epochs > 1 and not pd.isna(reached)
    converged = f"{format_value(reached)} of {epochs:.0f}" if has_curve else MISSING
    return {
        **{heading(name): format_cell(name, record[name]) for name in by},
        "configuration": settings(study, config, by),
        "seeds": str(record["num_seeds"]),
        "peak (%)": percent("peak_val_accuracy"),
        "convergence (epoch)": converged,
        "last epochs ± (points)": points("last_epochs_sd"),
        "seeds ± (points)": points("seeds_sd"),
        "overfitting (points)": format_points(record["overfitting"], images),
        "generalisation (points)": format_points(record["generalisation"], images),
    }


def curves(study: Study, key: str) -> Section | None:
    """Return the learning curves, a figure per data set."""
    if not any(len(group) > 1 for _, group in study.epochs.groupby("trial_key")):
        return None
    datasets = levels(study.rows, "dataset") if "dataset" in study.rows else [None]
    figures = []
    for number, dataset in enumerate(datasets):
        if not curve_panels(study, dataset):
            continue
        name = "" if dataset is None else f"{label('dataset', dataset)}: "
        caption = (
            f"{name}loss and accuracy by epoch. The picked configuration of each model in "
            "training (dashed) and validation (solid); validation of all others in grey."
        )
        alt = f"{name}learning curves. {_curve_words(study, dataset)}"
        draw = partial(draw_curves, study, dataset)
        figures.append(Figure(f"{key}-curves-{number + 1}", caption, alt, draw))
    return Section("Learning curves", tuple(figures)) if figures else None


def _curve_words(study: Study, dataset: Any) -> str:
    frame = summary_data(study)
    if frame.empty or "val_accuracy" not in frame:
        return "No configuration can be picked yet."
    if dataset is not None and "dataset" in frame:
        frame = frame[frame["dataset"] == dataset]
    texts = [
        f"{format_cell('model', record.get('model', 'the model'))} ends at "
        f"{format_percent(record['val_accuracy'], None)} % validation accuracy after "
        f"{record['num_epochs']:.0f} epochs"
        for record in frame.to_dict("records")
    ]
    return "; ".join(texts) + "."


def confusion(study: Study, key: str) -> Section | None:
    """Return the confusion matrices of the picks, per-class figures and the pairs mixed up."""
    picks = best_data(study)
    datasets = levels(picks, "dataset") if "dataset" in picks else [None]
    blocks: list[Block] = []
    for number, dataset in enumerate(datasets):
        here = picks if dataset is None else picks[picks["dataset"] == dataset]
        blocks += _confusion_blocks(study, f"{key}-confusion-{number + 1}", dataset, here)
    if not blocks:
        return None
    if len(set(study.meta["seeds"])) > 1:
        blocks.insert(0, Paragraph("Of several seeds the first is shown."))
    return Section("What is mixed up", tuple(blocks))


def _confusion_blocks(study: Study, key: str, dataset: Any, picks: pd.DataFrame) -> list[Block]:
    by = [name for name in groups_of(study) if name != "dataset"]
    panels = []
    for pick in picks.to_dict("records"):
        matrix = study.confusion_matrix(pick["config_id"], pick["seed"])
        if matrix is not None and 0 < len(matrix) <= 30 and (matrix >= 0).all():
            title = ", ".join(format_cell(name, pick[name]) for name in by) or study.name
            panels.append((title, matrix))
    panels = [panel for panel in panels if panel[1].shape == panels[0][1].shape][:4]
    if not panels:
        return []
    names = class_names(dataset, len(panels[0][1]))
    classes = [per_class_data(matrix, names).assign(pick=title) for title, matrix in panels]
    pairs = [confused_pairs_data(matrix, names).assign(pick=title) for title, matrix in panels]
    where = "" if dataset is None else f"{label('dataset', dataset)}: "
    most = "; ".join(
        f"{title}: {frame.iloc[0]['true']} taken for {frame.iloc[0]['predicted']} most often "
        f"({frame.iloc[0]['num_images']} images)"
        for (title, _), frame in zip(panels, pairs, strict=True)
        if len(frame)
    )
    caption = f"{where}confusion matrices of the picked configurations on the test images."
    figure = Figure(key, caption, f"{caption} {most}.", partial(draw_confusion, panels, names))
    return [figure, *_class_tables(key, where, pd.concat(classes), pd.concat(pairs))]


def _class_tables(key: str, where: str, classes: pd.DataFrame, pairs: pd.DataFrame) -> list[Block]:
    first = classes["pick"].iloc[0]
    names = list(classes.loc[classes["pick"] == first, "class"])
    cells: dict[str, list[str]] = {"class": names}
    cells["images"] = [str(n) for n in classes.loc[classes["pick"] == first, "num_images"]]
    for title in dict.fromkeys(classes["pick"]):
        mine = classes[classes["pick"] == title]
        for quantity in ("precision", "recall"):
            cells[f"{title} {quantity} (%)"] = [
                format_cell(f"test_{quantity}", value, count)
                for value, count in zip(mine[quantity], mine["num_images"], strict=True)
            ]
    tables: list[Block] = [
        Table(f"{key}-classes", f"{where}precision and recall by class.", cells, classes)
    ]
    if len(pairs):
        shown = {
            "picked configuration": list(pairs["pick"]),
            "true class": list(pairs["true"]),
            "taken for": list(pairs["predicted"]),
            "images": [str(n) for n in pairs["num_images"]],
            "of the class (%)": [f"{100 * share:.1f}" for share in pairs["share"]],
        }
        caption = f"{where}the classes mixed up most often."
        tables.append(Table(f"{key}-pairs", caption, shown, pairs))
    return tables


def costs(study: Study, key: str) -> Section | None:
    """Return accuracy against training time and against FLOPs."""
    figures = []
    for cost, name, words in (
        ("train_seconds", "training time (s)", "training time"),
        ("flops", "FLOPs of one image (millions)", "FLOPs"),
    ):
        data = cost_data(study, cost)
        if data["cost"].nunique() < 2:
            continue
        caption = f"Validation accuracy against {words}, with the Pareto front of each data set."
        alt = f"{caption} {len(data)} configurations, {int(data['on_front'].sum())} on a front."
        notes = note(study, data["num_concurrent_trials"]) if cost == "train_seconds" else ()
        draw = partial(draw_cost, study, cost, f"{name} {MARK}" if notes else name)
        figure = Figure(f"{key}-{cost.replace('_', '-')}", caption, alt, draw, notes=notes)
        figures.append(figure)
    return Section("Accuracy and its cost", tuple(figures)) if figures else None
