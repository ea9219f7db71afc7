"""The tables of joined rows: their differences, and those without two results."""

from __future__ import annotations

import pandas as pd

from analysis.compare.details import common_parameters
from analysis.compare.measure import difference_cell
from analysis.compare.pairs import sides
from analysis.compare.result import Comparison
from analysis.frames.cells import p_cell
from analysis.frames.columns import numbers
from analysis.frames.labels import label, parameter_heading, status_words
from analysis.frames.load import Study
from analysis.frames.measures import measure_of, metric_cell
from analysis.render.document import Table
from analysis.sections.results import free_heading
from search_spaces.errors import one_line

_STUDY = " study"
"""A column that no parameter and no measure is called."""
_COPIES = (
    "Rows that repeat two results of another row are left out; the CSV file has them all "
    "(column repeats)."
)

_OWN_COLUMNS = frozenset(
    {
        *("config_id", "config_id_b", "a", "b", "difference", "equal", "repeats", "same_data"),
        *("training", "only_a", "only_b", "p_value", "is_bound", "p_adjusted"),
        *("also_a", "also_b", "also_difference"),
        *("status_a", "status_b", "reason_a", "reason_b", "study", "status", "value"),
    }
)


def rows_table(found: Comparison, key: str) -> Table:
    """Return the difference of every joined row, the largest first."""
    frame = rows_frame(found)
    order = frame["difference"].abs().sort_values(ascending=False, kind="stable").index
    frame = frame.loc[order]
    shown = frame[~frame["repeats"]]
    cells = _measure_cells(found, shown)
    settings = _setting_cells(found, shown)
    for part in (settings, _also_cells(found, shown)):
        cells |= {free_heading(cells, title): texts for title, texts in part.items()}
    cells[free_heading(cells, "id")] = [one_line(str(value)) for value in shown["config_id"]]
    caption = (
        f"Joined rows by {found.measure.scale.heading}, the largest "
        f"difference first ({direction(found)})."
    )
    filters = tuple(title for title in settings if title in cells)
    return Table(f"{key}-rows", caption, cells, frame, _notes(found, shown, frame), filters=filters)


def direction(found: Comparison) -> str:
    """Return which sign of a difference is better."""
    words = {"max": "positive is better", "min": "negative is better"}
    return words.get(found.measure.better or "", "which is better is not known")


def _notes(found: Comparison, shown: pd.DataFrame, frame: pd.DataFrame) -> tuple[str, ...]:
    notes = []
    if len(shown) < len(frame):
        notes.append(_COPIES)
    if shown["p_adjusted"].notna().any():
        is_bound = bool(found.images["is_bound"].eq(True).any())
        bound = " The labels were not saved, so p is an upper bound." if is_bound else ""
        notes.append(
            "McNemar p: of the two models' test predictions, image by image, after Holm's "
            f"correction for all rows. It is about these two models, not about settings.{bound}"
        )
    if not shown["same_data"].all():
        notes.append("Rows made from other data are listed and do not count.")
    return tuple(notes)


def rows_frame(found: Comparison) -> pd.DataFrame:
    """Return every joined pair of rows with results: parameters, values, differences, tests."""
    one, two = sides(found.joined)
    pairs, lines = found.pairs, found.pairs["line"]
    values = pairs[["seed", "a", "b", "difference", "equal", "repeats", "same_data", "training"]]
    values = pd.concat([values, found.images], axis=1)
    if found.also:
        also = found.also_pairs.set_index("line").reindex(lines)
        for side in ("a", "b", "difference"):
            values[f"also_{side}"] = also[side].to_numpy()
    names = [n for n in found.first.study.config_keys if n in found.second.study.config_keys]
    columns = {"config_id": one["config_id"], "config_id_b": two["config_id"]}
    columns |= {_column(name): one[name] for name in names}
    left = pd.DataFrame(columns).loc[lines].set_axis(pairs.index, axis="index")
    return pd.concat([left, values], axis=1)


def _column(parameter: str) -> str:
    """Return the column of a parameter, which may have the name of a column of this module."""
    return f"parameter {parameter}" if parameter in _OWN_COLUMNS else parameter


def _setting_cells(found: Comparison, frame: pd.DataFrame) -> dict[str, list[str]]:
    """Return the parameters that vary among the rows of ``rows_frame``, and the seed."""
    names = common_parameters(found.joined)
    names = [n for n in names if frame[_column(n)].astype(str).nunique() > 1]
    cells = {parameter_heading(n): [label(n, value) for value in frame[_column(n)]] for n in names}
    if frame["seed"].nunique() > 1:
        cells[free_heading(cells, "seed")] = [str(seed) for seed in frame["seed"]]
    return cells


