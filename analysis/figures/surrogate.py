"""A random forest fitted to a study's results: which factors matter, and the surface between two.

Source of the importances: Breiman, "Random Forests" (2001), section 10, on rows that the forest was
not fitted to.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.figures.fields import Field, are_crossed
from analysis.figures.rows import Rows

FEWEST_ROWS = 24
NUM_FORESTS = 10
MOST_ROWS = 2_000
"""Of more configurations an even sample is used."""
_NUM_TREES = 25
_NUM_SHUFFLES = 5
_NUM_STEPS = 24
_NUM_AVERAGED = 60
_MOST_PAIRED = 4


@dataclass(frozen=True)
class Importances:
    """How much worse a forest predicts when the values of one factor are shuffled.

    Attributes:
        frame: ``factor`` (its title), ``mean``, ``low`` and ``high``: the rise of the squared error
            of new rows, as a share of the sum over all factors, its mean and the range over the
            forests; the largest first. A rise by chance below zero counts as none, so that the
            shares of a forest are at least 0 and their sum is 1.
        explained: the share of the variance of new rows that the forests explain, on average.
        num_forests: the number of forests that need a factor at all, each with its own seed and
            its own new rows.
    """

    frame: pd.DataFrame
    explained: float
    num_forests: int


def matrix_of(fields: Sequence[Field]) -> NDArray[np.float64]:
    """Return factors as numbers, (rows, factors): the place of a level, or the number itself."""
    columns = []
    for field in fields:
        if field.is_discrete:
            places = {value: place for place, value in enumerate(field.order)}
            columns.append([float(places[value]) for value in field.values])
        else:
            known = [v for v in field.values if v is not None]
            missing = min(known, default=0.0) - 1.0
            columns.append([missing if v is None else float(v) for v in field.values])
    return np.array(columns, dtype=float).T


def importances(rows: Rows, measure: Field) -> Importances | None:
    """Return the importance of each factor for a measure; None with too few rows or factors."""
    known = _known(measure)
    if len(rows.factors) < 2 or len(known) < FEWEST_ROWS:
        return None
    inputs = matrix_of(rows.factors)[known]
    outputs = np.array([measure.values[i] for i in known], dtype=float)
    if np.ptp(outputs) == 0:
        return None
    found = [_one_forest(inputs, outputs, seed) for seed in range(NUM_FORESTS)]
    rises = np.clip([rise for rise, _ in found], 0.0, None)
    rises = rises[rises.sum(axis=1) > 0]
    if not len(rises):
        return None
    shares = rises / rises.sum(axis=1, keepdims=True)
    frame = pd.DataFrame(
        {
            "factor": [f.title for f in rows.factors],
            "mean": shares.mean(axis=0),
            "low": shares.min(axis=0),
            "high": shares.max(axis=0),
        }
    ).sort_values("mean", ascending=False, kind="stable", ignore_index=True)
    return Importances(frame, float(np.mean([r for _, r in found])), len(shares))


def _known(measure: Field) -> list[int]:
    known = [i for i, value in enumerate(measure.values) if value is not None]
    if len(known) <= MOST_ROWS:
        return known
    at = np.linspace(0, len(known) - 1, MOST_ROWS).round().astype(int)
    return [known[i] for i in at]


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(
        _NUM_TREES, random_state=seed, n_jobs=1, min_samples_leaf=2, max_features=0.7
    )


def _one_forest(
    inputs: NDArray[np.float64], outputs: NDArray[np.float64], seed: int
) -> tuple[NDArray[np.float64], float]:
    """Return the loss in R² of each shuffled factor on a quarter of the rows, and R² before."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(outputs))
    new, old = order[: len(order) // 4], order[len(order) // 4 :]
    forest = _forest(seed).fit(inputs[old], outputs[old])
    total = float(np.mean((outputs[new] - outputs[old].mean()) ** 2)) or 1.0

    shuffled = [inputs[new]]
    for factor, _ in itertools.product(range(inputs.shape[1]), range(_NUM_SHUFFLES)):
        rows = inputs[new].copy()
        rows[:, factor] = random.permutation(rows[:, factor])
        shuffled.append(rows)
    predicted = forest.predict(np.concatenate(shuffled)).reshape(len(shuffled), -1)
    errors = ((predicted - outputs[new]) ** 2).mean(axis=1)
    drops = (errors[1:] - errors[0]).reshape(inputs.shape[1], _NUM_SHUFFLES).mean(axis=1) / total
    return drops, 1.0 - float(errors[0]) / total


def continuous_pairs(rows: Rows) -> list[tuple[Field, Field]]:
    """Return the pairs of continuous factors that rows have together, of the first four."""
    numbers = [f for f in rows.factors if not f.is_discrete][:_MOST_PAIRED]
    return [pair for pair in itertools.combinations(numbers, 2) if are_crossed(*pair)]


def surfaces(rows: Rows, measure: Field) -> pd.DataFrame:
    """Return what a forest predicts over pairs of continuous factors.

    The prediction at a place is the mean over the other settings of up to 60 configurations
    (partial dependence: Friedman, "Greedy Function Approximation", 2001).

    Returns:
        ``pair`` (its number), ``x``, ``x_end``, ``y``, ``y_end`` (a cell) and ``mean``; no lines
        without such a pair or with too few rows.
    """
    pairs, known = continuous_pairs(rows), _known(measure)
    columns = ["pair", "x", "x_end", "y", "y_end", "mean"]
    if not pairs or len(known) < FEWEST_ROWS:
        return pd.DataFrame(columns=columns)
    inputs = matrix_of(rows.factors)[known]
    forest = _forest(0).fit(inputs, np.array([measure.values[i] for i in known], dtype=float))
    at = np.linspace(0, len(known) - 1, min(_NUM_AVERAGED, len(known))).round().astype(int)
    parts = []
    for number, (x, y) in enumerate(pairs):
        xs, ys = _edges(x), _edges(y)
        grid = list(itertools.product(range(_NUM_STEPS), range(_NUM_STEPS)))
        asked = np.repeat(inputs[at], len(grid), axis=0).reshape(len(at), len(grid), -1)
        asked[:, :, rows.factors.index(x)] = [_middle(x, xs, i) for i, _ in grid]
        asked[:, :, rows.factors.index(y)] = [_middle(y, ys, j) for _, j in grid]
        flat = forest.predict(asked.reshape(-1, inputs.shape[1]))
        means = flat.reshape(len(at), len(grid)).mean(axis=0)
        cells = [(number, xs[i], xs[i + 1], ys[j], ys[j + 1]) for i, j in grid]
        parts.append(pd.DataFrame(cells, columns=columns[:5]).assign(mean=means))
    return pd.concat(parts, ignore_index=True)


def _edges(field: Field) -> NDArray[np.float64]:
    known = [float(v) for v in field.values if v is not None]
    low, high = min(known), max(known)
    if field.log:
        return np.geomspace(low, high, _NUM_STEPS + 1)
    return np.linspace(low, high, _NUM_STEPS + 1)


def _middle(field: Field, edges: NDArray[np.float64], place: int) -> float:
    low, high = float(edges[place]), float(edges[place + 1])
    return math.sqrt(low * high) if field.log else (low + high) / 2
