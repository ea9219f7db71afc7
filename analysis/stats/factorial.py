"""Main effects and two-way interactions of a full factorial, with their shares of the variance.

In a full factorial with equally many results per cell all terms are orthogonal. The sums of squares
then add up to the total, and η² = SS / SS_total is the share of the variance that a term explains.
Each term is compared with an error term. There are three, best first:

- with several seeds, the seeds are blocks, because the same seed runs in every cell (with the same
  initial weights and order of batches). The error is what blocks and all terms leave unexplained.
- with a placebo, a factor that changes nothing, its two runs per cell are replicates.
- otherwise interactions of three or more factors are assumed to be noise (Montgomery 2017,
  section 6.5). If they are not, p-values are too large. The result says which term was used.

Rows of one trial at several epochs form a split plot: their common noise affects the differences
between trials, but not those between epochs. One pooled error is used for both. It is too large for
epochs and too small for the other factors. For strict results use one number of epochs at a time.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from search_spaces.errors import UserError, choices

ErrorTerm = Literal["seeds", "placebo", "high-order interactions", "none"]
MOST_CELLS = 1_024


@dataclass(frozen=True)
class FactorialEffects:
    """Main effects and two-way interactions of a full factorial.

    Attributes:
        terms: one line per term: ``term`` (``lr`` or ``lr × optimizer``), ``order`` (1 or 2),
            ``df``, ``sum_of_squares``, ``eta_squared``, ``f``, ``p_value``; the last two are NaN
            without an error term.
        effects: one line per main effect and level: ``factor``, ``level``, ``effect`` (mean of the
            level minus the grand mean, in the unit of the response), ``low``, ``high``.
        differences: one line per two-level factor: ``factor``, ``level``, ``reference`` (its first
            level), ``difference`` of the two means, ``low``, ``high``.
        error_term: the error that the terms are compared with.
        error_df, error_sd: its degrees of freedom and the standard deviation of one result.
        num_results: the number of results used.
        confidence: of each interval by itself.
    """

    terms: pd.DataFrame
    effects: pd.DataFrame
    differences: pd.DataFrame
    error_term: ErrorTerm
    error_df: int
    error_sd: float
    num_results: int
    confidence: float


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
        UserError: a factor is unknown or constant, a cell is empty, cells have different numbers of
            results, a response is missing, or the placebo's rows share their results.
    """
    frame = _checked(rows, factors, response, placebo)
    blocks = "seed" if "seed" in frame and frame["seed"].nunique() > 1 else None
    table = _sums_of_squares(frame, factors, response, blocks)
    total = float(((frame[response] - frame[response].mean()) ** 2).sum())
    error = _error(table, total, len(frame), seeds=blocks is not None, placebo=placebo is not None)
    means = [(f, frame.groupby(f, dropna=False, sort=False)[response].mean()) for f in factors]
    half = error.half_width(confidence) / math.sqrt(len(frame))
    return FactorialEffects(
        terms=_terms(table, total, error),
        effects=_level_effects(means, float(frame[response].mean()), half),
        differences=_differences(means, half),
        error_term=error.term,
        error_df=error.df,
        error_sd=math.sqrt(error.variance),
        num_results=len(frame),
        confidence=confidence,
    )


class _Error(NamedTuple):
    """The error term: its name, the variance of one result, and its degrees of freedom, or 0."""

    term: ErrorTerm
    variance: float
    df: int

    def half_width(self, confidence: float) -> float:
        """Return the half width of the interval of a single result."""
        from scipy import stats

        if not self.df:
            return math.nan
        return float(stats.t.ppf((1 + confidence) / 2, self.df)) * math.sqrt(self.variance)


def _checked(
    rows: pd.DataFrame, factors: Sequence[str], response: str, placebo: str | None
) -> pd.DataFrame:
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
    if not np.isfinite(pd.to_numeric(rows[response], errors="coerce")).all():
        raise UserError(f"factorial: a row has no finite {response}; every row must be finished")
    counts = rows.groupby(list(factors), dropna=False).size()
    num_cells = math.prod(rows[factor].nunique(dropna=False) for factor in factors)
    if num_cells > MOST_CELLS:
        raise UserError(f"factorial: {num_cells:,} cells; allowed: at most {MOST_CELLS:,}")
    if len(counts) < num_cells or counts.nunique() > 1:
        raise UserError(
            f"factorial: {len(counts)} of {num_cells} cells have results, {counts.min()} to "
            f"{counts.max()} each; every cell needs the same number"
        )
    return rows.assign(**{response: rows[response].astype(float)})


