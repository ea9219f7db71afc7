"""Compare the levels of each factor: over matched rows, else over the thirds of its range.

In a grid every level is judged on complete sets (``analysis.frames.pairs``). In a random search no
two rows differ in one factor alone. There the levels are compared over all rows. The values of a
continuous factor are parted into thirds, because the best value often lies inside of the range and
two halves then look the same; into halves where a third would have too few rows to tell. The other
factors differ between the sides by chance, which a comparison of means allows for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from analysis.frames.columns import finished, levels, numbers, repeats, shown_parameters
from analysis.frames.labels import with_minus
from analysis.frames.load import Study
from analysis.frames.measures import mean_column
from analysis.frames.pairing import sets_of
from analysis.frames.pairs import by_dataset, measured, most_at_once, sets
from analysis.frames.tables import inert_axes
from tune_app.study.arithmetic import mapping
from tune_app.study.search_settings import NO_STOPPING, SEARCH

_FAIR = ("random", "grid")
"""Samplers that ask no result."""
MOST_STEPS = 8
"""Of more different numbers in a grid only three are compared."""
MOST_LEVELS = 5
"""A factor with more different numbers is parted where no rows are matched."""
FEWEST_A_SIDE = 5
"""Fewer configurations are not compared with others that differ in more than the factor."""


@lru_cache(maxsize=256)
def is_matched(study: Study, factor: str) -> bool:
    """Return whether the study plans rows that differ in this factor alone.

    Of a continuous factor the values that are compared must stand so: draws that agree in all other
    settings by chance do not make a grid.
    """
    rows = study.rows
    keys = [key for key in study.config_keys if key != factor and key in rows]
    found = sets_of(rows, factor, [*keys, "seed"])
    if found.empty or not is_range(rows[factor]):
        return not found.empty
    together = [{*rows.loc[group.index, factor]} for _, group in found.groupby(found)]
    pairs = steps(levels(rows, factor))
    return all(any({one, other} <= values for values in together) for one, other in pairs)


def compared_factors(study: Study) -> list[str]:
    """Return the factors whose levels are compared: those that vary, but for the data set."""
    return [name for name in shown_parameters(study) if name != "dataset"]


def is_chosen(study: Study) -> bool:
    """Return whether a search chose the rows by the results before them, or stopped some early.

    The rows at one level are then no fair sample: they are those that looked good.
    """
    search = mapping(study.meta.get(SEARCH))
    stops = search.get("stopping", NO_STOPPING) != NO_STOPPING
    return bool(search) and (stops or search.get("sampler") not in _FAIR)


def main_effects_data(study: Study) -> pd.DataFrame:
    """Return the mean result at every level of every varied factor, per data set.

    Returns:
        ``dataset`` (if the study has one), ``factor``, ``level``, ``num_trainings`` (rows that
        share a training, as at two numbers of epochs, count as one), ``is_matched``, the means of
        ``measured`` (columns as ``mean_column`` names them), and ``num_concurrent_trials``, the
        largest of these rows (NaN if one of them has none).
    """
    records: list[dict[str, Any]] = []
    for factor in compared_factors(study):
        matched = is_matched(study, factor)
        rows, found = sets(study, factor) if matched else unmatched(study, factor)
        for names, group in by_dataset(rows):
            for level in found:
                at = group[group[factor] == level]
                if len(at):
                    record = names | {"factor": factor, "level": level}
                    record["num_trainings"] = at["trial_id"].nunique()
                    record["is_matched"] = matched
                    for metric in measured(study):
                        record[mean_column(metric)] = numbers(at, metric).mean()
                    records.append(record | {"num_concurrent_trials": most_at_once(at)})
    return pd.DataFrame(records)


def unmatched(study: Study, factor: str) -> tuple[pd.DataFrame, list[Any]]:
    """Return the finished rows at two levels or more of a factor, and the levels.

    Numbers of which the study has more than ``MOST_LEVELS`` values, finished or not, become three
    levels, the thirds of the rows by this factor, or two, its halves. They are texts such as
    ``≤ 0.01``.
    """
    rows = finished(study)
    rows = rows[~repeats(study)[rows.index]]
    if factor not in rows or factor in inert_axes(study):
        return rows.iloc[:0], []
    rows = rows[rows[factor].notna()]
    if is_range(study.rows[factor]) and rows[factor].nunique() > 1:
        rows, found = _parted(rows, factor)
    else:
        found = levels(rows, factor)
    return (rows, found) if len(found) > 1 else (rows.iloc[:0], found)


def is_range(values: pd.Series[Any]) -> bool:
    """Return whether a factor takes so many different numbers that it counts as continuous."""
    known = values.dropna()
    return (
        known.nunique() > MOST_LEVELS
        and not pd.api.types.is_bool_dtype(known)
        and bool(pd.to_numeric(known, errors="coerce").notna().all())
    )


def _parted(rows: pd.DataFrame, factor: str) -> tuple[pd.DataFrame, list[Any]]:
    values = numbers(rows, factor)
    cuts = list(values.quantile([1 / 3, 2 / 3]))
    if not _can_tell(rows, np.digitize(values, cuts, right=True)):
        cuts = [values.median()]
        if (values <= cuts[0]).all():  # more than half of the rows have the largest value
            cuts = [values[values < cuts[0]].max()]
    cuts = [_short(values[values <= cut].max(), values[values > cut].min()) for cut in cuts]
    texts = [with_minus(f"{cut:.15g}") for cut in cuts]
    names = [f"≤ {texts[0]}", *(f"{a} to {b}" for a, b in pairwise(texts)), f"> {texts[-1]}"]
    parts = [names[side] for side in np.digitize(values, cuts, right=True)]
    return rows.assign(**{factor: pd.Series(parts, index=rows.index, dtype=object)}), names


def _short(low: float, high: float) -> float:
    """Return the number of fewest digits from ``low`` on that is below ``high``; else ``low``."""
    for digits in range(1, 5):
        for number in (low, (low + high) / 2):
            short = float(f"{number:.{digits}g}")
            if low <= short < high:
                return short
    return low


def _can_tell(rows: pd.DataFrame, thirds: Any) -> bool:
    """Return whether every third has enough configurations of every data set."""
    configs = rows.assign(third=thirds).drop_duplicates("config_id")
    by = configs["dataset"] if "dataset" in rows else configs["third"].notna()
    sizes = pd.crosstab(configs["third"], by)
    return len(sizes) == 3 and bool((sizes >= FEWEST_A_SIDE).all(axis=None))


def steps(found: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Return the pairs of levels that are compared: from one level to another.

    Numbers are compared with the next smaller one, names and flags with the first. Of more than
    ``MOST_STEPS`` numbers only the smallest, the middle and the largest are compared.
    """
    if len(found) < 2:
        return []
    if skips_levels(found):
        return list(pairwise([found[0], found[len(found) // 2], found[-1]]))
    if _are_numbers(found):
        return list(pairwise(found))
    return [(found[0], level) for level in found[1:]]


def skips_levels(found: Sequence[Any]) -> bool:
    """Return whether of these levels only the ends and the middle are compared."""
    return len(found) > MOST_STEPS and _are_numbers(found)


def _are_numbers(found: Sequence[Any]) -> bool:
    return all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in found)