def _measure_cells(found: Comparison, frame: pd.DataFrame) -> dict[str, list[str]]:
    """Return the difference and the values of the measure that decides."""
    study, scale, name = found.first.study, found.measure.scale, found.measure.name
    a, b = found.first.label, found.second.label
    unit = f" ({scale.difference_unit})" if scale.difference_unit else ""
    differences = zip(frame["difference"], _datasets(frame), strict=True)
    return {
        f"{b} − {a}{unit}": [
            difference_cell(study, dataset, name, value) for value, dataset in differences
        ],
        a: _values(study, frame, name, "a"),
        b: _values(study, frame, name, "b"),
    }


def _also_cells(found: Comparison, frame: pd.DataFrame) -> dict[str, list[str]]:
    """Return the values of the measure on test data, and McNemar's p, where there are any."""
    study, cells = found.first.study, dict[str, list[str]]()
    if found.also:
        title = measure_of(study, found.also).heading
        cells[f"{title} {found.first.label}"] = _values(study, frame, found.also, "also_a")
        cells[f"{title} {found.second.label}"] = _values(study, frame, found.also, "also_b")
    if frame["p_adjusted"].notna().any():
        cells["McNemar p"] = [p_cell(p) for p in frame["p_adjusted"]]
    return cells


def _datasets(frame: pd.DataFrame) -> list[object]:
    return list(frame["dataset"]) if "dataset" in frame else [None] * len(frame)


def _values(study: Study, frame: pd.DataFrame, measure: str, column: str) -> list[str]:
    values = zip(_datasets(frame), frame[column], strict=True)
    return [metric_cell(study, dataset, measure, value) for dataset, value in values]


def one_sided_table(found: Comparison, key: str) -> Table | None:
    """Return the joined rows without two results, and why; None if all have them."""
    frame = found.one_sided
    if frame.empty:
        return None
    rows = sides(found.joined)[0].loc[frame["line"]].reset_index(drop=True)
    names = common_parameters(found.joined)
    cells = {parameter_heading(name): [label(name, v) for v in rows[name]] for name in names}
    cells[free_heading(cells, "seed")] = [str(seed) for seed in rows["seed"]]
    for side, named in (("a", found.first), ("b", found.second)):
        cells[free_heading(cells, named.label)] = [
            status_words(status) + (f": {one_line(str(reason))}" if reason else "")
            for status, reason in zip(frame[f"status_{side}"], frame[f"reason_{side}"], strict=True)
        ]
    cells[free_heading(cells, "id")] = [one_line(str(value)) for value in rows["config_id"]]
    caption = "Joined rows without a result in at least one of the studies. They do not count."
    settings = rows[["config_id", "seed", *names]].rename(columns=_column)
    return Table(
        f"{key}-one-sided",
        caption,
        cells,
        pd.concat([settings, frame.drop(columns="line")], axis=1),
    )


def _varied(found: Comparison) -> list[str]:
    """Return the parameters with several values in the rows of both studies together."""
    studies = found.first.study, found.second.study
    rows = pd.concat([study.rows for study in studies], ignore_index=True)
    keys = dict.fromkeys(key for study in studies for key in study.config_keys)
    return [key for key in keys if rows[key].astype(str).nunique() > 1]


def unmatched_table(found: Comparison, key: str) -> Table | None:
    """Return the rows whose configuration, or whose seed, only one study has; None without any."""
    parts = [
        named.study.rows.loc[list(labels)].assign(**{_STUDY: named.label})
        for named, labels in zip((found.first, found.second), found.joined.unmatched, strict=True)
        if labels
    ]
    if not parts:
        return None
    rows = pd.concat(parts, ignore_index=True)
    names = [name for name in _varied(found) if name in rows]
    measure, study = found.measure.name, found.first.study
    frame = rows[["config_id", *names, "seed", "status"]].rename(columns=_column)
    frame.insert(0, "study", rows[_STUDY])
    cells = {"study": list(rows[_STUDY])}
    cells |= {
        free_heading(cells, parameter_heading(n)): [label(n, value) for value in rows[n]]
        for n in names
    }
    cells[free_heading(cells, "seed")] = [str(seed) for seed in rows["seed"]]
    if not found.is_unlike:  # one heading cannot have two units
        frame["value"] = numbers(rows, measure)
        cells[free_heading(cells, found.measure.scale.heading)] = [
            metric_cell(study, dataset, measure, value)
            for dataset, value in zip(_datasets(rows), frame["value"], strict=True)
        ]
    cells[free_heading(cells, "status")] = [status_words(status) for status in rows["status"]]
    cells[free_heading(cells, "id")] = [one_line(str(value)) for value in rows["config_id"]]
    caption = "Rows without a counterpart in the other study. They do not count."
    return Table(f"{key}-unmatched", caption, cells, frame)
