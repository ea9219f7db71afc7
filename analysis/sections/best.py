"""The best configuration of each group, and what a pick on the test set would have claimed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.frames.arithmetic import warning
from analysis.frames.cells import counted, format_cell
from analysis.frames.columns import is_over, numbers, same_at_every_seed, shown_parameters
from analysis.frames.labels import LABELS, MISSING, heading, label, parameter_heading, status_words
from analysis.frames.load import FINISHED, Study
from analysis.frames.measures import (
    measure_of,
    measures_of,
    metric_cell,
    objective_of,
    picked_by,
    reported_numbers,
    selection_words,
    shown_of,
)
from analysis.frames.seeds import over_seeds
from analysis.frames.selection import GAP, selection_gap
from analysis.frames.summary import candidates, groups_of
from analysis.frames.tables import inert_axes
from analysis.render.document import Paragraph, Section, Table
from analysis.sections.panels import weights
from analysis.sections.results import objective_words
from search_spaces.errors import one_line
from tune_app.study.best_of import best_of_study

UNROUNDED = "Differences are computed from unrounded values."


def best(study: Study, key: str) -> Section | None:
    """Return the pick of each group, and what a pick on test would have claimed.

    It applies to studies that pick: one with ``--best-of`` repeats the picks of another.
    """
    if best_of_study(study.meta) is not None:
        return None
    by, test_metric = groups_of(study), picked_by(study).shown
    same = same_at_every_seed(study)
    gaps = selection_gap(candidates(study), by, study.metric, study.mode, test_metric, same=same)
    if gaps.empty:
        return Section("Best configurations", (Paragraph(nothing_picked(study)),))
    configurations = study.rows.drop_duplicates("config_id").set_index("config_id")
    is_alone = bool((gaps["num_candidates"] + gaps["num_at_fewer_seeds"]).max() < 2)
    records = [
        _best_cells(study, by, gap, configurations, test_metric, is_alone=is_alone)
        for gap in gaps.to_dict("records")
    ]
    cells = {name: [record[name] for record in records] for name in records[0]}
    equal = [name for name in ("candidates", "seeds") if len(records) > len(set(cells[name])) == 1]
    everywhere = {f"num_{name}": int(cells.pop(name)[0]) for name in equal}
    notes = (
        *_everywhere(**everywhere),
        *(() if is_alone else _how_picked(study)),
        *_left_out(by, gaps),
        *_ties(study, by, gaps),
        *warning(study, candidates(study)),
        *(() if picked_by(study).is_optimistic or is_alone else (UNROUNDED,)),
    )
    of = "of each group" if by else "of the study"
    caption = f"The best configuration {of}, {selection_words(study)}."
    if is_alone:
        caption = f"The only configuration {of} with a result."
    table = Table(f"{key}-best", caption, cells, gaps, notes)
    return Section("Best configurations", (table, *weights(study)))


def _how_picked(study: Study) -> tuple[str, ...]:
    """Return how a configuration is picked, and what the columns beside it show."""
    picked = f"The configuration with the {objective_words(study)} is picked"
    repeated = "Rows that repeat a result are not candidates."
    if len(study.meta["seeds"]) > 1:
        repeated += " Those with results at the most seeds come first: failed seeds count against."
    if picked_by(study).is_optimistic:
        return (
            f"{picked}. {repeated}",
            f"No measure of the same quantity on test data is reported, so the pick is shown by "
            f"the values of {one_line(study.metric)} that selected it. The best of several values "
            "is optimistic: new data would give a worse one.",
        )
    return (
        f"{picked}, and its test result is read afterwards. {repeated} The last three columns show "
        "a pick by the test result: its settings, the test result that it would have claimed, and "
        "how much better that is than the test result of the pick on validation.",
    )


def nothing_picked(study: Study) -> str:
    """Return a sentence on why no row can be picked."""
    rows = study.rows
    if rows["status"].isin(FINISHED).any():
        if numbers(rows, study.metric).notna().any():
            return "No row can be picked: every configuration with a result diverged at a seed."
        reported = reported_numbers(study)
        names = ", ".join(map(one_line, reported)) or "no number"
        return (
            f"No row can be picked: the study picks by {one_line(study.metric)}, which no finished "
            f"row reports. Rows report {names}."
        )
    counts = rows["status"].value_counts(sort=False)
    if len(rows) and is_over(study):
        have = ", ".join(f"{number} {status_words(status)}" for status, number in counts.items())
        return f"No row can be picked: no row has a result ({have})."
    return "No row can be picked yet."


def _left_out(by: list[str], gaps: pd.DataFrame) -> tuple[str, ...]:
    """Return a sentence on the configurations that have results at too few seeds to be compared."""
    numbers_of = _configurations(by, gaps[gaps["num_at_fewer_seeds"] > 0], "num_at_fewer_seeds")
    return (f"Not compared, with results at fewer seeds: {numbers_of}.",) if numbers_of else ()


def _ties(study: Study, by: list[str], gaps: pd.DataFrame) -> tuple[str, ...]:
    """Return a sentence on the groups with several equally good configurations."""
    tied = _configurations(by, gaps[gaps["num_tied"] > 1], "num_tied")
    if not tied:
        return ()
    on = " on validation" if selection_words(study).endswith("on validation") else ""
    return (
        f"Equally good{on}: {tied}. The one with the fewest epochs is picked; "
        "if several have as few, the one that was declared first.",
    )


def _configurations(by: list[str], gaps: pd.DataFrame, column: str) -> str:
    """Return a number of configurations for each group: ``MNIST, ResNet-18: 2 configurations``."""
    return "; ".join(
        f"{', '.join(label(name, gap[name]) for name in by)}{': ' if by else ''}"
        f"{counted(gap[column], 'configuration')}"
        for gap in gaps.to_dict("records")
    )


def _everywhere(num_candidates: int | None = None, num_seeds: int | None = None) -> tuple[str, ...]:
    """Return in one sentence what would be a column of equal numbers."""
    texts = []
    if num_candidates is not None:
        texts.append(f"Each is picked from {counted(num_candidates, 'candidate')}.")
    if num_seeds is not None:
        texts.append("One seed each." if num_seeds == 1 else f"Means over {num_seeds} seeds.")
    return (" ".join(texts),) if texts else ()


def _best_cells(
    study: Study,
    by: list[str],
    gap: dict[Any, Any],
    configurations: pd.DataFrame,
    test_metric: str,
    *,
    is_alone: bool,
) -> dict[str, str]:
    config, on_test = configurations.loc[gap["config_id"]], gap["test_picked_config_id"]
    dataset = config.get("dataset")

    def cell(metric: str, value: object) -> str:
        return metric_cell(study, dataset, metric, value, num_seeds=gap["num_seeds"])

    shown, tested = objective_of(study).heading, shown_of(study).heading
    cells = {
        **{heading(name): format_cell(name, gap[name]) for name in by},
        "id": format_cell("id", gap["config_id"]),
        "settings": settings(study, config, by),
        "candidates": str(gap["num_candidates"]),
        "seeds": str(gap["num_seeds"]),
        shown: cell(study.metric, gap[study.metric]),
    }
    if test_metric == study.metric:
        return cells | _other_tests(study, config)
    if is_alone:
        return cells | {tested: cell(test_metric, gap[test_metric])}
    unit = shown_of(study).difference_unit
    return cells | {
        tested: cell(test_metric, gap[test_metric]),
        "picked on test": _on_test(study, by, gap["config_id"], on_test, configurations),
        f"its {tested}": cell(test_metric, gap[f"test_picked_{test_metric}"]),
        f"difference ({unit})" if unit else "difference": cell(test_metric, gap[GAP]),
    }


def _other_tests(study: Study, config: pd.Series[Any]) -> dict[str, str]:
    """Return what else the pick reports on test data, if not the quantity that selected it."""
    joined = over_seeds(study.rows[study.rows["config_id"] == config.name])
    return {
        measure_of(study, name).heading: metric_cell(
            study, config.get("dataset"), name, numbers(joined, name).iloc[0]
        )
        for name in reported_numbers(study)
        if measures_of(study).split(name) == "test"
    }


def _on_test(
    study: Study, by: list[str], pick: object, on_test: Any, configurations: pd.DataFrame
) -> str:
    if on_test is None or pd.isna(on_test):
        return MISSING
    return "same" if on_test == pick else settings(study, configurations.loc[on_test], by)


def settings(
    study: Study, config: pd.Series[Any] | dict[Any, Any], without: list[str], most: int = 0
) -> str:
    """Return what tells a configuration apart in one line, without the names of its group.

    Args:
        study: the study.
        config: the configuration.
        without: parameters to leave out.
        most: the most parameters to name; 0 for all.
    """
    inert = inert_axes(study)
    texts = [
        setting_words(name, config[name])
        for name in dict.fromkeys([*study.factors, *shown_parameters(study)])
        if name in config
        and name not in without
        and name not in inert
        and not pd.isna(config[name])
    ]
    if not most or len(texts) <= most:
        return ", ".join(texts)
    return f"{', '.join(texts[:most])} and {len(texts) - most} more settings"


def setting_words(name: str, value: Any) -> str:
    """Return a setting in words: its name and value; ``SGD`` alone, which needs no name."""
    text = label(name, value)
    is_known = isinstance(value, str) and value in LABELS.get(name, {})
    return text if is_known else f"{parameter_heading(name)} {text}"
