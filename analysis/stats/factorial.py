"""Main effects and two-way interactions of a full factorial, with their shares of the variance.

In a full factorial with equally many results per cell all terms are orthogonal. The sums of squares
then add up to the total, and η² = SS / SS_total is the share of the variance that a term explains.

With several seeds each term is compared with its interaction with the seeds: how much its effect
differs from seed to seed. It is the analysis of variance with repeated measures (``AnovaRM`` of
statsmodels), for two levels Student's test of the seeds' differences. Settings differ in how much
seeds matter, so the degrees of freedom of terms with more levels are corrected (Greenhouse &
Geisser 1959). One seed has no error to compare with, so there are shares and no p-values.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.stats.units import too_few_units
from search_spaces.errors import UserError, choices

MOST_CELLS = 1_024
_LARGEST = 1e100
"""Squares of larger numbers overflow."""
_ALPHA = 0.05
_ROUNDING = 1e-24
"""A smaller share of the sum of squares is the rounding of equal numbers."""


class Term(NamedTuple):
    """A term: its effect by level, its sum of squares and its degrees of freedom."""

    effect: NDArray[np.float64]
    squares: float
    df: int


def factorial_effects(rows: pd.DataFrame, factors: Sequence[str], response: str) -> pd.DataFrame:
    """Return the main effects and two-way interactions of a full factorial.

    Args:
        rows: one line per result: the factors, the response, and ``seed`` if there are several.
            Several results of a cell and seed are averaged.
        factors: the factors.
        response: a column of numbers.

    Returns:
        One line per term, with ``term`` (``lr`` or ``lr × optimizer``), ``df``,
        ``sum_of_squares``, ``eta_squared`` (NaN if all results are equal), ``error_df``, ``f`` and
        ``p_value``; the last two are NaN with fewer than six seeds, and of a term whose effect is
        the same at every seed. ``df`` and ``error_df`` are those before the correction.

    Raises:
        UserError: a factor is unknown or constant, a cell is empty or lacks a seed, cells have
            different numbers of results, or a response is missing.
    """
    _check(rows, factors, response)
    has_seeds = "seed" in rows and rows["seed"].nunique() > 1
    cube = _cube(rows, [*factors, *(["seed"] if has_seeds else [])], response)
    names = [
        " × ".join(term) for order in (1, 2) for term in itertools.combinations(factors, order)
    ]
    return effects_of(cube, names, len(factors), has_seeds=has_seeds)


def effects_of(
    cube: NDArray[np.float64], names: Sequence[str], num_factors: int, *, has_seeds: bool
) -> pd.DataFrame:
    """Return the terms of a cube of results, as ``factorial_effects`` does.

    Args:
        cube: one value per cell, with an axis for each factor, and a last one for the seeds.
        names: those of the factors, then those of the pairs.
        num_factors: the number of factors.
        has_seeds: whether there is an axis of seeds.
    """
    terms = _terms_of(cube, num_factors, has_seeds=has_seeds)
    low = [term for term in terms if term and num_factors not in term]
    squares = np.array([terms[term].squares for term in low])
    df = np.array([terms[term].df for term in low], dtype=float)
    error_df = f = p_values = np.full(len(low), math.nan)
    rounding = _ROUNDING * float((cube**2).sum())
    if has_seeds:
        errors = [terms[*term, num_factors] for term in low]
        error_df = np.array([error.df for error in errors], dtype=float)
    if has_seeds and not too_few_units(cube.shape[-1], _ALPHA):
        from scipy import stats

        of_errors = np.array([error.squares for error in errors])
        of_errors[of_errors <= rounding] = math.nan
        with np.errstate(divide="ignore", invalid="ignore"):
            f = squares / df / (of_errors / error_df)
        kept = np.array([_sphericity(error) for error in errors]) / df
        p_values = stats.f.sf(f, kept * df, kept * error_df)
    total = float(((cube - cube.mean()) ** 2).sum())
    total = total if total > rounding else math.nan
    columns = {"term": list(names), "df": df.astype(int), "sum_of_squares": squares}
    columns |= {"eta_squared": squares / total, "error_df": error_df}
    return pd.DataFrame(columns | {"f": f, "p_value": p_values})


def _sphericity(error: Term) -> float:
    """Return how many degrees of freedom unequal variances leave a term with more than one.

    Args:
        error: how much the effect of the term differs between the seeds, its last axis.
    """
    of_seeds = error.effect.reshape(-1, error.effect.shape[-1])
    squares = of_seeds.T @ of_seeds  # its eigenvalues are those of the covariance of the levels
    most, spread = error.df / (len(squares) - 1), float((squares**2).sum())
    return min(most, float(np.trace(squares)) ** 2 / spread) if spread > 0 else most


def _terms_of(
    means: NDArray[np.float64], num_factors: int, *, has_seeds: bool
) -> dict[tuple[int, ...], Term]:
    """Return the main effects and two-way interactions of the axes of a cube, by their axes.

    With seeds, the last axis, each term is also returned with them.
    """
    axes = range(num_factors)
    low = [t for order in (0, 1, 2) for t in itertools.combinations(axes, order)]
    low += [(*term, num_factors) for term in low] if has_seeds else []
    found: dict[tuple[int, ...], Term] = {}
    for term in sorted(low, key=len):
        others = tuple(axis for axis in range(means.ndim) if axis not in term)
        effect = means.mean(axis=others, keepdims=True)
        effect = effect - sum(part.effect for other, part in found.items() if {*other} < {*term})
        squares = float((effect**2).sum()) * means.size / effect.size
        found[term] = Term(effect, squares, math.prod(means.shape[axis] - 1 for axis in term))
    return found


def _check(rows: pd.DataFrame, factors: Sequence[str], response: str) -> None:
    for name in (*factors, response):
        if name not in rows:
            raise UserError(f"factorial: no column {name!r}; allowed: {choices(rows.columns)}")
    constant = [factor for factor in factors if rows[factor].nunique(dropna=False) < 2]
    if constant or not factors:
        raise UserError(
            f"factorial: {choices(constant)} does not vary; name factors that do"
            if constant
            else "factorial: no factors; name those that vary"
        )
    values = pd.to_numeric(rows[response], errors="coerce").abs()
    if not (values <= _LARGEST).all():
        raise UserError(f"factorial: a row has no finite {response}; every row must be finished")


def _cube(rows: pd.DataFrame, names: Sequence[str], response: str) -> NDArray[np.float64]:
    """Return the responses with an axis per name; the results of one cell are averaged."""
    codes, levels = zip(*(pd.factorize(rows[n], use_na_sentinel=False) for n in names), strict=True)
    shape = [len(values) for values in levels]
    of_factors = math.prod(len(v) for v, name in zip(levels, names, strict=True) if name != "seed")
    if of_factors > MOST_CELLS:
        raise UserError(f"factorial: {of_factors:,} cells; allowed: at most {MOST_CELLS:,}")
    cells = np.ravel_multi_index(codes, shape)
    counts = np.bincount(cells, minlength=math.prod(shape))
    if counts.min() != counts.max():
        what = "cells and seeds" if "seed" in names else "cells"
        raise UserError(
            f"factorial: {np.count_nonzero(counts)} of {len(counts)} {what} have results, "
            f"{counts[counts > 0].min()} to {counts.max()} each; every one needs the same number"
        )
    sums = np.bincount(cells, rows[response].to_numpy(dtype=float))
    cube: NDArray[np.float64] = (sums / counts).reshape(shape)
    return cube
