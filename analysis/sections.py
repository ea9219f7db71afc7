"""The sections of a report: each a function from a study to Markdown, empty when it has nothing.

The sentences state what was run and counted. Whatever compares or concludes is computed from the
rows each time, so no text here can outlive its data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.load import ENDED, Study
from analysis.markdown import (
    MISSING,
    escape,
    format_cell,
    format_value,
    heading,
    markdown_table,
    num_images_of,
    to_markdown,
)
from analysis.select import counterpart, selection_gap
from analysis.tables import inert_axes, sharing_summary, study_table

MOST_ROWS = 200
"""Longer main tables are cut in the report; the table's own file has every row."""
_GROUPS = ("dataset", "model", "kernel")
_PACKAGES = ("torch", "torchvision", "ray", "numpy", "scikit-learn", "scikit-learn-intelex")


def unfinished(study: Study) -> str:
    """Say how many rows have ended; empty when all have."""
    ended = int(study.rows["status"].isin(ENDED).sum())
    if ended == len(study.rows):
        return ""
    return (
        f"**Unfinished:** {ended} of {len(study.rows)} rows of study {escape(study.name)} have "
        "ended. The same command that began the study continues it."
    )


def setup(study: Study) -> str:
    """Return the data and its split, where the study ran, and the count of rows by status."""
    space = study.meta["space"]
    seeds = ", ".join(map(str, study.meta["seeds"]))
    facts = {
        "question": space.get("question"),
        "trainable": space.get("trainable"),
        "factors": ", ".join(study.factors),
        "configurations": len(study.meta["configurations"]),
        "seeds": seeds,
        "selected by": f"{study.metric}, {study.mode}",
        "begun": study.meta.get("created_at"),
        **_provenance(study),
    }
    lines = [f"- {name}: {escape(value)}" for name, value in facts.items() if value]
    counts = study.rows["status"].value_counts(sort=False)
    by_status = {
        "status": [*counts.index.map(str), "all"],
        "rows": [str(count) for count in (*counts, len(study.rows))],
    }
    return "\n\n".join(filter(None, ["\n".join(lines), _data(study), markdown_table(by_status)]))


def _provenance(study: Study) -> dict[str, str]:
    provenance = _mapping(study.meta.get("provenance"))
    hardware = _mapping(provenance.get("hardware"))
    packages = _mapping(provenance.get("packages"))
    gpus = hardware.get("gpus")
    facts = {}
    if hardware.get("cpu"):
        size = f"{hardware.get('num_cpus')} CPUs, {hardware.get('memory_gb')} GB"
        facts["processor"] = f"{hardware['cpu']}, {size}"
    if isinstance(gpus, list):
        facts["GPUs"] = ", ".join(map(str, gpus)) or "none"
    versions = [f"{name} {packages[name]}" for name in _PACKAGES if name in packages]
    if provenance.get("python"):
        versions.insert(0, f"Python {provenance['python']}")
    facts["software"] = ", ".join(versions)
    if provenance.get("git_commit"):
        changed = " with local changes" if provenance.get("git_dirty") else ""
        facts["commit"] = f"{provenance['git_commit']}{changed}"
    facts["command"] = str(provenance.get("command") or "")
    return facts


def _data(study: Study) -> str:
    data = _mapping(study.meta.get("data"))
    counts = {"num_images": "images", "num_train": "train", "num_val": "val", "num_test": "test"}
    datasets = _mapping(data.get("datasets"))
    if not datasets:
        return ""
    cells = {"data set": [format_cell("dataset", name) for name in datasets]}
    for key, name in counts.items():
        cells[name] = [escape(_mapping(value).get(key, MISSING)) for value in datasets.values()]
    source = f"Source: {escape(data.get('source'))}; split seed {escape(data.get('split_seed'))}."
    return f"{markdown_table(cells)}\n\n{source}"


def sharing(study: Study) -> str:
    """Return how much training the rows share, and which axes turned out to be inert."""
    summary = sharing_summary(study)
    if summary["num_trials"] == 0 or summary["num_trials"] == summary["num_rows"]:
        return ""
    trained, separate = summary["epochs_of_trials"], summary["epochs_of_rows"]
    text = (
        f"Rows served: {summary['num_rows']}, by trials: {summary['num_trials']}. Epochs to train: "
        f"{trained} instead of {separate} (÷{separate / max(trained, 1):.1f})."
    )
    axes = inert_axes(study)
    if not axes:
        return text
    cells = {
        "parameter": [escape(name) for name in axes],
        "rows that repeat a result": [str(count) for count in axes.values()],
        "comparison of times": ["not applicable"] * len(axes),
    }
    return f"{text}\n\n{markdown_table(cells)}"


