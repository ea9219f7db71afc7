"""The grid as parallel coordinates: one axis per varied parameter, one line per configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.figures import style
from analysis.frames.columns import finished, levels, numbers, shown_parameters
from analysis.frames.labels import label, parameter_heading
from analysis.frames.load import Study
from analysis.frames.measures import metric_cell, objective_of
from analysis.frames.pairing import text_keys
from analysis.frames.seeds import over_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FAN = 0.16
"""The share of an axis over which the lines through one value are spread."""


def parallel_data(study: Study) -> dict[str, Any]:
    """Return the data of the interactive figure; empty with fewer than two parameters or lines.

    Returns:
        ``axes``: name and printed values of each varied parameter; ``lines``: for each
        configuration its ``id``, the positions of its values on the axes (None if it has none),
        ``value`` of the measure that selects (mean over seeds) and that as ``text``; ``measure``:
        its name, and ``unit``: its unit, ``%`` for a share.
    """
    objective = objective_of(study)
    rows = over_seeds(finished(study), [objective.name])
    rows = rows[rows[objective.name].notna()]
    keys = [key for key in shown_parameters(study) if len(levels(rows, key)) > 1]
    if len(keys) < 2 or len(rows) < 2:
        return {}
    axes, places = [], []
    for key in keys:
        values = levels(rows, key)
        names = [str(value) for value in values]
        axes.append({"name": parameter_heading(key), "values": [label(key, v) for v in values]})
        places.append([names.index(k) if k in names else None for (k,) in text_keys(rows, [key])])
    lines = [
        {
            "id": config_id,
            "at": list(at),
            "value": value,
            "text": metric_cell(study, dataset, objective.name, value, num_seeds=num_seeds),
        }
        for config_id, at, value, num_seeds, dataset in zip(
            rows["config_id"],
            zip(*places, strict=True),
            numbers(rows, objective.name),
            rows["num_seeds"],
            rows["dataset"] if "dataset" in rows else [None] * len(rows),
            strict=True,
        )
    ]
    return {"axes": axes, "lines": lines, "measure": objective.words, "unit": objective.unit}


def draw_parallel(data: dict[str, Any]) -> Figure:
    """Draw the lines of ``parallel_data``, coloured by the measure that selects."""

    from matplotlib.collections import LineCollection

    lines = sorted(data["lines"], key=lambda line: float(line["value"]))
    low, high = lines[0]["value"], lines[-1]["value"]
    num_axes = len(data["axes"])
    ends = [(line["value"] - low) / (high - low) if high > low else 0.5 for line in lines]
    with style.canvas(1, 1, 3.4) as (figure, [[axes]]):
        # Lines through one value are spread by their ends, so that they do not hide one another.
        heights = [
            [_height(at, axis) + _FAN * (end - 0.5) for at, axis in _values(line, data)] + [end]
            for line, end in zip(lines, ends, strict=True)
        ]
        segments = [np.column_stack([np.arange(num_axes + 1), line]) for line in heights]
        look = {"linewidths": 1, "alpha": 0.75 if len(lines) <= 100 else 0.3}
        axes.add_collection(LineCollection(segments, array=ends, cmap="viridis", **look))
        axes.set_ylim(-0.12, 1.12)
        for place, axis in enumerate(data["axes"]):
            axes.axvline(place, color=style.MUTED, lw=0.8)
            for at, value in enumerate(axis["values"]):
                where = (place, _height(at, axis))
                box = {"facecolor": "#ffffff", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
                axes.annotate(
                    style.plain(value, 14),
                    where,
                    ha="center",
                    va="center",
                    fontsize=7,
                    bbox=box,
                    color="#10202f",
                )
        axes.axvline(num_axes, color=style.MUTED, lw=0.8)
        for height, line in ((0.0, lines[0]), (1.0, lines[-1])):
            text = style.plain(f" {line['text']} {data['unit']}".rstrip())
            axes.annotate(text, (num_axes, height), va="center", fontsize=7)
        names = [style.plain(axis["name"], 14) for axis in data["axes"]]
        words = style.plain(data["measure"], 28).replace(" ", "\n", 1)
        axes.set_xticks(range(num_axes + 1), [*names, words])
        axes.set_yticks([])
        axes.set_xlim(-0.4, num_axes + 0.6)
        axes.grid(visible=False)
        for spine in axes.spines.values():
            spine.set_visible(False)
    return figure


def _values(line: dict[str, Any], data: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    return zip(line["at"], data["axes"], strict=True)


def _height(at: int | None, axis: dict[str, Any]) -> float:
    last = len(axis["values"]) - 1
    return np.nan if at is None else at / last if last > 0 else 0.5
