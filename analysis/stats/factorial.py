"""Main effects and two-way interactions of a full factorial, with their shares of the variance.

In a full factorial with equally many results per cell all terms are orthogonal. The sums of squares
then add up to the total, and η² = SS / SS_total is the share of the variance that a term explains.
Each term is compared with an error term. There are three, best first:

- with several seeds, the interaction of the term with the seeds: how much its effect differs from
  seed to seed. It is the analysis of variance with repeated measures (``AnovaRM`` of statsmodels).
  For two levels it is Student's test of the seeds' differences.
- with a placebo, a factor that changes nothing, its two runs per cell are replicates.
- otherwise interactions of three or more factors are assumed to be noise (Montgomery 2017,
  section 6.5). If they are not, p-values are too large. The result says which term was used.

Without several seeds the p-values are about these runs: another seed may show otherwise. Rows of
one trial at several epochs form a split plot, of which only seeds give the right error for both the
trials and the epochs. Without them use one number of epochs at a time.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.stats.units import too_few_units
from search_spaces.errors import UserError, choices

ErrorTerm = Literal["seeds", "placebo", "high-order interactions", "none"]
MOST_CELLS = 1_024


@dataclass(frozen=True)
class FactorialEffects:
    """Main effects and two-way interactions of a full factorial.

    Attributes:
        terms: one line per term: ``term`` (``lr`` or ``lr × optimizer``), ``order`` (1 or 2),
            ``df``, ``sum_of_squares``, ``eta_squared``, ``error_df``, ``error_sd`` (of one result),
            ``f``, ``p_value``; the last two are NaN with fewer than six seeds, or fewer than five
            degrees of freedom of another error.
        effects: one line per main effect and level: ``factor``, ``level``, ``effect`` (mean of the
            level minus the grand mean, in the unit of the response), ``low``, ``high``.
        error_term: the error that the terms are compared with.
        num_results: the number of results used.
        confidence: of each interval by itself.
    """

    terms: pd.DataFrame
    effects: pd.DataFrame
    error_term: ErrorTerm
    num_results: int
    confidence: float


_LARGEST = 1e100
"""Squares of larger numbers overflow."""


class _Term(NamedTuple):
    """A term: its axes, its effect by level, its sum of squares and its degrees of freedom."""

    effect: NDArray[np.float64]
    squares: float
    df: int


def factorial_effects(
    rows: pd.DataFrame,
    factors: Sequence[str],
    response: str,
    *,
    placebo: str | None = None,
    confidence: float = 0.95,
) -> FactorialEffects:
    """Return the main effects and two-way interactions of a full factorial.

    Args:
        rows: one line per result: the factors, the response, and ``seed`` if there are several;
            with ``placebo`` also ``same_as`` where results may be shared.
        factors: the factors of interest, without the placebo.
        response: a column of numbers.
        placebo: a factor that changes nothing, whose levels are replicates.
        confidence: of the intervals.

    Raises:
        UserError: a factor is unknown or constant, a cell is empty or lacks a seed, cells have
            different numbers of results, a response is missing, or the placebo's rows share their
            results.
    """
    _check(rows, factors, response, placebo)
    has_seeds = "seed" in rows and rows["seed"].nunique() > 1
    cube, levels = _cube(rows, [*factors, *(["seed"] if has_seeds else [])], response)
    means = cube.mean(axis=-1)  # twins of one seed are no replicates of the seed
    terms = terms_of(means, len(factors), has_seeds=has_seeds)
    low = [term for term in terms if term and len(factors) not in term]
    total = float(((means - means.mean()) ** 2).sum())
    within = float(((cube - cube.mean(axis=-1, keepdims=True)) ** 2).sum()) / cube.shape[-1]
    error_term: ErrorTerm = "none"
    left_df = means.size - 1 - sum(terms[term].df for term in low)
    if has_seeds:
        error_term = "seeds"
        errors = [(terms[*t, len(factors)].squares, terms[*t, len(factors)].df) for t in low]
    elif placebo is not None and within > 0:
        error_term = "placebo"
        errors = [(within, means.size * (cube.shape[-1] - 1))] * len(low)
    else:  # twins that are equal show no noise
        error_term = "high-order interactions" if left_df else "none"
        errors = [(total - sum(terms[term].squares for term in low), left_df)] * len(low)
    found = [terms[term] for term in low]
    table = _table([" × ".join(factors[axis] for axis in term) for term in low], found, errors)
    table.insert(1, "order", [len(term) for term in low])
    table.insert(4, "eta_squared", table["sum_of_squares"] / (total or math.nan))
    num_units = [means.shape[-1] if has_seeds else df + 1 for _, df in errors]
    table = _tested(table, [not too_few_units(n, 1 - confidence) for n in num_units])
    return FactorialEffects(
        terms=table,
        effects=_level_effects(
            factors, levels, terms, table, num_results=means.size, confidence=confidence
        ),
        error_term=error_term,
        num_results=cube.size,
        confidence=confidence,
    )


def _table(
    names: Sequence[str], terms: Sequence[_Term], errors: Sequence[tuple[float, int]]
) -> pd.DataFrame:
    """Return a line per term: its squares, and the error that it is tested against."""
    return pd.DataFrame(
        {
            "term": names,
            "df": [term.df for term in terms],
            "sum_of_squares": [term.squares for term in terms],
            "error_df": [df for _, df in errors],
            "error_sd": [math.sqrt(max(s, 0.0) / df) if df else math.nan for s, df in errors],
        }
    )


def terms_of(
    means: NDArray[np.float64], num_factors: int, *, has_seeds: bool
) -> dict[tuple[int, ...], _Term]:
    """Return the main effects and two-way interactions of the axes of a cube, by their axes.

    Args:
        means: one value per cell, with an axis for each factor, and a last one for the seeds.
        num_factors: the number of factors.
        has_seeds: whether there are seeds; each term is also returned with them.
    """
    axes = range(num_factors)
    low = [t for order in (0, 1, 2) for t in itertools.combinations(axes, order)]
    low += [(*term, num_factors) for term in low] if has_seeds else []
    found: dict[tuple[int, ...], _Term] = {}
    for term in sorted(low, key=len):
        others = tuple(axis for axis in range(means.ndim) if axis not in term)
        effect = means.mean(axis=others, keepdims=True)
        effect = effect - sum(part.effect for other, part in found.items() if {*other} < {*term})
        squares = float((effect**2).sum()) * means.size / effect.size
        found[term] = _Term(effect, squares, math.prod(means.shape[axis] - 1 for axis in term))
    return found


def _check(rows: pd.DataFrame, factors: Sequence[str], response: str, placebo: str | None) -> None:
    for name in (*factors, response, *filter(None, [placebo])):
        if name not in rows:
            raise UserError(f"factorial: no column {name!r}; allowed: {choices(rows.columns)}")
    constant = [factor for factor in factors if rows[factor].nunique(dropna=False) < 2]
    if constant or not factors:
        raise UserError(
            f"factorial: {choices(constant)} does not vary; name factors that do"
            if constant
            else "factorial: no factors; name those that vary"
        )
    if placebo is not None and "same_as" in rows and (rows["same_as"].fillna("") != "").any():
        raise UserError(
            f"factorial: rows that differ in {placebo} share their trial, so their difference "
            "shows no noise; leave the placebo out, or run the study with --no-sharing"
        )
    values = pd.to_numeric(rows[response], errors="coerce").abs()
    if not (values <= _LARGEST).all():
        raise UserError(f"factorial: a row has no finite {response}; every row must be finished")


def _cube(
    rows: pd.DataFrame, names: Sequence[str], response: str
) -> tuple[NDArray[np.float64], list[list[Any]]]:
    """Return the responses with an axis per name and one of replicates, and the names' levels."""
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
    values = rows[response].to_numpy(dtype=float)[np.argsort(cells, kind="stable")]
    return values.reshape(*shape, -1), [list(values) for values in levels]


