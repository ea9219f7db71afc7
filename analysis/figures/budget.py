"""What a smaller search would have found: the expected best of n trials."""

from __future__ import annotations

import json
from collections.abc import Collection

import numpy as np
import pandas as pd

from analysis.figures.chart import Chart, Choice, Data, Patch, Spec, values_of
from analysis.figures.panels import on_layers, panelled
from analysis.figures.rows import Rows, problem_of
from analysis.figures.theme import SERIES, cut
from analysis.frames.columns import numbers
from analysis.stats.budget import expected_best

FEWEST = 5
MOST_STEPS = 120
"""Of more numbers of trials so many are drawn, denser where they are small."""


def budget_data(rows: Rows, compared: Collection[str]) -> pd.DataFrame:
    """Return the expected best of 1 … n configurations, for each data set.

    Args:
        rows: the finished configurations.
        compared: the config_ids that can be picked as the best; the others do not count.

    Returns:
        ``panel`` (the data set, empty without one), ``trials``, ``best``, ``low`` and ``high`` (one
        standard deviation around it, at most the best that was found) and, if the configurations
        have a time, ``hours`` one after another.
    """
    objective, problem = rows.objective, problem_of(rows)
    frame = pd.DataFrame({"score": pd.Series(objective.values, dtype="float64")})
    frame["panel"] = list(problem.values) if problem else ""
    name = rows.time
    frame = frame[rows.frame["config_id"].isin(list(compared))]
    parts = []
    for panel, group in frame.groupby("panel", sort=False):
        if len(group) < FEWEST:
            continue
        seconds = numbers(rows.frame.loc[group.index], name) if name else None
        mode = objective.better or "max"
        steps = np.unique(np.geomspace(1, len(group), MOST_STEPS).round().astype(int))
        found = expected_best(group["score"], seconds, mode=mode, sizes=steps.tolist())
        best, ends = found["expected_best"], (group["score"].min(), group["score"].max())
        part = pd.DataFrame(
            {
                "panel": panel,
                "trials": found["num_trials"],
                "best": best,
                "low": (best - found["sd"]).clip(*ends),
                "high": (best + found["sd"]).clip(*ends),
            }
        )
        parts.append(part.assign(hours=found["expected_hours"]) if name else part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def budget_chart(rows: Rows, data: pd.DataFrame, name: str) -> Chart:
    """Return the expected best against the number of trials, or against their hours."""
    objective = rows.objective
    y: Spec = objective.position() | {"title": f"expected best {objective.title}"}
    told: list[Spec] = [
        {"field": column, "type": "quantitative", "format": form, "title": title}
        for column, form, title in (
            *(("trials", "d", "configurations"), ("hours", ".3~r", "hours")),
            ("best", objective.legend()["format"], "expected best"),
            ("low", objective.legend()["format"], "one standard deviation, from"),
            ("high", objective.legend()["format"], "to"),
        )
        if column in data
    ]
    x = _x("trials", "configurations tried")
    band: Spec = {
        "mark": {"type": "area", "fillOpacity": 0.2, "color": SERIES[0]}
        | {"stroke": SERIES[0], "strokeWidth": 0.6},
        "encoding": {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}},
    }
    line: Spec = {
        "mark": {"type": "line", "strokeWidth": 2, "color": SERIES[0]},
        "encoding": {"x": x, "y": y | {"field": "best"}},
    }
    point: Spec = {
        "mark": {"type": "point", "filled": True, "size": 50, "opacity": 0},
        "encoding": {"x": x, "y": y | {"field": "best"}, "tooltip": told},
    }
    problem = problem_of(rows)
    spec = panelled(problem, {"layer": [band, line, point]}, height=240, data={"name": name})
    # The data have the value of the panel already.
    before = f"{cut(problem.title)}: " if problem else ""
    spec["transform"] = [{"calculate": f"{json.dumps(before)} + datum.group", "as": "panel"}]
    columns = {str(c): values_of(data[c]) for c in data if c != "panel"}
    columns["group"] = [str(value) for value in data["panel"]]
    options: dict[str, Patch] = {"configurations": on_layers("x", x)}
    if "hours" in data:
        hours = _x("hours", "hours of training, one after another")
        options["hours"] = on_layers("x", hours)
    choice = Choice("x axis", options, "configurations")
    return Chart(spec, (Data(name, columns),), (choice,))


def _x(column: str, title: str) -> Spec:
    # Most is gained by the first few.
    named: Spec = {"field": column, "type": "quantitative", "title": title}
    return named | {"scale": {"type": "log", "nice": False}, "axis": {"format": "~g"}}
