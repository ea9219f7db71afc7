"""Figures of the effects of factors, kernels and devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.figures import style
from analysis.figures.scatter import plain_log_axis
from analysis.frames.columns import levels
from analysis.frames.labels import label, parameter_heading
from analysis.frames.measures import Measure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_effects(effects: pd.DataFrame, measure: Measure, column: str) -> Figure:
    """Draw the mean of a measure at every level of every factor, from ``main_effects_data``.

    ``column`` has the means.
    """
    effects = effects[effects[column].notna()]
    factors = list(dict.fromkeys(effects["factor"]))
    datasets = levels(effects, "dataset") if "dataset" in effects else [None]
    places = [
        (f, value) for f in factors for value in levels(effects[effects["factor"] == f], "level")
    ]
    with style.canvas(1, 1, 1.0 + 0.2 * len(places) + 0.1 * len(factors)) as (figure, [[axes]]):
        heights: dict[tuple[str, str], float] = {}
        height = 0.0
        for index, (factor, value) in enumerate(places):
            height += 1.0 + (0.6 if index and factor != places[index - 1][0] else 0.0)
            heights[factor, str(value)] = height
        for index, dataset in enumerate(datasets):
            group = effects if dataset is None else effects[effects["dataset"] == dataset]
            at = [heights[f, str(v)] for f, v in zip(group["factor"], group["level"], strict=True)]
            colour, marker = style.SERIES[index % 6], style.MARKERS[index % 6]
            for factor in factors:
                chosen = (group["factor"] == factor).to_numpy()
                axes.plot(
                    group[column].to_numpy()[chosen],
                    np.array(at)[chosen],
                    color=colour,
                    lw=1,
                    alpha=0.5,
                )
            name = None if dataset is None else style.plain(label("dataset", dataset))
            axes.plot(group[column], at, marker, color=colour, label=name)
        names = [
            style.plain(f"{parameter_heading(factor)} = {label(factor, value)}")
            for factor, value in places
        ]
        axes.set_yticks(list(heights.values()), names)
        axes.invert_yaxis()
        style.measure_axis(axes, f"mean {measure.axis}", "x", in_percent=measure.in_percent)
        style.legend_below(figure, [axes])
    return figure


def draw_svms(table: pd.DataFrame) -> Figure:
    """Draw the test accuracies of SVMs, from ``dataset``, ``kernel``, ``setting`` and accuracy."""
    datasets = levels(table, "dataset")
    most = int(table.groupby("dataset").size().max())
    with style.canvas(1, len(datasets), 1.0 + 0.19 * most) as (figure, grid):
        for axes, dataset in zip(grid[0], datasets, strict=True):
            group = table[table["dataset"] == dataset].sort_values("test_accuracy")
            for index, kernel in enumerate(levels(table, "kernel")):
                chosen = (group["kernel"] == kernel).to_numpy()
                axes.plot(
                    group["test_accuracy"].to_numpy()[chosen],
                    np.flatnonzero(chosen),
                    style.MARKERS[index % 6],
                    color=style.SERIES[index % 6],
                    label=style.plain(label("kernel", kernel)),
                )
            axes.set_yticks(range(len(group)), [style.plain(name) for name in group["setting"]])
            axes.tick_params(axis="y", labelsize=7)
            axes.set_title(style.plain(label("dataset", dataset)))
            style.percent_axis(axes, "test accuracy", "x")
        style.legend_below(figure, grid[0])
    return figure


def draw_scaling(data: pd.DataFrame, exponents: pd.DataFrame, mark: str = "") -> Figure:
    """Draw fit and predict time against the number of training images, with the fitted powers.

    ``mark`` is added to the names of the times.
    """
    panels = (("fit_seconds", "fit (s)"), ("predict_seconds", "predict (s)"))
    by = [name for name in ("dataset", "kernel") if name in data]
    groups = list(data.groupby(by, sort=False)) if by else [((), data)]
    with style.canvas(1, len(panels), 3.4) as (figure, grid):
        for axes, (quantity, name) in zip(grid[0], panels, strict=True):
            axes.set_xscale("log")
            axes.set_yscale("log")
            for index, (names, group) in enumerate(groups):
                text = ", ".join(label(key, value) for key, value in zip(by, names, strict=True))
                points = group[group[quantity] > 0]
                x, y = points["num_train_images"].to_numpy(), points[quantity].to_numpy()
                colour = style.SERIES[index % 6]
                axes.plot(
                    x, y, style.MARKERS[index % 6], label=style.plain(text or "SVM"), color=colour
                )
                fitted = _exponent(exponents, dict(zip(by, names, strict=True)), quantity)
                if fitted is not None and len(x):
                    # The fitted line passes through the mean of the logarithms.
                    scale = np.exp(np.log(y).mean() - fitted * np.log(x).mean())
                    axes.plot(x, scale * x**fitted, lw=1, color=colour)
            axes.set_xlabel("training images")
            axes.set_ylabel(f"{name}{mark}")
            plain_log_axis(axes)
            plain_log_axis(axes, "y")
        style.legend_below(figure, grid[0])
    return figure


def _exponent(exponents: pd.DataFrame, names: dict[str, Any], quantity: str) -> float | None:
    chosen = exponents[exponents["quantity"] == quantity]
    for key, value in names.items():
        chosen = chosen[chosen[key] == value]
    return None if chosen.empty else float(chosen["exponent"].iloc[0])


def draw_devices(data: pd.DataFrame, names: list[str], mark: str = "") -> Figure:
    """Draw training time and test accuracy of the CPU and the GPU arm, from ``device_data``.

    ``mark`` is added to the name of the time.
    """
    panels = (("train_seconds", f"training time (s){mark}"), ("test_accuracy", "test accuracy (%)"))
    with style.canvas(1, 2, 1.1 + 0.3 * len(data), sharey=True) as (figure, grid):
        for axes, (quantity, title) in zip(grid[0], panels, strict=True):
            for index, arm in enumerate(("cpu", "cuda")):
                values = data[f"{arm}_{quantity}"]
                values = values.where(values > 0) if quantity == "train_seconds" else 100 * values
                axes.plot(
                    values,
                    range(len(data)),
                    style.MARKERS[index],
                    color=style.SERIES[index],
                    label=label("device", arm),
                )
            if quantity == "train_seconds" and values.notna().any():
                axes.set_xscale("log")
                plain_log_axis(axes)
            axes.set_xlabel(title)
        grid[0][0].set_yticks(range(len(data)), [style.plain(name) for name in names])
        grid[0][0].set_ylim(len(data) - 0.5, -0.5)
        style.legend_below(figure, grid[0])
    return figure