def _tested(table: pd.DataFrame, decides: Sequence[bool]) -> pd.DataFrame:
    from scipy import stats

    df, error_df = table["df"].to_numpy(dtype=float), table["error_df"].to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        f = table["sum_of_squares"].to_numpy() / df / table["error_sd"].to_numpy() ** 2
    f = np.where(decides, f, np.nan)
    return table.assign(f=f, p_value=stats.f.sf(f, df, error_df))


def _level_effects(
    factors: Sequence[str],
    levels: Sequence[Sequence[Any]],
    terms: dict[tuple[int, ...], _Term],
    table: pd.DataFrame,
    *,
    num_results: int,
    confidence: float,
) -> pd.DataFrame:
    """Return the effects of levels. With N results in k levels their variance is σ²(k − 1)/N."""
    from scipy import special

    records: list[tuple[Any, ...]] = []
    for axis, factor in enumerate(factors):
        line = table.iloc[axis]
        half = special.stdtrit(line["error_df"], (1 + confidence) / 2) * line["error_sd"]
        half *= math.sqrt((len(levels[axis]) - 1) / num_results)
        half = half if np.isfinite(line["f"]) else math.nan
        effects = terms[axis,].effect.ravel()
        for level, effect in zip(levels[axis], effects, strict=True):
            records.append((factor, level, float(effect), effect - half, effect + half))
    return pd.DataFrame(records, columns=["factor", "level", "effect", "low", "high"])
