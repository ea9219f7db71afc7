"""The CPU and the GPU arm of a study over devices, side by side."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.frames.columns import numbers, varied
from analysis.frames.load import Study
from analysis.frames.pairing import side_by_side, text_keys
from analysis.frames.pairs import time_ratios
from analysis.frames.rows import TIMED_ON
from analysis.frames.timing import CONDITIONS


def speedups(study: Study) -> pd.Series[float]:
    """Return how many times faster each GPU row trained than its counterpart on a CPU.

    Returns:
        Ratios with the index of the rows; NaN for CPU rows, for rows without a counterpart, and if
        the two were not timed under the same conditions.
    """
    rows = study.rows.assign(arm=arms(study))
    keys = [key for key in study.config_keys if key != "device" and key in rows]
    pairs = side_by_side(rows, "arm", ("cpu", "cuda"), [*keys, "seed"])
    cpu, gpu = (
        rows.loc[pairs[side], [n for n in (*CONDITIONS, TIMED_ON, "device") if n in rows]]
        .assign(train_seconds=numbers(rows.loc[pairs[side]], "train_seconds"))
        .set_axis(pairs.index)
        for side in (0, 1)
    )
    found = pd.Series(float("nan"), index=rows.index, dtype="float64")
    found.loc[pairs[1]] = time_ratios(cpu, gpu).to_numpy()
    return found


def device_data(study: Study) -> pd.DataFrame:
    """Return the CPU and the GPU arm of each configuration side by side.

    Returns:
        One row per configuration and seed: the varied parameters except ``device``, ``seed``, for
        each arm (``cpu``, ``cuda``) ``<arm>_status``, ``<arm>_test_accuracy``,
        ``<arm>_train_seconds``, ``<arm>_num_concurrent_trials``, ``<arm>_num_threads`` and
        ``<arm>_timed_on``, then
        ``speedup`` (from ``speedups``), ``macs``, ``flops`` and ``num_test`` if either arm has
        recorded them.
    """
    keys = [key for key in varied(study) if key != "device"]
    rows = study.rows.assign(arm=arms(study), speedup=speedups(study))
    others = [key for key in study.config_keys if key != "device" and key in rows]
    measured = ("test_accuracy", "train_seconds", *CONDITIONS, TIMED_ON)
    records: dict[tuple[str, ...], dict[str, Any]] = {}
    identities = text_keys(rows, [*others, "seed"])
    for identity, row in zip(identities, rows.to_dict("records"), strict=True):
        record = records.setdefault(identity, {key: row[key] for key in (*keys, "seed")})
        if row["arm"] not in ("cpu", "cuda"):
            continue
        record |= {f"{row['arm']}_{name}": row.get(name) for name in ("status", *measured)}
        shared = ("macs", "flops", "num_test", "speedup")
        record |= {name: row[name] for name in shared if not pd.isna(row.get(name))}
    columns = [f"{arm}_{name}" for arm in ("cpu", "cuda") for name in ("status", *measured)]
    frame = pd.DataFrame(list(records.values()), columns=None if records else [*keys, "seed"])
    for column in (*columns, "speedup", "macs", "flops", "num_test"):
        if column not in frame:
            frame[column] = None
        if not column.endswith(("_status", TIMED_ON)):
            frame[column] = numbers(frame, column)
    return frame


def arms(study: Study) -> pd.Series[Any]:
    """Return the device that each row's configuration asks for; else the one it ran on."""
    asked = {c["config_id"]: c["config"].get("device") for c in study.meta["configurations"]}
    wanted = study.rows["config_id"].map(asked)
    return wanted.where(wanted.isin(["cpu", "cuda"])).fillna(study.rows["device"])
