"""How a study went: results in the order they came, and the best so far."""

from __future__ import annotations

import pandas as pd

from analysis.figures.chart import LINKS, Chart, Choice, Data, Patch, Spec, values_of
from analysis.figures.fields import Field, counting_axis
from analysis.figures.panels import colour_choice, field_choice, panel_choice, panelled
from analysis.figures.rows import Rows, problem_of
from analysis.figures.scatter import point_layers
from analysis.figures.theme import INK
from analysis.frames.columns import numbers
from analysis.frames.load import Study

_HEIGHT = 260


def history_data(study: Study, rows: Rows) -> pd.DataFrame:
    """Return when each configuration had its result, in that order.

    With several seeds it is the time of the last one.

    Returns:
        ``id``, ``place`` (from 1) and ``hours`` since the first epoch of the study; empty if no
        times are recorded.
    """
    ends = _milestone_times(study)
    known = ends[ends["config_id"].isin(rows.frame["config_id"])]
    last = known.groupby("config_id")["end"].max().dropna().sort_values(kind="stable")
    start = numbers(study.epochs, "timestamp").min()
    return pd.DataFrame(
        {
            "id": [str(name) for name in last.index],
            "place": range(1, len(last) + 1),
            "hours": (last.to_numpy() - start) / 3600.0,
        }
    )


def _milestone_times(study: Study) -> pd.DataFrame:
    epochs = study.epochs.drop_duplicates(["trial_key", "epoch"], keep="last")
    if "timestamp" not in epochs:
        return pd.DataFrame(columns=["config_id", "end"])
    times = epochs.assign(end=numbers(epochs, "timestamp"))[["trial_key", "epoch", "end"]]
    rows = study.rows[study.rows["milestone"].notna()]
    rows = rows.astype({"milestone": "float64"})
    merged = rows.merge(
        times.astype({"epoch": "float64"}),
        left_on=["trial_id", "milestone"],
        right_on=["trial_key", "epoch"],
        suffixes=("", "_of_epoch"),
    )
    return merged[["config_id", "end"]]


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
        Choice("x axis", {"order": _x_patch(number), "hours": _x_patch(_hours())}, "order"),
        field_choice("y axis", _directed(rows), objective, _y_patch),
        colour_choice(rows.factors, colour, ["/spec/layer/0/encoding/color"], "shape"),
        panel_choice(rows.factors, panel, 1),
    )
    return Chart(spec, (rows.data, history), choices, rows.data.name, "/spec/layer/0")


def _directed(rows: Rows) -> list[Field]:
    return [m for m in rows.measures if m.better]


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
    title = "hours since the first epoch began to be recorded"
    return {"field": "hours", "type": "quantitative", "title": title, "scale": {"zero": False}}


def _best_so_far(field: Field) -> list[Spec]:
    best = {"op": field.better or "max", "field": field.key, "as": "best"}
    frame: Spec = {"sort": [{"field": "place"}], "frame": [None, 0]}
    frame |= {"groupby": ["panel"]}
    return [{"filter": f"isValid(datum.{field.key})"}, {"window": [best], **frame}]


def _x_patch(x: Spec) -> Patch:
    return {f"/spec/layer/{layer}/encoding/x": x for layer in range(3)}


def _y_patch(field: Field) -> Patch:
    return {
        "/spec/layer/0/encoding/y": field.position(),
        "/spec/layer/2/encoding/y": field.position(),
        "/spec/layer/1/transform": _best_so_far(field),
    }
