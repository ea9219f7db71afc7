"""The study as a grid: one line per setting, one column per level of a factor."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.frames.columns import finished, is_constant, levels, repeats
from analysis.frames.labels import label, parameter_heading
from analysis.frames.load import Study
from analysis.frames.measures import num_items_of, shown_of
from analysis.frames.pivot import across_of, level_column, pivot_data
from analysis.frames.tables import inert_axes
from analysis.render.document import Section, Table
from analysis.sections.captions import of_dataset
from analysis.sections.results import free_heading
from analysis.sections.seeds import seeds_notes


def pivots(study: Study, key: str) -> Section | None:
    """Return the results as a grid, one table per data set; None if the study is no grid."""
    across, rows = across_of(study), finished(study)
    if across is None or not rows[across].notna().any():
        return None
    datasets = levels(study.rows, "dataset") if "dataset" in study.rows else [None]
    tables = []
    for number, dataset in enumerate(datasets):
        here = rows if dataset is None else rows[rows["dataset"] == dataset]
        frame = pivot_data(study, dataset, across) if len(here) else here.iloc[:0]
        if len(frame):
            tables.append(_pivot(study, f"{key}-grid-{number + 1}", dataset, frame, across))
    return Section(f"The grid by {parameter_heading(across)}", tuple(tables)) if tables else None


def _pivot(study: Study, name: str, dataset: Any, frame: pd.DataFrame, across: str) -> Table:
    rows = finished(study)
    rows = rows if dataset is None else rows[rows["dataset"] == dataset]
    known = {level_column(study, level): level for level in levels(study.rows, across)}
    columns = {column: level for column, level in known.items() if column in frame}
    measure = shown_of(study)
    items = num_items_of(study, dataset, measure.name)
    measured = rows[~repeats(study).reindex(rows.index)]
    num_seeds = int(measured.groupby("config_id")["seed"].nunique().max())
    cells = {
        parameter_heading(str(c)): [label(str(c), v) for v in frame[c]]
        for c in frame
        if c not in columns
    }
    for column, level in columns.items():
        title = free_heading(cells, _title(across, level))
        cells[title] = [measure.cell(value, items and items * num_seeds) for value in frame[column]]
    text = f"{measure.heading} of each setting, by {parameter_heading(across)}."
    caption = of_dataset(dataset, text)
    fixed = [
        f"{parameter_heading(factor)} {label(factor, levels(rows, factor)[0])}"
        for factor in study.factors
        if factor not in ("dataset", across, *inert_axes(study))
        and factor in rows
        and is_constant(rows, factor)
    ]
    caption += f" All have {', '.join(fixed)}." if fixed else ""
    notes = seeds_notes(study, rows) or ("One seed.",)
    return Table(name, caption, cells, frame.rename(columns=str), notes)


def _title(across: str, level: Any) -> str:
    """Return the heading of a level; a bare number or flag needs the name of the factor."""
    text = label(across, level)
    return text if isinstance(level, str) else f"{parameter_heading(across)} {text}"
