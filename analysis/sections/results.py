"""The main table: all configurations, the best first."""

from __future__ import annotations

import pandas as pd

from analysis.frames.arithmetic import warning
from analysis.frames.cells import format_cell, format_spread
from analysis.frames.columns import (
    is_constant,
    levels,
    numbers,
    shown_parameters,
    without_chance,
)
from analysis.frames.conditions import at_once, marked, note
from analysis.frames.labels import MISSING, heading, label, parameter_heading, status_words
from analysis.frames.load import Study
from analysis.frames.measures import (
    measure_of,
    num_items_of,
    objective_of,
    reported_numbers,
    selection_words,
)
from analysis.frames.seeds import over_seeds, spread_column
from analysis.frames.summary import best_data, groups_of
from analysis.frames.tables import inert_axes, study_table
from analysis.frames.training_time import PROCESSOR, WALL, compared_time
from analysis.render.document import Table
from analysis.sections.panels import panel_names
from tune_app.study.best_of import best_of_study
from tune_app.study.trials import HALTED

_TIMES = ("train_seconds", "fit_seconds", "predict_seconds")
_MOST_MEASURES = 7
"""The most measures in the printed table; the CSV has all."""
_BEST = "★"
_COPY = "†"
_ONE_RESULT = "one result"


def rows_table(study: Study, key: str) -> Table:
    """Return the configurations, seeds joined; the frame behind keeps every row and column."""
    metrics = _shown_measures(study)
    frame = over_seeds(study.rows, list(dict.fromkeys([*metrics, study.metric])))
    ascending = study.mode == "min"
    # Missing values sort last, whatever the mode.
    frame = frame.sort_values(study.metric, ascending=ascending, kind="stable", na_position="last")
    best = set() if best_of_study(study.meta) else set(best_data(study)["config_id"])
    parameters = [*shown_parameters(study), *_of_some(study)] or list(study.factors)
    marks = [_BEST if config_id in best else "" for config_id in frame["config_id"]]
    cells, filters = {"pick": marks}, []
    for name in parameters:
        if name in frame:
            filters.append(free_heading(cells, parameter_heading(name)))
            cells[filters[-1]] = [label(name, value) for value in frame[name]]
    copies = [bool(same_as) for same_as in frame["same_as"]]
    for metric in metrics:
        cells[free_heading(cells, measure_of(study, metric).heading)] = _metric_cells(
            study, frame, metric, copies
        )
    if len(set(study.meta["seeds"])) > 1:
        pairs = zip(frame["num_seeds"], frame["num_planned"], strict=True)
        same = frame["config_id"].isin(without_chance(study))
        cells[free_heading(cells, "seeds")] = [
            _ONE_RESULT if copied and have > 1 else f"{have}/{planned}"
            for (have, planned), copied in zip(pairs, same, strict=True)
        ]
    if set(study.rows["status"]) != {"finished"}:
        cells[free_heading(cells, "status")] = _statuses(study, frame)
    cells[free_heading(cells, "id")] = [format_cell("id", value) for value in frame["config_id"]]
    panels = panel_names(study, key)
    return Table(
        key,
        _caption(study),
        cells,
        study_table(study),
        (
            *_notes(study, bool(best), copies, bool({WALL, PROCESSOR} & {*metrics})),
            *_time_note(study, frame, metrics),
        ),
        frozenset(i for i, mark in enumerate(marks) if mark),
        tuple(filters),
        f"{key}-rows",
        {c: s for c, s in zip(frame["config_id"], frame["same_as"], strict=True) if s},
        tuple(panels.get(config_id, "") for config_id in frame["config_id"]),
    )


def _of_some(study: Study) -> list[str]:
    """Return the factors that have one value in some rows, and do not exist in the others."""
    known = [name for name in study.factors if name in study.rows]
    one = [name for name in known if len(levels(study.rows, name)) == 1]
    return [name for name in one if not is_constant(study.rows, name)]


def _shown_measures(study: Study) -> list[str]:
    """Return the measures of the printed table; the first sorts it."""
    names = reported_numbers(study)
    is_said = compared_time(study) != WALL or "fit_seconds" in names
    return [n for n in names if n != WALL or not is_said][:_MOST_MEASURES]


