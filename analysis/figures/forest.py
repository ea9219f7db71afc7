"""What each factor does, as a forest plot: a difference with its interval for each step of it.

``forest_chart`` draws the rows of ``forest_data``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from analysis.checks.claims import Claim, Higher, Verdict, from_study, judge_all
from analysis.frames.columns import levels, numbers
from analysis.frames.effects import (
    FEWEST_A_SIDE,
    compared_factors,
    is_matched,
    steps,
    unmatched,
)
from analysis.frames.joined import joined
from analysis.frames.labels import label, parameter_heading
from analysis.frames.load import Study
from analysis.frames.measures import Measure, shown_of
from analysis.frames.pairs import by_dataset, pairs_data
from analysis.frames.seeds import over_seeds
from analysis.stats import holm, two_samples

BETTER, WORSE = "better", "worse"
IN_THESE_RUNS = " in these runs"
UNDECIDED = "not distinguishable"
SAME = "no difference"
TOO_FEW = "too few to tell"
NOT_COMPARED = "not compared"
VERDICTS = (
    *(BETTER, BETTER + IN_THESE_RUNS, WORSE, WORSE + IN_THESE_RUNS),
    *(UNDECIDED, SAME, TOO_FEW, NOT_COMPARED),
)
"""What is said of the level ``to`` beside the level ``from``."""
COLUMNS = (
    *("dataset", "factor", "from", "to", "effect", "low", "high", "n", "verdict"),
    *("wins", "ties", "num_seeds", "p", "time_ratio", "time_problem", "is_matched", "note"),
    "depends",
)
_ALPHA = 0.05


def forest_data(study: Study, *, by_data: bool = False) -> pd.DataFrame:
    """Return what each step of each factor changes, in the measure that is shown.

    Numbers are compared with the next smaller one, names and flags with the first of them. Rows
    that differ in the factor alone are compared as claims are (``Higher``), all steps as one
    family. Factors that only vary together are compared as one (``analysis.frames.joined``). Where
    no two rows differ in one factor alone, the means of both sides are compared by Welch's test.

    Args:
        study: the study.
        by_data: one line per data set. Without it shares are compared over all data sets together.

    Returns:
        ``COLUMNS``: ``dataset`` (None for all), ``factor``, the levels ``from`` and ``to``,
        ``effect`` (mean difference, to − from), ``low`` and ``high`` (its 95 % interval), ``n``
        (independent pairs; rows where they are not matched), ``verdict`` (one of ``VERDICTS``),
        ``wins`` and ``ties`` (pairs with a higher and an equal value at ``to``), ``num_seeds``,
        ``p`` (adjusted by Holm's method), ``time_ratio`` (median over pairs timed alike; NaN if
        there are none), ``time_problem`` (why there are none; else empty), ``is_matched``, and
        ``note``: what else there is to say, such as on which other factor the sign depends, or
        why nothing is compared, and ``depends``: the first of these alone.
    """
    return _forest_data(study, by_data)


@lru_cache(maxsize=16)  # the answer and the comparisons ask for the same
def _forest_data(study: Study, by_data: bool) -> pd.DataFrame:
    study = joined(study)
    factors = compared_factors(study)
    matched = [name for name in factors if is_matched(study, name)]
    apart = _unmatched_lines(study, [name for name in factors if name not in matched])
    parts = _parts(study, matched=True, by_data=by_data)
    paired, p_values = _matched_lines(study, matched, parts, [line["p"] for line in apart])
    _decide(apart, p_values, shown_of(study))
    lines = [*paired, *apart]
    order = {name: place for place, name in enumerate(factors)}
    lines.sort(key=lambda line: order[line["factor"]])
    frame = pd.DataFrame(lines, columns=list(COLUMNS))
    # As a column of text, None beside the name of a data set would become NaN.
    datasets = [line["dataset"] for line in lines]
    return frame.assign(dataset=pd.Series(datasets, index=frame.index, dtype=object))


def _parts(study: Study, *, matched: bool, by_data: bool) -> list[Any]:
    """Return the data sets that are compared one by one; [None] for all together."""
    if "dataset" not in study.rows:
        return [None]
    datasets = levels(study.rows, "dataset")
    together = matched and shown_of(study).in_percent and not by_data
    return [None] if together or len(datasets) < 2 else datasets


def _matched_lines(
    study: Study, factors: list[str], parts: list[Any], beside: list[float]
) -> tuple[list[dict[str, Any]], list[float]]:
    """Return the lines of factors whose rows are matched, and their unadjusted p-values.

    ``beside`` are the p-values of all other lines, which belong to the same family.
    """
    measure = shown_of(study)
    wanted = [
        (dataset, factor, low, high)
        for factor in factors
        for dataset in parts
        for low, high in steps(_levels(study, factor, dataset))
    ]
    claims = [
        Claim(
            f"step_{number}",
            "This step is an increase.",
            Higher(factor, high, low, metric=measure.name),
            {} if dataset is None else {"dataset": dataset},
        )
        for number, (dataset, factor, low, high) in enumerate(wanted)
    ]
    # Without its epochs nothing is computed of the times of each epoch, which nothing here needs.
    body = from_study(replace(study, epochs=pd.DataFrame()))
    found = judge_all(claims, body, beside=beside) if claims else []
    lines = [_of_claim(study, place, verdict) for place, verdict in zip(wanted, found, strict=True)]
    return lines, [verdict.outcome.p_value for verdict in found]


def _levels(study: Study, factor: str, dataset: Any) -> list[Any]:
    rows = study.rows if dataset is None else study.rows[study.rows["dataset"] == dataset]
    found = levels(rows, factor)
    return found if len(found) > 1 else []


def _of_claim(study: Study, place: tuple[Any, str, Any, Any], verdict: Verdict) -> dict[str, Any]:
    dataset, factor, low, high = place
    outcome, measure = verdict.outcome, shown_of(study)
    timed = pairs_data(study, factor, high, low)
    if dataset is not None and len(timed):
        timed = timed[timed["dataset"] == dataset]
    note = outcome.reason if verdict.word == "not comparable" else ""
    if outcome.num_pairs:
        found = outcome.power if verdict.word == UNDECIDED else ""
        note = ". ".join(filter(None, (outcome.depends, found)))
    return {
        **{"dataset": dataset, "factor": factor, "from": low, "to": high},
        **{"effect": outcome.effect, "low": outcome.low, "high": outcome.high},
        "n": outcome.num_pairs,
        "verdict": SAME
        if 0 < outcome.num_pairs == outcome.ties
        else _verdict(verdict.word, measure),
        **{"wins": outcome.wins, "ties": outcome.ties, "num_seeds": outcome.num_seeds},
        "p": verdict.p_adjusted,
        "time_ratio": timed["time_ratio"].median() if len(timed) else np.nan,
        "time_problem": timed["time_problem"].iloc[0] if len(timed) else "",
        **{"is_matched": True, "note": note, "depends": outcome.depends},
    }


def _verdict(word: str, measure: Measure) -> str:
    """Return what is said of the upper level, from the verdict on "the measure is higher"."""
    silent = {"underpowered": TOO_FEW, "not comparable": NOT_COMPARED, UNDECIDED: UNDECIDED}
    if word in silent:
        return silent[word]
    is_good = word.startswith("supported") == (measure.better == "max")
    suffix = IN_THESE_RUNS if word.endswith("for these runs") else ""
    return f"{BETTER if is_good else WORSE}{suffix}"


def _unmatched_lines(study: Study, factors: list[str]) -> list[dict[str, Any]]:
    """Compare the rows at two levels of each factor, whatever else they differ in.

    Their p-values are not adjusted yet, and lines that have one have no verdict.
    """
    measure = shown_of(study)
    lines: list[dict[str, Any]] = []
    for factor in factors:
        rows, found = unmatched(study, factor)
        for names, group in by_dataset(rows):
            joined = over_seeds(group, [measure.name])
            values = numbers(joined, measure.name)
            for low, high in steps(found):
                above, below = (values[joined[factor] == v].dropna() for v in (high, low))
                place = {"dataset": names.get("dataset"), "factor": factor}
                lines.append(place | {"from": low, "to": high} | _of_sides(above, below, group))
    return lines


def _decide(lines: list[dict[str, Any]], beside: list[float], measure: Measure) -> None:
    """Adjust the p-values of lines whose rows are not matched, and decide those that have one.

    ``beside`` are the p-values of all other lines, which belong to the same family.
    """
    adjusted = holm([*(line["p"] for line in lines), *beside])[: len(lines)]
    for line, p in zip(lines, adjusted, strict=True):
        if np.isfinite(p):
            is_good = (line["effect"] > 0) == (measure.better == "max")
            word = f"{BETTER if is_good else WORSE}{IN_THESE_RUNS}"
            line["verdict"] = word if p < _ALPHA else UNDECIDED
            line["p"] = float(p)


def _of_sides(high: Any, low: Any, rows: pd.DataFrame) -> dict[str, Any]:
    """Return the numbers of one comparison, before its p-value is adjusted for the others."""
    number = len(high) + len(low)
    record: dict[str, Any] = {"n": number, "num_seeds": rows["seed"].nunique(), "verdict": TOO_FEW}
    record |= {"wins": 0, "ties": 0, "note": "", "is_matched": False, "time_problem": ""}
    record["depends"] = ""
    record |= dict.fromkeys(("effect", "low", "high", "p", "time_ratio"), np.nan)
    fewest = min(len(high), len(low))
    if fewest == 0:
        return record | {"verdict": NOT_COMPARED, "note": "one of its sides has no result"}
    if pd.concat([high, low]).nunique() == 1:
        return record | {"effect": 0.0, "verdict": SAME, "ties": number}
    found = two_samples(high, low)
    record["effect"] = found.difference
    if fewest < FEWEST_A_SIDE:
        return record
    return record | {"p": found.p_value, "low": found.interval.low, "high": found.interval.high}


def step_words(line: dict[Any, Any]) -> str:
    """Return a step in words: ``learning rate: 0.001 → 0.01``."""
    factor = line["factor"]
    ends = (label(factor, line[side]) for side in ("from", "to"))
    return f"{parameter_heading(factor)}: {' → '.join(ends)}"
