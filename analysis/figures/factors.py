"""Figures of kernels, of training sizes and of devices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.figures.chart import Chart, Data, Spec, values_of
from analysis.figures.theme import (
    WHOLE,
    WIDTH,
    cut,
    distinct,
    facet,
    groups,
    label_room,
    series,
)
from analysis.frames.columns import levels
from analysis.frames.labels import label, parameter_heading

_LOG: Spec = {"type": "log", "nice": False, "padding": 12}
_LEAST_PANEL = 170
"""With less room beside the labels panels stand one above the other."""
_FEW: Spec = {"format": "~g"}


def draw_svms(table: pd.DataFrame) -> Chart:
    """Draw the test accuracies of SVMs, from ``dataset``, ``kernel``, ``setting`` and accuracy."""
    datasets = levels(table, "dataset")
    titles = [cut(label("dataset", dataset)) for dataset in datasets]
    kernels = [cut(label("kernel", kernel)) for kernel in levels(table, "kernel")]
    table = table.sort_values("test_accuracy", ascending=False, kind="stable")
    columns: dict[str, list[Any]] = {
        "panel": [cut(label("dataset", value)) for value in table["dataset"]],
        "kernel": [cut(label("kernel", value)) for value in table["kernel"]],
        "setting": [cut(value) for value in table["setting"]],
        "accuracy": values_of(100 * table["test_accuracy"]),
    }
    drawn = series("kernel", kernels, "kernel")
    x: Spec = {"field": "accuracy", "type": "quantitative", "title": "test accuracy (%)"}
    y: Spec = {"field": "setting", "type": "nominal", "title": None}
    y |= {"sort": {"field": "accuracy", "order": "descending"}, "axis": {"labelLimit": WHOLE}}
    told: list[Spec] = [
        {"field": "panel", "title": parameter_heading("dataset")},
        {"field": "setting"},
        {"field": "kernel"},
    ]
    encoding: Spec = {
        "x": x | {"scale": {"zero": False}},
        "y": y,
        "color": drawn,
        "shape": drawn,
        "tooltip": [*told, x | {"format": ".2f"}],
    }
    room = label_room(columns["setting"]) + 20
    per_line = 2 if len(titles) > 1 and 2 * (room + _LEAST_PANEL) <= WIDTH else 1
    spec: Spec = {
        "data": {"name": "svms"},
        "facet": facet(titles),
        "columns": per_line,
        "spec": {
            "width": WIDTH // per_line - room,
            "height": {"step": 17},
            "mark": {"type": "point", "filled": True, "size": 60},
            "encoding": encoding,
        },
        "resolve": {"scale": {"y": "independent"}},
        "usermeta": {"panels": len(titles)},
    }
    return Chart(spec, (Data("svms", columns),))


def draw_scaling(data: pd.DataFrame, exponents: pd.DataFrame, mark: str = "") -> Chart:
    """Draw fit and predict time against the number of training images, with the fitted powers.

    ``mark`` is added to the names of the times.
    """
    quantities = {"fit_seconds": f"fit (s){mark}", "predict_seconds": f"predict (s){mark}"}
    columns = _scaling_columns(data, exponents, quantities)
    spec: Spec = {
        "data": {"name": "scaling"},
        "facet": facet(list(quantities.values())),
        "columns": 2,
        "spec": {
            "width": (WIDTH - 130) // 2,
            "height": 250,
            "layer": _scaling_layers(list(dict.fromkeys(columns["group"])), _groups_of(data)),
        },
        "resolve": {"scale": {"y": "independent"}},
        "usermeta": {"panels": 2},
    }
    return Chart(spec, (Data("scaling", columns),))


def _groups_of(data: pd.DataFrame) -> list[str]:
    return [column for column in ("dataset", "kernel") if column in data]


def _scaling_columns(
    data: pd.DataFrame, exponents: pd.DataFrame, quantities: dict[str, str]
) -> dict[str, list[Any]]:
    """Return a line per size and quantity, with the time measured and the one of the power."""
    by = _groups_of(data)
    columns: dict[str, list[Any]] = {c: [] for c in ("panel", "group", "size", "time", "fitted")}
    for names, group in data.groupby(by, sort=False) if by else [((), data)]:
        text = cut(", ".join(label(k, v) for k, v in zip(by, names, strict=True)) or "SVM")
        for quantity, title in quantities.items():
            points = group[group[quantity] > 0].sort_values("num_train_images")
            x, y = (points[c].to_numpy(dtype=float) for c in ("num_train_images", quantity))
            power = _exponent(exponents, dict(zip(by, names, strict=True)), quantity)
            fitted: Any = [None] * len(x)
            if power is not None and len(x):
                # The fitted line passes through the mean of the logarithms.
                fitted = np.exp(np.log(y).mean() - power * np.log(x).mean()) * x**power
            columns["panel"] += [title] * len(x)
            columns["group"] += [text] * len(x)
            columns["size"] += values_of(x)
            columns["time"] += values_of(y)
            columns["fitted"] += values_of(fitted)
    return columns


def _scaling_layers(names: list[str], by: list[str]) -> list[Spec]:
    """Return the fitted powers as lines, and what was measured as points."""
    title = ", ".join(map(parameter_heading, by)) or "method"
    drawn = series("group", names, title)
    log: Spec = {"type": "quantitative", "scale": _LOG, "axis": _FEW}
    x: Spec = log | {"field": "size", "title": "training images"}
    told: list[Spec] = [
        {"field": "group", "title": title},
        {"field": "size", "title": "training images"},
        {"field": "time", "title": "seconds", "type": "quantitative", "format": ".3~r"},
    ]
    y = {column: log | {"field": column, "title": None} for column in ("fitted", "time")}
    return [
        {
            "transform": [{"filter": "isValid(datum.fitted)"}],
            "mark": {"type": "line", "strokeWidth": 1},
            "encoding": {"x": x, "y": y["fitted"], "color": drawn},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 60},
            "encoding": {
                "x": x,
                "y": y["time"],
                "color": drawn,
                "shape": drawn,
                "tooltip": told,
            },
        },
    ]


def _exponent(exponents: pd.DataFrame, names: dict[str, Any], quantity: str) -> float | None:
    chosen = exponents[exponents["quantity"] == quantity]
    for key, value in names.items():
        chosen = chosen[chosen[key] == value]
    return None if chosen.empty else float(chosen["exponent"].iloc[0])


def draw_devices(data: pd.DataFrame, names: list[str], mark: str = "") -> Chart:
    """Draw training time and test accuracy of the CPU and the GPU arm, from ``device_data``.

    ``mark`` is added to the name of the time.
    """
    rows = distinct(map(cut, names))
    columns: dict[str, list[Any]] = {c: [] for c in ("row", "device", "seconds", "accuracy")}
    for arm in ("cpu", "cuda"):
        seconds = data[f"{arm}_train_seconds"]
        columns["row"] += rows
        columns["device"] += [label("device", arm)] * len(rows)
        columns["seconds"] += values_of(seconds.where(seconds > 0))
        columns["accuracy"] += values_of(100 * data[f"{arm}_test_accuracy"])
    has_times = any(value is not None for value in columns["seconds"])
    times: Spec = {"field": "seconds", "title": f"training time (s){mark}"}
    results: Spec = {"field": "accuracy", "title": "test accuracy (%)"}
    whole, none = {"labelLimit": WHOLE}, {"labels": False}
    panels = [
        _device_panel(times | {"scale": _LOG if has_times else {"zero": False}}, rows, whole),
        _device_panel(results | {"scale": {"zero": False}}, rows, none),
    ]
    spec: Spec = {"data": {"name": "devices"}, "hconcat": panels}
    return Chart(spec, (Data("devices", columns),))


def _device_panel(x: Spec, rows: list[str], axis: Spec) -> Spec:
    """Return a point per row and device."""
    drawn = series("device", [label("device", arm) for arm in ("cpu", "cuda")], "device")
    number: Spec = {"type": "quantitative"}
    told: list[Spec] = [
        {"field": "row", "title": "configuration"},
        {"field": "device"},
        number | {"field": "seconds", "format": ".3~r", "title": "training time (s)"},
        number | {"field": "accuracy", "format": ".2f", "title": "test accuracy (%)"},
    ]
    encoding: Spec = {
        "x": number | x | {"axis": _FEW},
        "y": groups("row", rows) | {"axis": axis},
        "color": drawn,
        "shape": drawn,
        "tooltip": told,
    }
    mark: Spec = {"type": "point", "filled": True, "size": 60}
    width = (WIDTH - label_room(rows)) // 2 - 20
    return {"width": width, "height": {"step": 22}, "mark": mark, "encoding": encoding}
