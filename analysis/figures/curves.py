"""Learning curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.figures import style
from analysis.figures.scatter import plain_log_axis
from analysis.frames.columns import levels, numbers
from analysis.frames.labels import label
from analysis.frames.load import Study
from analysis.frames.measures import measure_of, measures_of, objective_of
from analysis.frames.selection import SELECTABLE
from analysis.frames.summary import best_data, candidates, curve, groups_of
from tune_app.study.measures import quantity_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_PANELS = 2
MOST_LINES = 16
"""With more trials than this a band from the 10th to the 90th percentile is drawn."""
_LOOKS = {
    "train": ("training, ", "--", style.SERIES[1]),
    "val": ("validation, ", "-", style.SERIES[0]),
    "test": ("test, ", ":", style.SERIES[2]),
    "": ("", "-", style.SERIES[0]),
}
"""Split, empty if unknown -> its name in the legend, its dashes and its colour."""


@dataclass(frozen=True)
class Panel:
    """One quantity of the learning curves.

    Attributes:
        name: its name, with its unit unless it is a share.
        columns: split, empty if unknown -> the measure.
        in_percent: whether it is a share.
    """

    name: str
    columns: Mapping[str, str]
    in_percent: bool = False

    @property
    def shown_of_others(self) -> str:
        """The split on which configurations that were not picked are drawn."""
        return next(split for split in ("val", "", "test", "train") if split in self.columns)


def panels_of(study: Study) -> list[Panel]:
    """Return the quantities that the learning curves show: the objective and the loss.

    If the loss is the objective, the first other quantity with a known direction is the second.
    """
    measures = measures_of(study)
    known = [name for name in study.metric_keys if measures.better(name)]
    others = [quantity_of(name) for name in known if measures.split(name) != "test"]
    panels: list[Panel] = []
    for quantity in dict.fromkeys((quantity_of(study.metric), "loss", *others)):
        columns = {
            measures.split(name) or "": name
            for name in map(str, study.epochs)
            if quantity_of(name) == quantity and numbers(study.epochs, name).notna().any()
        }
        if columns and len(panels) < _MOST_PANELS:
            measure = measure_of(study, columns[next(iter(columns))])
            axis = replace(measure, name=quantity).axis
            panels.append(Panel(axis, columns, measure.in_percent))
    return panels


def curve_panels(study: Study, dataset: Any) -> list[Any]:
    """Return the models of a data set that have epochs to draw; [None] if there are no models."""
    epochs = _epochs(study, dataset)
    if len(epochs) == 0 or study.metric not in epochs:
        return []
    return levels(epochs, "model") if "model" in groups_of(study) else [None]


def curves_data(study: Study, dataset: Any, model: Any, metric: str) -> pd.DataFrame:
    """Return a metric of all trials of a data set and model, (epochs, trials); NaN if missing."""
    epochs = _epochs(study, dataset)
    if model is not None:
        epochs = epochs[epochs["model"] == model]
    values = epochs.assign(value=numbers(epochs, metric))
    return values.pivot_table(index="epoch", columns="trial_key", values="value", dropna=False)


def picked_rows(study: Study, dataset: Any, model: Any) -> pd.DataFrame:
    """Return the rows of the configuration picked on validation, one per seed with a result."""
    best = best_data(study)
    for name, value in (("dataset", dataset), ("model", model)):
        if name in best and value is not None:
            best = best[best[name] == value]
    rows = candidates(study)
    rows = rows[rows["status"].isin(SELECTABLE)]
    return rows[rows["config_id"].isin(best["config_id"].head(1))]


def other_curves(study: Study, dataset: Any, model: Any, metric: str) -> pd.DataFrame:
    """Return ``curves_data`` without the epochs of the picked configuration at any seed."""
    values = curves_data(study, dataset, model, metric)
    picked = picked_rows(study, dataset, model)
    for trial, milestone in zip(picked["trial_id"], picked["milestone"], strict=True):
        if trial in values:  # its later epochs belong to another configuration
            values.loc[values.index <= milestone, trial] = np.nan
    return values.dropna(axis="columns", how="all")


def draw_curves(study: Study, dataset: Any) -> Figure:
    """Draw the panels by epoch: of the picked configurations, and of all others in grey."""
    models, panels = curve_panels(study, dataset), panels_of(study)
    shape = (len(panels), len(models))
    height = 0.6 + 2.0 * len(panels)
    with style.canvas(*shape, height, sharex="col", sharey="row") as (figure, grid):
        for column, model in enumerate(models):
            grid[0][column].set_title(style.plain(label("model", model)) if model else "")
            for line, panel in enumerate(panels):
                axes = grid[line][column]
                _draw_panel(axes, study, dataset, model, panel)
                if column == 0:
                    style.measure_axis(axes, panel.name, in_percent=panel.in_percent)
                if panel.name == "loss" and _is_positive(axes):
                    axes.set_yscale("log")
                    plain_log_axis(axes, "y")
            style.epoch_axis(grid[-1][column])
        figure.align_ylabels()
        style.legend_below(figure, [axes for line in grid[::-1] for axes in line])
    return figure


def _is_positive(axes: Axes) -> bool:
    """Return whether everything drawn so far fits on a logarithmic axis."""
    return bool(axes.lines) and axes.dataLim.y0 > 0


def _draw_panel(axes: Axes, study: Study, dataset: Any, model: Any, panel: Panel) -> None:
    others = panel.shown_of_others
    unpicked = other_curves(study, dataset, model, panel.columns[others])
    draw_many(axes, unpicked, f"{_LOOKS[others][0]}other configurations")
    picked = picked_rows(study, dataset, model)
    width = 1.6 if len(picked) == 1 else 0.9
    for split, (name, dashes, colour) in _LOOKS.items():
        for place, row in enumerate(picked.to_dict("records") if split in panel.columns else ()):
            mine = curve(study, row["trial_id"], row["milestone"])
            values = numbers(mine, panel.columns[split])
            shown = f"{name}picked configuration" if place == 0 else None
            look: dict[str, Any] = {"color": colour, "marker": "o", "ms": 3, "lw": width}
            axes.plot(mine["epoch"], values, dashes, label=shown, **look)


def draw_many(axes: Axes, values: pd.DataFrame, name: str) -> None:
    """Draw many trials in the background, as lines or as a band with its median."""
    if values.shape[1] > MOST_LINES:
        low, middle, high = (values.quantile(q, axis=1) for q in (0.1, 0.5, 0.9))
        axes.fill_between(
            values.index, low, high, color=style.FAINT, lw=0, label=f"{name}: 10–90 %"
        )
        axes.plot(values.index, middle, color=style.MUTED, lw=1, label=f"{name}: median")
        return
    for position, trial in enumerate(values):
        known = values[trial].dropna()
        shown = name if position == 0 else None
        axes.plot(known.index, known, color=style.MUTED, lw=0.7, alpha=0.6, label=shown)


def draw_lengths(study: Study, datasets: list[Any]) -> Figure:
    """Draw the objective by epoch, one row per data set, with the milestones marked."""
    models = max((curve_panels(study, dataset) for dataset in datasets), key=len, default=[])
    height = 0.7 + 1.9 * len(datasets)
    shape = (len(datasets), len(models))
    with style.canvas(*shape, height, sharex=True, sharey="row") as (figure, grid):
        for line, dataset in enumerate(datasets):
            for axes, model in zip(grid[line], models, strict=True):
                title = ", ".join(
                    style.plain(label(name, value))
                    for name, value in (("dataset", dataset), ("model", model))
                    if value is not None
                )
                axes.set_title(title)
                draw_many(axes, curves_data(study, dataset, model, study.metric), "one training")
                for colour, milestone in zip(
                    style.SERIES, levels(study.rows, "epochs"), strict=False
                ):
                    axes.axvline(
                        milestone, color=colour, lw=1.2, ls=":", label=f"{milestone} epochs"
                    )
            objective = objective_of(study)
            style.measure_axis(grid[line][0], objective.axis, in_percent=objective.in_percent)
        for axes in grid[-1]:
            style.epoch_axis(axes)
        style.legend_below(figure, grid[-1])
    return figure


def _epochs(study: Study, dataset: Any) -> pd.DataFrame:
    epochs = study.epochs
    if dataset is not None and "dataset" in epochs:
        epochs = epochs[epochs["dataset"] == dataset]
    return epochs
