"""Figures of accuracy against cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.figures import style
from analysis.frames.columns import finished, levels, numbers
from analysis.frames.conditions import at_once
from analysis.frames.labels import label
from analysis.frames.load import Study
from analysis.frames.measures import objective_of
from analysis.frames.seeds import over_seeds
from analysis.frames.summary import groups_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def cost_data(study: Study, cost: str) -> pd.DataFrame:
    """Return the configurations with the objective and a positive cost.

    With several seeds the values are means, because single runs make the front by chance.

    Returns:
        ``dataset``, ``series`` (the group for which a best configuration is picked, as printed),
        ``cost``, ``value`` (the objective), ``num_concurrent_trials`` (the most at any seed) and
        ``on_front``: whether no other configuration of the data set is at least as good in both
        and better in one (Pareto front).
    """
    rows = over_seeds(finished(study), (cost, study.metric))
    key = next((name for name in groups_of(study) if name != "dataset" and name in rows), None)
    scale = 1e6 if cost == "flops" else 1.0
    frame = pd.DataFrame({"cost": numbers(rows, cost) / scale})
    frame["value"] = numbers(rows, study.metric)
    frame["num_concurrent_trials"] = at_once(study, rows["config_id"])
    frame["series"] = [label(key, value) for value in rows[key]] if key else "all"
    frame["dataset"] = rows.get("dataset", "")
    frame = frame[(frame["cost"] > 0) & frame["value"].notna()].reset_index(drop=True)
    frame["on_front"] = False
    sign = 1 if study.mode == "max" else -1
    for _, group in frame.groupby("dataset"):
        gains = sign * group["value"].to_numpy()
        frame.loc[group.index, "on_front"] = pareto_front(group["cost"].to_numpy(), gains)
    return frame


def pareto_front(costs: np.ndarray[Any, Any], gains: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return which points are on the Pareto front of (n,) costs, to be low, and (n,) gains."""
    order = np.lexsort((-gains, costs))
    before = np.concatenate([[-np.inf], np.maximum.accumulate(gains[order])[:-1]])
    front = np.zeros(len(costs), dtype=bool)
    front[order] = gains[order] > before
    return front


def draw_cost(study: Study, cost: str, name: str) -> Figure:
    """Draw the objective against a cost, a panel per data set, with the Pareto front."""
    data = cost_data(study, cost)
    datasets = levels(data, "dataset")
    with style.canvas(1, len(datasets), 3.2) as (figure, grid):
        for axes, dataset in zip(grid[0], datasets, strict=True):
            _draw_points(axes, data[data["dataset"] == dataset])
            axes.set_title(style.plain(label("dataset", dataset)))
            axes.set_xscale("log")
            plain_log_axis(axes)
            axes.set_xlabel(name)
            objective = objective_of(study)
            style.measure_axis(axes, objective.axis, in_percent=objective.in_percent)
        style.legend_below(figure, grid[0])
    return figure


def _draw_points(axes: Axes, data: pd.DataFrame) -> None:
    front = data[data["on_front"]].sort_values("cost")
    axes.step(
        front["cost"],
        front["value"],
        where="post",
        color=style.MUTED,
        lw=1,
        marker="o",
        ms=8,
        mfc="none",
        label="Pareto front",
    )
    for index, series in enumerate(sorted(set(data["series"]))):
        points = data[data["series"] == series]
        axes.scatter(
            points["cost"],
            points["value"],
            s=22,
            marker=style.MARKERS[index % len(style.MARKERS)],
            color=style.SERIES[index % len(style.SERIES)],
            alpha=0.8,
            linewidths=0,
            label=style.plain(series),
        )


def plain_log_axis(axes: Axes, axis: str = "x") -> None:
    """Label a logarithmic axis with plain numbers, also where it spans less than a decade."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    where = axes.xaxis if axis == "x" else axes.yaxis
    low, high = axes.get_xlim() if axis == "x" else axes.get_ylim()
    # Use powers of ten, or values between them; if neither gives enough ticks, round numbers.
    locators = (LogLocator(subs=subs) for subs in ((1.0,), (1.0, 2.0, 5.0)))
    readable = (
        locator
        for locator in locators
        if 3 <= sum(low <= tick <= high for tick in locator.tick_values(low, high)) <= 7
    )
    where.set_major_locator(next(readable, MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10])))
    where.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    where.set_minor_locator(NullLocator())
