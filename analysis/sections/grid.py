"""The grid of test accuracies by model, one table per data set."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.frames.cells import format_cell, num_images_of
from analysis.frames.columns import finished, levels, repeats
from analysis.frames.labels import label, parameter_heading
from analysis.frames.load import Study
from analysis.frames.pairs import pivot_data
from analysis.frames.tables import inert_axes
from analysis.render.document import Section, Table
from analysis.sections.results import free_heading
from analysis.sections.seeds import seeds_notes


def pivots(study: Study, key: str) -> Section | None:
    """Return the grid of test accuracies by model, one table per data set."""
    if "model" not in study.rows or len(levels(study.rows, "model")) < 2:
        return None
    rows = finished(study)
    datasets = levels(study.rows, "dataset") if "dataset" in study.rows else [None]
    tables = []
    for number, dataset in enumerate(datasets):
        here = rows if dataset is None else rows[rows["dataset"] == dataset]
        if len(here):
            tables.append(_pivot(study, f"{key}-grid-{number + 1}", dataset, here))
    if not tables:
        return None
    return Section("The grid by model", tuple(tables))


def _pivot(study: Study, name: str, dataset: Any, rows: pd.DataFrame) -> Table:
    frame = pivot_data(study, dataset)
    models = [c for c in levels(study.rows, "model") if c in frame]
    images = num_images_of(study, dataset, "test_accuracy")
    measured = rows[~repeats(study).reindex(rows.index)]
    num_seeds = int(measured.groupby("config_id")["seed"].nunique().max())
    cells = {
        parameter_heading(str(c)): [label(str(c), v) for v in frame[c]]
        for c in frame
        if c not in models
    }
    for model in models:
        title = free_heading(cells, label("model", model))
        cells[title] = [
            format_cell("test_accuracy", value, images and images * num_seeds)
            for value in frame[model]
        ]
    where = "" if dataset is None else f"{label('dataset', dataset)}: t"
    caption = f"{where or 'T'}est accuracy (%) of each setting, by model."
    fixed = [
        f"{parameter_heading(factor)} {label(factor, levels(rows, factor)[0])}"
        for factor in study.factors
        if factor not in ("dataset", "model", *inert_axes(study))
        and factor in rows
        and len(levels(rows, factor)) == 1
    ]
    caption += f" All have {', '.join(fixed)}." if fixed else ""
    notes = seeds_notes(study, rows) or ("One seed.",)
    return Table(name, caption, cells, frame.rename(columns=str), notes)
