"""How a study went: results in the order they came, and the best so far."""

from __future__ import annotations

import pandas as pd

from analysis.figures.chart import LINKS, Chart, Choice, Data, Patch, Spec, values_of
from analysis.figures.fields import Field, counting_axis
from analysis.figures.panels import colour_choice, field_choice, on_layers, panel_choice, panelled
from analysis.figures.rows import Rows, problem_of
from analysis.figures.scatter import point_layers
from analysis.figures.theme import INK
from analysis.frames.clock import study_clock
from analysis.frames.columns import numbers
from analysis.frames.load import Study
from analysis.frames.summary import compared

_HEIGHT = 260


def history_data(study: Study, rows: Rows) -> pd.DataFrame:
    """Return when each configuration had its result, in that order.

    With several seeds it is the time of the last one.

    Returns:
        ``id``, ``place`` (from 1), ``hours`` since the first trial of the study began, and
        ``compared``, whether it can be picked as the best; empty if no times are recorded.
    """
    rows_drawn = study.rows[study.rows["config_id"].isin(rows.frame["config_id"])]
    ends = rows_drawn[["config_id", "trial_id"]].assign(epoch=numbers(rows_drawn, "milestone"))
    timed = ends.merge(
        study_clock(study), left_on=["trial_id", "epoch"], right_on=["trial_key", "epoch"]
    )
    last = timed.groupby("config_id")["ended"].max().dropna().sort_values(kind="stable")
    return pd.DataFrame(
        {
            "id": [str(name) for name in last.index],
            "place": range(1, len(last) + 1),
            "hours": last.to_numpy() / 3600.0,
            "compared": last.index.isin(compared(study)),
        }
    )


def history_chart(rows: Rows, data: pd.DataFrame, name: str, colour: Field | None) -> Chart:
    """Return the measure of each configuration as it came, and the best so far on each data set."""
    history = Data(name, {str(c): values_of(data[c]) for c in data})
    objective, panel = rows.objective, problem_of(rows)
    number = _number(len(data))
    encoding: Spec = {
        "x": number,
        "y": objective.position(),
        "tooltip": [*rows.tooltip, {"field": "hours", "type": "quantitative", "format": ".3~r"}],
    }
    encoding |= colour.marked() if colour else {}
    best: Spec = {
        "transform": _best_so_far(objective),
        "mark": {"type": "line", "interpolate": "step-after", "color": INK, "strokeWidth": 1.6},
        "encoding": {"x": number, "y": {"field": "best", "type": "quantitative"}},
    }
    points, ring = point_layers(encoding, len(data))
    spec = panelled(
        panel,
        {"layer": [points, best, ring]},
        height=_HEIGHT,
        params=list(LINKS),
        data={"name": history.name},
        transform=[rows.found()],
    )
    choices = (
        Choice(
            "x axis", {"order": on_layers("x", number), "hours": on_layers("x", _hours())}, "order"
        ),
        field_choice("y axis", [m for m in rows.measures if m.better], objective, _y_patch),
        colour_choice(rows.factors, colour, ["/spec/layer/0/encoding/color"], "shape"),
        panel_choice(rows.factors, panel, 1),
    )
    return Chart(spec, (rows.data, history), choices, rows.data.name, "/spec/layer/0")


def _number(num_results: int) -> Spec:
    title = "results in the order they came"
    scale: Spec = {"zero": False, "nice": False, "padding": 10}
    axis = counting_axis(range(1, num_results + 1))
    return {
        "field": "place",
        "type": "quantitative",
        "title": title,
        "scale": scale,
        "axis": axis,
    }


def _hours() -> Spec:
    title = "hours since the first trial began"
    return {"field": "hours", "type": "quantitative", "title": title, "scale": {"zero": False}}


def _best_so_far(field: Field) -> list[Spec]:
    value = f"datum.compared && isValid(datum.{field.key}) ? datum.{field.key} : null"
    best = {"op": field.better or "max", "field": "candidate", "as": "best"}
    frame: Spec = {"sort": [{"field": "place"}], "frame": [None, 0], "groupby": ["panel"]}
    return [
        {"calculate": value, "as": "candidate"},
        {"window": [best], **frame},
        {"filter": "isValid(datum.best)"},
    ]


def _y_patch(field: Field) -> Patch:
    best = {"/spec/layer/1/transform": _best_so_far(field)}
    return on_layers("y", field.position(), (0, 2)) | best
