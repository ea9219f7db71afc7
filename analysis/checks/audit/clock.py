"""The clock that times were taken with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FEWEST_TIMES = 4
_MOST_STEPS = 1e15


def tick_of(values: NDArray[np.float64], units: NDArray[np.float64]) -> float:
    """Return the tick of the clock that times (N,) were taken with, 0 if it is finer than print.

    Some clocks tick 64 or 60 times a second; others give multiples of a decimal step.
    """
    usable = np.isfinite(values) & (units > 0)
    if usable.sum() < _FEWEST_TIMES:
        return 0.0
    times, unit = values[usable], float(units[usable].max())
    ticks = [1 / 64, 1 / 60]
    if times.max() / unit < _MOST_STEPS:
        ticks.append(unit * int(np.gcd.reduce(np.rint(times / unit).astype(np.int64))))
    fitting = [
        tick
        for tick in ticks
        if tick > 1.5 * unit and (np.abs(times - np.rint(times / tick) * tick) <= 0.56 * unit).all()
    ]
    return max(fitting, default=0.0)