def _sums_of_squares(
    frame: pd.DataFrame, factors: Sequence[str], response: str, blocks: str | None
) -> pd.DataFrame:
    """Return ``term`` (tuple of factors), ``df`` and ``sum_of_squares`` of every term.

    They are computed from cell means, from low to high order. With equally many results per cell
    this equals every type of sums of squares of a regression, without its 2^k columns.
    """
    grand = float(frame[response].mean())
    levels = {factor: frame[factor].nunique(dropna=False) for factor in factors}
    explained: dict[tuple[str, ...], float] = {}
    records: list[tuple[tuple[str, ...], int, float]] = []
    for order in range(1, len(factors) + 1):
        for term in itertools.combinations(factors, order):
            groups = frame.groupby(list(term), dropna=False, sort=False)[response]
            between = float((groups.size() * (groups.mean() - grand) ** 2).sum())
            lower = sum(value for name, value in explained.items() if set(name) < set(term))
            explained[term] = between - lower
            df = math.prod(levels[factor] - 1 for factor in term)
            records.append((term, df, max(explained[term], 0.0)))
    if blocks is not None:
        of_blocks = frame.groupby(blocks)[response]
        between = float((of_blocks.size() * (of_blocks.mean() - grand) ** 2).sum())
        records.append(((f"{blocks} (blocks)",), of_blocks.ngroups - 1, between))
    return pd.DataFrame(records, columns=["term", "df", "sum_of_squares"])


def _error(
    table: pd.DataFrame, total: float, num_results: int, *, seeds: bool, placebo: bool
) -> _Error:
    error_df = num_results - 1 - int(table["df"].sum())
    if (seeds or placebo) and error_df > 0:
        squares = max(total - float(table["sum_of_squares"].sum()), 0.0)
        return _Error("seeds" if seeds else "placebo", squares / error_df, error_df)
    high = table[[len(term) > 2 for term in table["term"]]]
    if high.empty:
        return _Error("none", math.nan, 0)
    error_df = int(high["df"].sum())
    return _Error(
        "high-order interactions", float(high["sum_of_squares"].sum()) / error_df, error_df
    )


def _terms(table: pd.DataFrame, total: float, error: _Error) -> pd.DataFrame:
    from scipy import stats

    low = table[[len(term) <= 2 for term in table["term"]]]
    squares, df = low["sum_of_squares"].to_numpy(), low["df"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        f = squares / df / error.variance
    return pd.DataFrame(
        {
            "term": [" × ".join(term) for term in low["term"]],
            "order": [len(term) for term in low["term"]],
            "df": df,
            "sum_of_squares": squares,
            "eta_squared": squares / total if total else math.nan,
            "f": f,
            "p_value": stats.f.sf(f, df, error.df) if error.df else np.nan,
        }
    )


def _level_effects(
    means: Sequence[tuple[str, pd.Series[float]]], grand: float, half: float
) -> pd.DataFrame:
    records: list[tuple[Any, ...]] = []
    for factor, by_level in means:
        # Var(level mean − grand mean) with N results in k equal levels is σ²(k − 1)/N.
        width = half * math.sqrt(len(by_level) - 1)
        for level, mean in by_level.items():
            effect = float(mean) - grand
            records.append((factor, level, effect, effect - width, effect + width))
    return pd.DataFrame(records, columns=["factor", "level", "effect", "low", "high"])


def _differences(means: Sequence[tuple[str, pd.Series[float]]], half: float) -> pd.DataFrame:
    columns = ["factor", "level", "reference", "difference", "low", "high"]
    records: list[tuple[Any, ...]] = []
    for factor, by_level in means:
        if len(by_level) == 2:
            reference, level = by_level.index
            difference = float(by_level.iloc[1] - by_level.iloc[0])
            # Two means of N/2 results each: the variance of their difference is 4σ²/N.
            bounds = (difference - 2 * half, difference + 2 * half)
            records.append((factor, level, reference, difference, *bounds))
    return pd.DataFrame(records, columns=columns)
