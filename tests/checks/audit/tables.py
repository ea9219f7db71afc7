"""Small tables to audit, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.checks.audit.table import MEASURED, SETTINGS, Table
from analysis.labs.reference import Protocol, Statement


def table(
    *,
    unit: float = 1e-6,
    num_test: float | None = 14_000,
    protocol: Protocol | None = None,
    statements: Sequence[Statement] = (),
    averaging: str | None = None,
    compared: Sequence[str] = (),
    ceiling: float | None = None,
    is_runs_stated: bool = True,
    **columns: Any,
) -> Table:
    """Return a table with these columns; every number is printed to ``unit``."""
    frame = pd.DataFrame(columns)
    if "test_accuracy" not in frame:
        frame["test_accuracy"] = 0.9
    measured = [c for c in frame if c in MEASURED]
    return Table(
        name="hand-made",
        frame=frame,
        unit=pd.DataFrame(unit, index=frame.index, columns=measured),
        settings=tuple(c for c in map(str, frame) if c in SETTINGS),
        num_test=np.full(len(frame), np.nan if num_test is None else num_test),
        protocol=protocol or Protocol(),
        statements=tuple(statements),
        averaging=averaging,
        compared=tuple(compared),
        ceiling=ceiling,
        is_runs_stated=is_runs_stated,
    )
