"""CPU against GPU: accuracy, time and speed-up per configuration."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from analysis.figures.factors import draw_devices
from analysis.frames.cells import counted, format_cell
from analysis.frames.columns import varied
from analysis.frames.conditions import MARK, NOT_COMPARABLE, marked, note
from analysis.frames.labels import heading, label, parameter_heading, status_words
from analysis.frames.load import FINISHED, Study
from analysis.frames.measures import num_items_of
from analysis.frames.rows import TIMED_ON
from analysis.frames.timing import CONDITIONS, conditions_differ, same_conditions
from analysis.labs.device_arms import arms, device_data
from analysis.render.document import Block, Figure, Paragraph, Section, Table
from analysis.sections.problems import statuses_in_words
from analysis.sections.setup import FLOPS_CONVENTION

_MOST_DRAWN = 40


def devices(study: Study, key: str) -> Section | None:
    """Return both arms side by side. An arm without a result is shown with its status."""
    if "device" not in study.factors:
        return None
    frame = device_data(study)
    keys = [name for name in varied(study) if name != "device"]
    cells = {parameter_heading(c): [label(c, value) for value in frame[c]] for c in keys}
    if frame["seed"].nunique() > 1:
        cells["seed"] = [str(seed) for seed in frame["seed"]]
    for metric, words in (("test_accuracy", "test accuracy (%)"), ("train_seconds", "train (s)")):
        for arm in ("cpu", "cuda"):
            cells[f"{label('device', arm)} {words}"] = [
                _cell(study, record, arm, metric) for record in frame.to_dict("records")
            ]
    cells["speed-up"] = [_speedup(record) for record in frame.to_dict("records")]
    for cost in ("macs", "flops"):
        cells[heading(cost)] = [format_cell(cost, value) for value in frame[cost]]
    notes = (
        "Speed-up: training seconds on the CPU divided by those on the GPU, one run each, if both "
        "have finished and were timed under the same conditions.",
        *_reasons(frame),
        *note(study, _counts(frame)),
        FLOPS_CONVENTION,
    )
    blocks: list[Block] = [
        Table(f"{key}-devices", "The CPU and the GPU arm side by side.", cells, frame, notes)
    ]
    blocks += _pending(study)
    # With one arm the figure would compare nothing.
    if frame[["cpu_train_seconds", "cuda_train_seconds"]].notna().any().all():
        blocks.append(_figure(key, frame, keys, note(study, _counts(frame.head(_MOST_DRAWN)))))
    return Section("CPU against GPU", tuple(blocks))


def _cell(study: Study, record: dict[Any, Any], arm: str, metric: str) -> str:
    status = record[f"{arm}_status"]
    if status is None or pd.isna(status):
        return "not in the study"
    if status not in FINISHED:
        return status_words(status)
    images = num_items_of(study, record.get("dataset"), metric)
    text = format_cell(metric, record[f"{arm}_{metric}"], images)
    if metric != "train_seconds":
        return text
    return marked([text], [record[f"{arm}_num_concurrent_trials"]])[0]


def _speedup(record: dict[Any, Any]) -> str:
    times = (record["cpu_train_seconds"], record["cuda_train_seconds"])
    if pd.isna(record["speedup"]) and all(seconds > 0 for seconds in times):
        return NOT_COMPARABLE
    return format_cell("speedup_vs_cpu", record["speedup"])


def _counts(frame: pd.DataFrame) -> list[float]:
    known = [
        frame.loc[frame[f"{arm}_train_seconds"].notna(), f"{arm}_num_concurrent_trials"]
        for arm in ("cpu", "cuda")
    ]
    return [float(count) for counts in known for count in counts]


def _reasons(frame: pd.DataFrame) -> list[str]:
    """Return why speed-ups are missing although both arms have a time."""
    times = frame[["cpu_train_seconds", "cuda_train_seconds"]].notna().all(axis=1)
    sides = [
        pd.DataFrame({name: frame[f"{arm}_{name}"] for name in (*CONDITIONS, TIMED_ON)}).assign(
            device=arm
        )
        for arm in ("cpu", "cuda")
    ]
    unlike = times & ~same_conditions(*sides)
    if not unlike.any():
        return []
    return [f"Times are not comparable: {conditions_differ(*(side[unlike] for side in sides))}."]


def _pending(study: Study) -> list[Block]:
    """Return a sentence on the rows of each arm without a result, with statuses and reasons."""
    rows = study.rows.assign(arm=arms(study))
    waiting = []
    for arm in ("cpu", "cuda"):
        mine = rows[rows["arm"] == arm]
        without = mine[~mine["status"].isin(FINISHED)]
        if len(without):
            of = f"{len(without)} of {counted(len(mine), 'row')} of the {label('device', arm)} arm"
            waiting.append(f"{of} ({statuses_in_words(without)})")
    if not waiting:
        return []
    text = f"Without a result: {'; '.join(waiting)}. They have no speed-up."
    return [Paragraph(text)]


def _figure(key: str, frame: pd.DataFrame, keys: list[str], notes: tuple[str, ...]) -> Figure:
    names = [", ".join(label(k, record[k]) for k in keys) for record in frame.to_dict("records")]
    if frame["seed"].nunique() > 1:
        names = [f"{name}, seed {seed}" for name, seed in zip(names, frame["seed"], strict=True)]
    known = frame["speedup"].dropna()
    words = (
        f"Speed-ups from {known.min():.1f} to {known.max():.1f}."
        if len(known)
        else "No configuration has finished on both."
    )
    caption = "Training time and test accuracy on CPU and GPU."
    shown, mark = frame.head(_MOST_DRAWN), f" {MARK}" if notes else ""
    draw = partial(draw_devices, shown, names[:_MOST_DRAWN], mark)
    return Figure(f"{key}-devices", caption, f"{caption} {words}", draw, notes=notes)
