"""Support vector machines: accuracy and cost of each configuration, and how cost grows."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from analysis.figures.factors import draw_scaling, draw_svms
from analysis.frames.cells import format_cell
from analysis.frames.columns import finished, levels, numbers, varied
from analysis.frames.conditions import MARK, at_once, marked, note
from analysis.frames.labels import MISSING, heading, label, parameter_heading
from analysis.frames.load import Study
from analysis.frames.measures import num_items_of
from analysis.frames.seeds import over_seeds
from analysis.frames.timing import conditions_differ
from analysis.labs.growth import QUANTITIES, exponents_data, scaling_data
from analysis.render.document import Block, Figure, Paragraph, Section, Table
from analysis.sections.seeds import seeds_notes

_COLUMNS = ("fit_seconds", "predict_seconds", "num_support_vectors", "converged")


def kernels(study: Study, key: str) -> Section | None:
    """Return a table and a figure: kernel, hyperparameters, accuracy and cost."""
    if "kernel" not in study.rows:
        return None
    rows = finished(study)
    if rows.empty:
        text = "No support vector machine has finished yet."
        return Section("Support vector machines", (Paragraph(text),))
    metrics = ["test_accuracy", "val_accuracy", *QUANTITIES]
    frame = over_seeds(rows, metrics)
    frame["setting"] = [_setting(study, record) for record in frame.to_dict("records")]
    blocks: list[Block] = []
    if "dataset" not in frame:
        frame["dataset"] = ""
    shown = frame[frame["test_accuracy"].notna()]
    if len(shown) and shown.groupby("dataset").size().max() <= 60:
        caption = "Test accuracy of every support vector machine, by kernel."
        values = shown["test_accuracy"]
        alt = f"{caption} From {100 * values.min():.1f} to {100 * values.max():.1f} %."
        blocks.append(Figure(f"{key}-svm", caption, alt, partial(draw_svms, shown)))
    for number, dataset in enumerate(levels(frame, "dataset")):
        group = frame[frame["dataset"] == dataset]
        blocks.append(_table(study, f"{key}-svm-{number + 1}", dataset, group))
    return Section("Support vector machines", tuple(blocks))


def _setting(study: Study, record: dict[Any, Any]) -> str:
    names = [n for n in varied(study) if n not in ("dataset", "kernel") and n in record]
    known = [n for n in names if not pd.isna(record[n])]
    texts = [f"{parameter_heading(n)} {label(n, record[n])}" for n in known]
    return ", ".join([label("kernel", record.get("kernel")), *texts])


def _table(study: Study, name: str, dataset: Any, group: pd.DataFrame) -> Table:
    group = group.sort_values("val_accuracy", ascending=False, kind="stable", na_position="last")
    parameters = [p for p in varied(study) if p != "dataset" and p in group]
    cells = {parameter_heading(p): [label(p, value) for value in group[p]] for p in parameters}
    for metric in ("val_accuracy", "test_accuracy"):
        images = num_items_of(study, dataset, metric)
        cells[heading(metric)] = [format_cell(metric, value, images) for value in group[metric]]
    counts = at_once(study, group["config_id"])
    for column in _COLUMNS:
        if column in group:
            texts = [_cell(column, value) for value in group[column]]
            timed = column.endswith("_seconds")
            cells[heading(column)] = marked(texts, counts) if timed else texts
    where = f"{label('dataset', dataset)}: s" if dataset else "S"
    sizes = numbers(group, "num_train_images").dropna().unique()
    size = f" on {sizes[0]:,.0f} images" if len(sizes) == 1 else ""
    caption = f"{where}upport vector machines{size}, the highest validation accuracy first."
    notes: list[str] = []
    solvers = [
        str(solver) for solver in group.get("solver", pd.Series(dtype=object)).dropna().unique()
    ]
    if solvers:
        notes.append(f"Solver: {', '.join(solvers)}.")
    rows = finished(study)
    notes += seeds_notes(study, rows[rows["config_id"].isin(group["config_id"])])
    notes += note(study, at_once(study, group.loc[group["fit_seconds"].notna(), "config_id"]))
    columns = ["config_id", *parameters, "num_seeds", "val_accuracy", "test_accuracy", *_COLUMNS]
    frame = group[[c for c in columns if c in group]]
    return Table(name, caption, cells, frame, tuple(notes))


def _cell(column: str, value: Any) -> str:
    if column == "converged" and not isinstance(value, str) and not pd.isna(value):
        return "yes" if value else "no"
    if column == "num_support_vectors" and not pd.isna(value):
        return f"{float(value):,.0f}"
    return format_cell(column, value)


def scaling(study: Study, key: str) -> Section | None:
    """Return cost against the number of training images, with the fitted exponents."""
    if "num_train_images" not in varied(study):
        return None
    data, exponents = scaling_data(study), exponents_data(study)
    if data["num_train_images"].nunique() < 2:
        text = (
            "Fewer than two sizes have a converged fit, so there is nothing to compare or to fit "
            "yet."
        )
        return Section("Cost against training images", (Paragraph(text),))
    by = [name for name in ("dataset", "kernel") if name in data]
    caption = "Fit and predict time against the number of training images"
    powers = exponents["quantity"].isin(["fit_seconds", "predict_seconds"]).any()
    caption += ", with fitted powers." if powers else "."
    alt = f"{caption} {_exponent_words(exponents, by)}"
    notes = note(study, data["num_concurrent_trials"][data["fit_seconds"].notna()])
    draw = partial(draw_scaling, data, exponents, f" {MARK}" if notes else "")
    blocks: list[Block] = [
        Figure(f"{key}-scaling", caption, alt, draw, notes=notes),
        _data_table(study, key, data),
    ]
    problem = _fit_problem(data, by)
    if problem:
        blocks.append(Paragraph(problem))
    if len(exponents):
        cells = {heading(c): [label(c, v) for v in exponents[c]] for c in by}
        cells["quantity"] = [heading(value) for value in exponents["quantity"]]
        cells["exponent"] = [f"{value:.2f}" for value in exponents["exponent"]]
        cells["points"] = [str(value) for value in exponents["num_points"]]
        cells["R²"] = [
            MISSING if pd.isna(value) else f"{value:.3f}" for value in exponents["r_squared"]
        ]
        notes = (
            "Fitted by least squares on the logarithms of the quantity and of the number of "
            "training images, from converged fits at three sizes or more.",
        )
        name = f"{key}-exponents"
        blocks.append(Table(name, "Fitted exponents of growth.", cells, exponents, notes))
    return Section("Cost against training images", tuple(blocks))


def _fit_problem(data: pd.DataFrame, by: list[str]) -> str:
    groups = [group for _, group in data.groupby(by, sort=False, dropna=False)] if by else [data]
    reasons = dict.fromkeys(filter(None, (conditions_differ(g, g.iloc[:0]) for g in groups)))
    if not reasons:
        return ""
    return f"No exponent is fitted to times that are not comparable: {'; '.join(reasons)}."


def _data_table(study: Study, key: str, data: pd.DataFrame) -> Table:
    by = [name for name in ("dataset", "kernel") if name in data]
    columns = [*by, "num_train_images", "test_accuracy", *QUANTITIES]
    cells = {heading(c): [_cell(c, value) for value in data[c]] for c in columns}
    datasets = data["dataset"] if "dataset" in data else [None] * len(data)
    cells[heading("test_accuracy")] = [
        format_cell("test_accuracy", value, num_items_of(study, dataset, "test_accuracy"))
        for value, dataset in zip(data["test_accuracy"], datasets, strict=True)
    ]
    counts = data["num_concurrent_trials"]
    for column in ("fit_seconds", "predict_seconds"):
        cells[heading(column)] = marked(cells[heading(column)], counts)
    notes = note(study, counts[data["fit_seconds"].notna()])
    return Table(f"{key}-scaling", "Converged fits by size.", cells, data, notes)


def _exponent_words(exponents: pd.DataFrame, by: list[str]) -> str:
    fits = exponents[exponents["quantity"] == "fit_seconds"]
    texts = [
        f"{', '.join(label(name, record[name]) for name in by)}: exponent {record['exponent']:.2f}"
        for record in fits.to_dict("records")
    ]
    return f"Fit time: {'; '.join(texts)}." if texts else "Too few sizes for an exponent."