def main_table(study: Study) -> str:
    """Return the study's table, cut to ``MOST_ROWS`` rows."""
    table = study_table(study)
    text = to_markdown(table.head(MOST_ROWS), study)
    if len(table) > MOST_ROWS:
        text += f"\n\nThe first {MOST_ROWS} of {len(table)} rows; the table's own file has all."
    return text


def best(study: Study) -> str:
    """Return the configuration picked on validation per group, and what a pick on test claims."""
    by = [name for name in _GROUPS if name in study.config_keys]
    # A row that repeats another row's result is no candidate of its own: between the two,
    # only chance could say which value of an inert parameter is called the best.
    candidates = study.rows[study.rows["same_as"] == ""]
    gaps = selection_gap(candidates, by, study.metric, study.mode)
    if gaps.empty:
        return "No row can be picked yet."
    test_metric = counterpart(study.metric)
    configurations = study.rows.drop_duplicates("config_id").set_index("config_id")
    records = [
        _best_record(study, by, gap, configurations.loc[gap["config_id"]], test_metric)
        for gap in gaps.to_dict("records")
    ]
    cells = {name: [record[name] for record in records] for name in records[0]}
    return (
        f"{markdown_table(cells)}\n\nPicked by {escape(study.metric)} ({study.mode}) among the "
        "candidates (rows that repeat a result left out); the test result of the pick is read "
        "afterwards. The last three columns show what picking by the test result itself would "
        "have claimed."
    )


def _best_record(
    study: Study, by: list[str], gap: dict[Any, Any], config: pd.Series[Any], test_metric: str
) -> dict[str, str]:
    settings = [
        f"{escape(name)}={format_value(config[name])}"
        for name in study.factors
        if name in config and name not in by and not pd.isna(config[name])
    ]
    dataset = config.get("dataset")

    def cell(column: str, value: object) -> str:
        return format_cell(column, value, num_images_of(study, dataset, column))

    claimed = f"test_picked_{test_metric}"
    gap_cell = cell(test_metric, gap["gap"])
    return {
        **{heading(name): format_cell(name, gap[name]) for name in by},
        "id": escape(gap["config_id"]),
        "settings": ", ".join(settings),
        "candidates": str(gap["num_candidates"]),
        "seeds": str(gap["num_seeds"]),
        heading(study.metric): cell(study.metric, gap[study.metric]),
        heading(test_metric): cell(test_metric, gap[test_metric]),
        "picked on test": format_cell("id", gap["test_picked_config_id"]),
        f"its {heading(test_metric)}": cell(test_metric, gap[claimed]),
        "difference" + (" (points)" if "(%)" in heading(test_metric) else ""): gap_cell,
    }


def failures(study: Study) -> str:
    """Return the rows that ended without a clean result, with their reasons."""
    return _with_reasons(study, ("failed", "diverged", "unconverged"))


def open_rows(study: Study) -> str:
    """Return the rows that still have to be run, with their reasons."""
    return _with_reasons(study, ("open", "unfinished", "missing"))


def _with_reasons(study: Study, statuses: tuple[str, ...]) -> str:
    rows = study.rows[study.rows["status"].isin(statuses)]
    if rows.empty:
        return ""
    columns = ["config_id", *study.factors, "seed", "status", "reason"]
    columns = [column for column in dict.fromkeys(columns) if column in rows]
    return markdown_table(
        {
            heading("id" if column == "config_id" else column): [
                format_cell(column, value) for value in rows[column]
            ]
            for column in columns
        }
    )


def notes(study: Study) -> str:
    """Return what was left out while the study was read."""
    return "\n".join(f"- {escape(note)}" for note in study.notes)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


SECTIONS: tuple[tuple[str, Callable[[Study], str]], ...] = (
    ("Set-up", setup),
    ("Shared compute", sharing),
    ("Results", main_table),
    ("Best configurations", best),
    ("Failed, diverged and unconverged rows", failures),
    ("Open rows", open_rows),
    ("Left out while reading", notes),
)
"""Heading and function of each section, in the order of the report."""
