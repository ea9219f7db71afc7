"""The best configuration of each group, and what a pick on test would have claimed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.frames.cells import (
    MISSING,
    counted,
    format_cell,
    format_points,
    format_value,
    heading,
    label,
    num_images_of,
)
from analysis.frames.columns import numbers
from analysis.frames.load import Study
from analysis.frames.selection import counterpart, selection_gap
from analysis.frames.summary import candidates, groups_of
from analysis.frames.tables import inert_axes
from analysis.render.document import Paragraph, Section, Table
from analysis.sections.results import order_words

UNROUNDED = "Differences are of unrounded values."


def best(study: Study, key: str) -> Section:
    """Return the pick of each group, and what a pick on test would have claimed."""
    by = groups_of(study)
    gaps = selection_gap(candidates(study), by, study.metric, study.mode)
    if gaps.empty:
        return Section("Best configurations", (Paragraph("No row can be picked yet."),))
    test_metric = counterpart(study.metric)
    configurations = study.rows.drop_duplicates("config_id").set_index("config_id")
    records = [
        _best_cells(study, by, gap, configurations, test_metric) for gap in gaps.to_dict("records")
    ]
    cells = {name: [record[name] for record in records] for name in records[0]}
    same = [name for name in ("candidates", "seeds") if len(records) > len(set(cells[name])) == 1]
    everywhere = {name: int(cells.pop(name)[0]) for name in same}
    notes = (
        *_everywhere(**everywhere),
        f"Picked by the {order_words(study)} {heading(study.metric)} among the candidates (rows "
        "that repeat a result left out); the test result of the pick is read afterwards. The last "
        "three columns: the settings that a pick by the test result would have named, what it "
        "would have claimed, and by how much that exceeds the honest figure.",
        UNROUNDED,
    )
    caption = "The best configuration of each group, picked on validation."
    return Section("Best configurations", (Table(f"{key}-best", caption, cells, gaps, notes),))


def _everywhere(candidates: int | None = None, seeds: int | None = None) -> tuple[str, ...]:
    """Say what holds of every pick, instead of a column of equal numbers."""
    texts = []
    if candidates is not None:
        texts.append(f"Each is picked among {counted(candidates, 'candidate')}.")
    if seeds is not None:
        texts.append("One seed each." if seeds == 1 else f"Means over {seeds} seeds.")
    return (" ".join(texts),) if texts else ()


def _best_cells(
    study: Study,
    by: list[str],
    gap: dict[Any, Any],
    configurations: pd.DataFrame,
    test_metric: str,
) -> dict[str, str]:
    config, on_test = configurations.loc[gap["config_id"]], gap["test_picked_config_id"]
    dataset = config.get("dataset")

    def cell(column: str, value: object) -> str:
        images = num_images_of(study, dataset, column)
        return format_cell(column, value, images and images * gap["num_seeds"])

    gap_cell = cell(test_metric, gap["gap"])
    claimed = gap[f"test_picked_{test_metric}"]
    return {
        **{heading(name): format_cell(name, gap[name]) for name in by},
        "id": format_cell("id", gap["config_id"]),
        "settings": settings(study, config, by),
        "candidates": str(gap["num_candidates"]),
        "seeds": str(gap["num_seeds"]),
        heading(study.metric): cell(study.metric, gap[study.metric]),
        heading(test_metric): cell(test_metric, gap[test_metric]),
        "picked on test": _on_test(study, by, gap["config_id"], on_test, configurations),
        f"its {heading(test_metric)}": cell(test_metric, claimed),
        "difference" + (" (points)" if "(%)" in heading(test_metric) else ""): gap_cell,
    }


def _on_test(
    study: Study, by: list[str], pick: object, on_test: Any, configurations: pd.DataFrame
) -> str:
    if on_test is None or pd.isna(on_test):
        return MISSING
    return "same" if on_test == pick else settings(study, configurations.loc[on_test], by)


def settings(study: Study, config: pd.Series[Any] | dict[Any, Any], without: list[str]) -> str:
    """Return the factors of a configuration in one line, those of its group left out."""
    inert = inert_axes(study)
    return ", ".join(
        f"{heading(name)} {format_value(label(name, config[name]))}"
        for name in study.factors
        if name in config
        and name not in without
        and name not in inert
        and not pd.isna(config[name])
    )


def gap_of(study: Study) -> str:
    """Return the largest difference between picks on test and on validation, as a sentence.

    Empty where no group has two candidates: then there is nothing to pick.
    """
    gaps = selection_gap(candidates(study), groups_of(study), study.metric, study.mode)
    gaps = gaps[gaps["num_candidates"] > 1]
    values = numbers(gaps, "gap").dropna()
    if values.empty or not counterpart(study.metric).endswith("accuracy"):
        return ""
    if values.max() <= 0:
        return "Picking on the test set instead of on validation would have claimed the same."
    dataset = gaps["dataset"].get(values.idxmax()) if "dataset" in gaps else None
    images = num_images_of(study, dataset, counterpart(study.metric))
    return (
        f"Picking on the test set instead of on validation would have claimed up to "
        f"{format_points(float(values.max()), images).lstrip('+')} points more."
    )
