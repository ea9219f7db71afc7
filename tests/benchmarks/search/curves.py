"""The figure of the race: the best validation so far, against epochs and against CPU time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analysis.figures.chart import Chart, Data, Spec, values_of
from analysis.figures.theme import SERIES
from analysis.stats.intervals import mean_interval
from tests.benchmarks.search.arms import ARMS

AXES = {"epochs": (0, "epochs trained"), "cpu_seconds": (2, "CPU seconds since the command")}
"""What is drawn along x: its place in a step, and its title."""
NUM_PLACES = 60
LEAST_ACCURACY = 0.74
_WITH_INTERVAL = [ARMS["grid"].title, ARMS["asha_tpe"].title]
"""More bands than these would hide each other; the table has the intervals of all."""
_COLOURS = (*SERIES, "#5b6570")


def race_chart(by_arm: Mapping[str, Mapping[int, Any]]) -> Chart:
    """Return the curves of all arms: the mean of the repeats, of two of them with its interval."""
    first = [arm for arm in ("asha_tpe",) if arm in by_arm]  # of one colour in all panels
    others = [arm for arm in by_arm if arm not in first]
    parts = {"ours": [*first, *(arm for arm in others if ARMS[arm].is_ours)]}
    parts["peers"] = [*first, *(arm for arm in others if not ARMS[arm].is_ours)]
    data, rows = [], []
    for axis in AXES:
        views = []
        for part, arms in parts.items():
            name = f"{axis}_{part}"
            data.append(Data(name, _columns(by_arm, arms, axis)))
            views.append(_view(name, arms, axis))
        rows.append({"hconcat": views, "resolve": {"scale": {"color": "independent"}}})
    return Chart({"vconcat": rows, "resolve": {"scale": {"color": "independent"}}}, tuple(data))


def curve(runs: Sequence[Any], axis: str, places: Sequence[float]) -> list[tuple[float, ...]]:
    """Return (place, mean, low, high) where every run has trained an epoch and none has ended."""
    place = AXES[axis][0]
    points = []
    for x in places:
        values = [_best_at(run["steps"], place, x) for run in runs]
        if any(math.isnan(v) for v in values) or any(x > run[axis] + 1e-9 for run in runs):
            continue
        low, high = mean_interval(values)
        points.append((x, statistics.fmean(values), low, high))
    return points


def _best_at(steps: Sequence[Sequence[float]], place: int, x: float) -> float:
    reached = [step[3] for step in steps if step[place] <= x]
    return reached[-1] if reached else math.nan


def _columns(by_arm: Mapping[str, Any], arms: Sequence[str], axis: str) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {name: [] for name in ("arm", "x", "best", "low", "high")}
    for arm in arms:
        runs = list(by_arm[arm].values())
        most = max(run[axis] for run in runs)
        places = np.unique(np.geomspace(1, most, NUM_PLACES).round(0 if axis == "epochs" else 2))
        for x, mean, low, high in curve(runs, axis, places.tolist()):
            columns["arm"].append(ARMS[arm].title)
            for name, value in (("x", x), ("best", mean), ("low", low), ("high", high)):
                columns[name] += values_of([value])
    return columns


def _view(name: str, arms: Sequence[str], axis: str) -> Spec:
    titles = [ARMS[arm].title for arm in arms]
    colour = {
        "field": "arm",
        "type": "nominal",
        "title": None,
        "scale": {"domain": titles, "range": list(_COLOURS[: len(titles)])},
        "legend": {"columns": 3},
    }
    x = {"field": "x", "type": "quantitative", "title": AXES[axis][1]}
    x |= {"scale": {"type": "log", "nice": False}}
    shown = {"filter": {"field": "arm", "oneOf": _WITH_INTERVAL}}
    accuracy = {"domainMin": LEAST_ACCURACY, "zero": False, "clamp": True}
    y = {"type": "quantitative", "title": "best validation accuracy so far", "scale": accuracy}
    band = {"mark": {"type": "area", "opacity": 0.18, "interpolate": "step-after", "clip": True}}
    line = {"mark": {"type": "line", "interpolate": "step-after", "clip": True}}
    return {
        "data": {"name": name},
        "width": 300,
        "height": 220,
        "encoding": {"x": x, "color": colour},
        "layer": [
            band
            | {
                "transform": [shown],
                "encoding": {"y": y | {"field": "low"}, "y2": {"field": "high"}},
            },
            line | {"encoding": {"y": y | {"field": "best"}}},
        ],
    }
