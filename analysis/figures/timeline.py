"""What ran when: a bar per trial, in lanes of trials that ran at once."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import pandas as pd

from analysis.figures.chart import LINKS, Chart, Choice, Data, Patch, Spec, values_of
from analysis.figures.panels import colour_choice
from analysis.figures.rows import Rows
from analysis.figures.theme import INK, MUTED, PAGE, SERIES, WIDTH
from analysis.frames.clock import study_clock
from analysis.frames.load import Study

MOST_BARS = 1_000
"""Of more trials the first ones are shown."""
_SLACK = 2.0
"""Beginnings are estimated: bars that overlap by less than this, in seconds, share a lane."""
_STATUSES = {
    "finished": SERIES[0],
    "unconverged": SERIES[5],
    "diverged": SERIES[3],
    "failed": SERIES[1],
    "unfinished": MUTED,
}
"""What became of a trial -> its colour; any other is grey too."""


@dataclass(frozen=True)
class Timeline:
    """What ran when.

    Attributes:
        bars: ``id``, ``start`` and ``end`` (minutes since the first start), ``lane``, ``status``,
            ``epochs``, ``host`` and ``launch``; a line per trial and launch.
        num_lanes: the most trials that ran at once.
        num_trials: how many there were; more than are drawn in a large study.
    """

    bars: pd.DataFrame
    num_lanes: int
    num_trials: int


def timeline_data(study: Study) -> Timeline | None:
    """Return what ran when, from the times of the recorded epochs; None if there are none."""
    clock = study_clock(study)
    if clock.empty:
        return None
    bars = clock.groupby(["trial_key", "launch"], sort=False).agg(
        start=("began", "min"), end=("ended", "max"),
        epochs=("epoch", "count"), host=("host", "last"),
    ).reset_index()  # fmt: skip
    num_trials, bars = len(bars), bars.head(MOST_BARS)
    statuses = study.trials.set_index("trial_key")["status"]
    rows = study.rows[study.rows["same_as"] == ""].drop_duplicates("trial_id", keep="last")
    ids = dict(zip(rows["trial_id"], rows["config_id"], strict=True))
    lanes = _lanes(list(bars["start"]), list(bars["end"]))
    frame = pd.DataFrame(
        {
            "id": [str(ids.get(t, "")) for t in bars["trial_key"]],
            "start": bars["start"] / 60.0,
            "end": bars["end"] / 60.0,
            "lane": lanes,
            "status": [str(statuses.get(t, "")) for t in bars["trial_key"]],
            "epochs": bars["epochs"],
            "host": bars["host"],
            "launch": bars["launch"].astype(str),
        }
    )
    return Timeline(frame, max(lanes) + 1, num_trials)


def _lanes(starts: list[float], ends: list[float]) -> list[int]:
    """Return a lane for each bar so that few overlap, the lowest free one; starts ascend."""
    running: list[tuple[float, int]] = []
    free: list[int] = []
    lanes, most = [], 0
    for start, end in zip(starts, ends, strict=True):
        while running and running[0][0] <= start + _SLACK:
            heapq.heappush(free, heapq.heappop(running)[1])
        lane = heapq.heappop(free) if free else most
        most = max(most, lane + 1)
        lanes.append(lane)
        heapq.heappush(running, (end, lane))
    return lanes


def timeline_chart(rows: Rows | None, data: Timeline, name: str) -> Chart:
    """Return a bar per trial, in lanes of what ran at once, coloured by what became of it."""
    bars = Data(name, {str(c): values_of(data.bars[c]) for c in data.bars})
    long = float(data.bars["end"].max()) > 180
    unit = "/ 60" if long else ""
    height = min(24, max(6, 260 // data.num_lanes)) * data.num_lanes
    status = _status(data)
    spec: Spec = {
        "width": WIDTH - 40,
        "height": max(height, 60),
        "params": list(LINKS),
        "data": {"name": bars.name},
        "transform": [
            *([rows.found()] if rows else []),
            {"calculate": f"datum.start {unit}", "as": "from"},
            {"calculate": f"datum.end {unit}", "as": "to"},
        ],
        "layer": _layers("hours" if long else "minutes", status, rows.tooltip if rows else []),
    }
    if rows is None:
        return Chart(spec, (bars,))
    path = "/layer/0/encoding/color"
    of_fields = colour_choice((*rows.factors, *rows.measures), None, [path]).options
    options: dict[str, Patch] = {"status": {path: status}}
    options |= {name: patch for name, patch in of_fields.items() if patch[path] is not None}
    choice = Choice("colour", options, "status")
    return Chart(spec, (bars, rows.data), (choice,), rows.data.name, "/layer/0", ("x",))


def _status(data: Timeline) -> Spec:
    """Return what became of the trials as a colour."""
    there = sorted(set(data.bars["status"]), key=lambda s: (s not in _STATUSES, s))
    scale = {"domain": there, "range": [_STATUSES.get(status, MUTED) for status in there]}
    return {"field": "status", "type": "nominal", "title": "status", "scale": scale}


def _layers(unit: str, status: Spec, tooltip: list[Spec]) -> list[Spec]:
    """Return the bars, and a frame around the one that is pointed at."""
    told: list[Spec] = [
        *tooltip,
        {"field": "status"},
        {"field": "epochs", "title": "epochs recorded"},
        {"field": "host"},
        {"field": "launch"},
    ]
    title = f"{unit} since the first trial began"
    encoding: Spec = {
        "x": {"field": "from", "type": "quantitative", "title": title, "scale": {"nice": False}},
        "x2": {"field": "to"},
        "y": {"field": "lane", "type": "ordinal", "title": "trials at once", "axis": None},
    }
    is_chosen = "chosen === null || datum.id === '' || chosen[datum.id]"
    opacity: Spec = {"condition": {"test": is_chosen, "value": 1}, "value": 0.15}
    return [
        {
            "mark": {"type": "bar", "stroke": PAGE, "strokeWidth": 0.6},
            "encoding": encoding | {"color": status, "fillOpacity": opacity, "tooltip": told},
        },
        {
            "transform": [{"filter": "datum.id !== '' && datum.id === hot"}],
            "mark": {"type": "bar", "filled": False, "stroke": INK, "strokeWidth": 2},
            "encoding": encoding,
        },
    ]
