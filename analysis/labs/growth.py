"""How the cost of a support vector machine grows with its number of training images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.frames.columns import finished, numbers
from analysis.frames.load import Study
from analysis.frames.rows import TIMED_ON
from analysis.frames.timing import CONDITIONS, conditions_differ
from analysis.frames.training_time import PROCESSOR

QUANTITIES = ("fit_seconds", "predict_seconds", "num_support_vectors")


def scaling_data(study: Study) -> pd.DataFrame:
    """Return the fits that converged, by number of training images.

    Returns:
        One row per fit: ``dataset`` and ``kernel`` if the study has them, ``num_train_images``,
        ``QUANTITIES``, ``cpu_seconds`` (of the fit), ``test_accuracy``, ``CONDITIONS`` and, if it
        differs, ``timed_on``.
    """
    rows = finished(study)
    rows = rows[rows["status"] == "finished"]
    frame = pd.DataFrame({name: rows[name] for name in ("dataset", "kernel") if name in rows})
    for name in ("num_train_images", *QUANTITIES, PROCESSOR, "test_accuracy", *CONDITIONS):
        frame[name] = numbers(rows, name)
    if TIMED_ON in rows:
        frame[TIMED_ON] = rows[TIMED_ON]
    frame = frame[frame["num_train_images"] > 0]
    return frame.sort_values("num_train_images", kind="stable").reset_index(drop=True)


def exponents_data(study: Study) -> pd.DataFrame:
    """Fit ``quantity = a × n^exponent`` by least squares on the logarithms of both.

    n is the number of training images. Times are fitted only if all times of a group were measured
    under the same conditions.

    Returns:
        One row per data set, kernel and quantity with at least three different n:
        ``exponent``, ``num_points`` and ``r_squared``.
    """
    data = scaling_data(study)
    by = [name for name in ("dataset", "kernel") if name in data]
    records: list[dict[str, Any]] = []
    for names, group in data.groupby(by, sort=False, dropna=False) if by else [((), data)]:
        for quantity in QUANTITIES:
            usable = group[group[quantity] > 0]
            if usable["num_train_images"].nunique() < 3:
                continue
            if quantity.endswith("_seconds") and conditions_differ(usable, usable):
                continue
            x = np.log(usable["num_train_images"].to_numpy())
            y = np.log(usable[quantity].to_numpy())
            slope, intercept = np.polyfit(x, y, 1)
            residual, spread = y - slope * x - intercept, y - y.mean()
            total = float(spread @ spread)
            records.append(
                dict(zip(by, names, strict=True))
                | {"quantity": quantity, "exponent": slope, "num_points": len(usable)}
                | {"r_squared": 1 - float(residual @ residual) / total if total else np.nan}
            )
    columns = [*by, "quantity", "exponent", "num_points", "r_squared"]
    return pd.DataFrame(records, columns=columns)
