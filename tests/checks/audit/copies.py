"""A table and the log that it was made from: rounded or cut, in another order, with more rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.audit import audit_table
from analysis.checks.audit.against import against
from analysis.checks.audit.columns import Options
from analysis.checks.audit.finding import Audit
from analysis.checks.audit.read import read_csv
from tests.checks.audit.writing import Rng, accuracies, cut, file_of, grid, printed, seconds


def audit_of_a_copy(rng: Rng, folder: Path) -> Audit:
    """Audit an honest table against its own log."""
    frame = pd.concat([grid(rng)] * int(rng.choice([1, 1, 3])), ignore_index=True)
    values, time = accuracies(rng, frame, 10_000), seconds(rng, frame)
    write = printed if rng.random() < 0.7 else cut
    digits = int(rng.choice([1, 2]))
    ours = frame.assign(**{"Test Acc (%)": write(100 * values, digits)})
    ours["Train time (s)"] = printed(time, 1)
    log = frame.assign(test_accuracy=values, train_seconds=np.round(time, 4))
    order = rng.permutation(len(frame)) if rng.random() < 0.5 else np.arange(len(frame))
    more = log.iloc[rng.integers(0, len(log), 2)].assign(LR=77.0)
    log = pd.concat([log.iloc[order], more]) if rng.random() < 0.5 else log.iloc[order]
    tables = []
    for name, text in (("table.csv", file_of(rng, ours)), ("log.csv", log.to_csv(index=False))):
        (folder / name).write_text(text, encoding="utf-8")
        tables.append(replace(read_csv(folder / name, Options({})), name=name))
    return audit_table(tables[0], against(*tables))