def _metric_cells(study: Study, frame: pd.DataFrame, metric: str, copies: list[bool]) -> list[str]:
    texts = []
    datasets = frame["dataset"] if "dataset" in frame else [None] * len(frame)
    measure = measure_of(study, metric)
    tested = numbers(frame, measure.counts or "")
    for value, spread, dataset, counted, copy in zip(
        frame[metric],
        frame[spread_column(study.rows, metric)],
        datasets,
        tested,
        copies,
        strict=True,
    ):
        known = counted if counted > 0 else None
        items = known or num_items_of(study, dataset, metric)
        text = format_spread(metric, value, spread, items, as_share=measure.in_percent)
        is_copied = copy and metric in (*_TIMES, PROCESSOR) and text != MISSING
        texts.append(f"{text} {_COPY}" if is_copied else text)
    return marked(texts, at_once(study, frame["config_id"])) if metric in _TIMES else texts


def _statuses(study: Study, frame: pd.DataFrame) -> list[str]:
    grouped = study.rows.groupby("config_id", sort=False)["status"].unique()
    halted = _halted(study)
    return [halted.get(i) or ", ".join(map(status_words, grouped[i])) for i in frame["config_id"]]


def _halted(study: Study) -> dict[str, str]:
    """Return how far each configuration of one row came that was ended early, and its value."""
    rows, measure = study.rows, objective_of(study)
    rows = rows[rows["status"].isin(HALTED) & ~rows["config_id"].duplicated(keep=False)]
    ends = study.epochs.groupby("trial_key")["epoch"].max()
    known = study.epochs[numbers(study.epochs, measure.name).notna()].sort_values("epoch")
    last = known.drop_duplicates("trial_key", keep="last").set_index("trial_key")
    words = {}
    for _, row in rows[rows["trial_id"].isin(last.index)].iterrows():
        epoch, value = last.loc[row["trial_id"], ["epoch", measure.name]]
        text = measure.value(value, num_items_of(study, row.get("dataset"), measure.name))
        end = ends[row["trial_id"]]
        earlier = f" at epoch {epoch:.0f}" if epoch != end else ""
        words[row["config_id"]] = (
            f"{status_words(row['status'])} at epoch {end:.0f}: {text}{earlier}"
        )
    return words


def free_heading(cells: dict[str, list[str]], name: str) -> str:
    """Return a heading that is still free: a user's parameter may have the name of a column."""
    while name in cells:
        name += "\u2032"
    return name


def _caption(study: Study) -> str:
    constant = [
        f"{parameter_heading(name)} {label(name, levels(study.rows, name)[0])}"
        for name in study.factors
        if name in study.rows and is_constant(study.rows, name)
    ]
    same = f" All have {', '.join(constant)}." if constant else ""
    return f"All configurations, the {objective_words(study)} first.{same}"


def objective_words(study: Study) -> str:
    """Return what the study picks by: ``highest validation accuracy (%)``."""
    end = "highest" if study.mode == "max" else "lowest"
    return f"{end} {objective_of(study).heading}"


def _notes(study: Study, is_marked: bool, copies: list[bool], timed: bool) -> tuple[str, ...]:
    notes = []
    whose = f"its {group_words(study)}" if groups_of(study) else "the study"
    if is_marked:
        notes.append(f"{_BEST} The best configuration of {whose}, {selection_words(study)}.")
    if len(set(study.meta["seeds"])) > 1:
        notes.append("Mean ± sample standard deviation over the seeds with a result.")
        if without_chance(study):
            notes.append(f"Seeds, {_ONE_RESULT}: the seed changes nothing but the times.")
    if any(copies) and timed:
        axes = ", ".join(inert_axes(study)) or "the parameters they differ in"
        notes.append(
            f"{_COPY} The time of another row that differs only in {axes} and shares the training, "
            f"so times at different values of {axes} cannot be compared."
        )
    if len(reported_numbers(study)) > _MOST_MEASURES:
        notes.append("The table's CSV file has every reported number.")
    if "test_f1" in study.metric_keys and not study.is_own:
        notes.append("Precision, recall and F1 are macro averages over the classes.")
    return (*notes, *warning(study))


def _time_note(study: Study, frame: pd.DataFrame, metrics: list[str]) -> tuple[str, ...]:
    times = [numbers(frame, metric).notna() for metric in metrics if metric in _TIMES]
    if not times:
        return ()
    return note(study, at_once(study, frame.loc[pd.concat(times, axis=1).any(axis=1), "config_id"]))


def group_words(study: Study) -> str:
    """Return the groups for which a best configuration is picked: ``data set and model``."""
    names = [heading(name) for name in groups_of(study)]
    return " and ".join(names) or "study"
