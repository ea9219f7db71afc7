"""Judge claims on published tables and on studies, as families of tests.

The claims of one source, such as a report or a user's file, that are judged on the same evidence
are one family, and their p-values are adjusted by Holm's method. Without it, one or two of 40 true
null hypotheses would be rejected by chance. A claim with too few pairs to reach any p-value below α
is not tested and does not count in the family.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.claims.claim import Claim
from analysis.checks.claims.evidence import Evidence, from_study, pooled
from analysis.checks.claims.origin import NUM_EPOCHS, NUM_TRAIN
from analysis.checks.claims.outcome import Outcome, Word, joined, named, not_comparable, printed_all
from analysis.checks.claims.published import from_reference
from analysis.checks.claims.verdict import Verdict, to_frame
from analysis.frames.columns import numbers
from analysis.frames.load import Study
from analysis.labs.reference import load_table
from analysis.stats import holm

ALPHA = 0.05
_STEADY = "train time is the median epoch after the first, times the number of epochs"
"""The definition in ``from_study``. Published tables have the total time of a training."""
_SAME_SIZE = 0.5
"""With less than this share of the training images or epochs, accuracies are not comparable."""
_TRAINED = (
    (NUM_TRAIN, NUM_TRAIN, "trained on {:,.0f} images, the published models on {:,.0f}"),
    ("epochs", NUM_EPOCHS, "trained for {:g} epochs in the median, the published models for {:g}"),
)
"""The columns of a study and of a published table that say how much was trained, and in words."""


def judge(claim: Claim, evidence: Evidence, *, alpha: float = ALPHA) -> Verdict:
    """Judge one claim without a family. ``judge_all`` judges several."""
    return judge_all([claim], evidence, alpha=alpha)[0]


def judge_all(
    claims: Sequence[Claim],
    evidence: Evidence | Sequence[Evidence],
    *,
    alpha: float = ALPHA,
    beside: Sequence[float] = (),
) -> list[Verdict]:
    """Judge claims, as one family for each source and body of evidence.

    Args:
        claims: the claims.
        evidence: the evidence of one study, or of several: each claim is then judged on the study
            with the most independent pairs for it, or on several together if no single one has
            any, as when one has the ResNets and another the SVMs: on those with as many training
            images, or else on all.
        alpha: the error rate of the family.
        beside: p-values of further tests that belong to each family.
    """
    bodies = [evidence] if isinstance(evidence, Evidence) else list(evidence)
    chosen = [_best_evidence(claim, bodies, alpha) for claim in claims]
    return _decided(claims, chosen, alpha, beside)


def _decided(
    claims: Sequence[Claim],
    chosen: Sequence[tuple[Evidence, Outcome]],
    alpha: float,
    beside: Sequence[float] = (),
) -> list[Verdict]:
    families: dict[tuple[str, str], dict[str, Outcome]] = {}
    keys = [f"{claim.test!r} {sorted(claim.where.items())!r}" for claim in claims]
    for claim, key, (evidence, outcome) in zip(claims, keys, chosen, strict=True):
        families.setdefault((claim.source, evidence.name), {})[key] = outcome
    found: list[Verdict] = []
    for claim, key, (evidence, outcome) in zip(claims, keys, chosen, strict=True):
        family = families[claim.source, evidence.name]  # a repeated hypothesis counts once
        p_values = np.array([*(one.p_value for one in family.values()), *beside], dtype=float)
        for_images = np.array([*(one.p_images for one in family.values()), *beside], dtype=float)
        place = list(family).index(key)
        p = float(holm(p_values)[place])
        p_images = float(holm(np.fmax(p_values, for_images))[place])
        caveats = evidence.caveats if outcome.num_pairs else ()
        word, worded = _worded(outcome, p, p_values, alpha, p_images)
        found.append(Verdict(claim, evidence.name, evidence.kind, word, worded, p, caveats))
    return found


def _worded(
    outcome: Outcome,
    p_adjusted: float,
    p_values: NDArray[np.float64],
    alpha: float,
    p_images: float = math.nan,
) -> tuple[Word, Outcome]:
    """Return the verdict in a family, and the outcome with its reason completed.

    A number of pairs that suffices for a single claim may be too small in a family: then even its
    smallest possible p-value is not below the level after Holm's correction. ``p_images`` is the
    adjusted p-value for other test images, too.
    """
    word = outcome.decided(p_adjusted, alpha, p_images)
    num_with = int((p_values >= outcome.smallest_p).sum())
    num_all = int(np.isfinite(p_values).sum())
    if outcome.word or word != "not distinguishable" or outcome.smallest_p * num_with < alpha:
        return word, replace(outcome, reason=joined(outcome.reason, outcome.power))
    few = f"{outcome.num_pairs} pairs are too few for {num_all} claims that are judged together"
    few += f" (Holm's correction multiplies by {num_with} here)" * (num_with < num_all)
    return "underpowered", replace(outcome, reason=joined(outcome.reason, few))


def _best_evidence(
    claim: Claim, bodies: Sequence[Evidence], alpha: float
) -> tuple[Evidence, Outcome]:
    candidates = [(body, _outcome(claim, body, alpha)) for body in bodies]
    speaking = [entry for entry in candidates if entry[1].num_pairs]
    if speaking:
        return max(speaking, key=lambda entry: entry[1].num_pairs)
    together = [(body, _outcome(claim, body, alpha)) for body in _together(bodies)]
    return next((entry for entry in together if entry[1].num_pairs), [*candidates, *together][-1])


def _together(bodies: Sequence[Evidence]) -> list[Evidence]:
    """Return the studies of one size together, the largest size first, and then all of them.

    The seeds of a study on few images say nothing of the noise of one on many.
    """
    sizes: dict[float, list[Evidence]] = {}
    for body in bodies:
        size = float(numbers(body.rows, NUM_TRAIN).max())
        sizes.setdefault(size if size > 0 else 0.0, []).append(body)  # 0 for one that is unknown
    alike = [sizes[size] for size in sorted(sizes, reverse=True)]
    groups = alike if len(alike) < 2 else [*alike, list(bodies)]
    return [pooled(group) for group in groups if len(group) > 1]


def _outcome(claim: Claim, evidence: Evidence, alpha: float) -> Outcome:
    if unknown := evidence.lacks(*claim.where):
        return not_comparable(unknown)
    rows = evidence.where(claim.where)
    if rows.rows.empty:
        wanted = claim.where.items()
        about = ", ".join(f"{named(key)} {printed_all(value)}" for key, value in wanted)
        return not_comparable(f"no rows with {about}" if about else "no rows")
    if evidence.flawed and getattr(claim.test, "metric", "test_accuracy").endswith("_accuracy"):
        return not_comparable(evidence.flawed)
    if less := _less_trained(claim, rows):
        return not_comparable(less)
    try:
        with np.errstate(all="ignore"):  # an infinite value gives NaN, which means unknown
            outcome = claim.test.judge(rows, alpha)
        if not isinstance(outcome, Outcome):
            raise TypeError(f"judge returned {type(outcome).__name__}, not an Outcome")
    except Exception as error:
        error.add_note(f"while judging claim {claim.name}")
        raise
    is_steady = evidence.kind == "study" and getattr(claim.test, "metric", "") == "train_seconds"
    if is_steady and outcome.num_pairs:
        outcome = replace(outcome, reason=joined(outcome.reason, _STEADY))
    return outcome


def _less_trained(claim: Claim, evidence: Evidence) -> str:
    """Say that a study has far fewer training images or epochs than a claim's source; else empty.

    Only claims on how high an accuracy is depend on them.
    """
    if evidence.kind != "study" or not claim.tables:
        return ""
    if not getattr(claim.test, "is_absolute", False):
        return ""
    published = _published(claim.tables).rows
    for column, of_published, text in _TRAINED:
        ours = numbers(evidence.rows, column).median()
        theirs = numbers(published, of_published).median()
        if ours < _SAME_SIZE * theirs:  # NaN, unknown, is not less
            return text.format(ours, theirs)
    return ""


@functools.cache
def _published(tables: tuple[str, ...]) -> Evidence:
    return from_reference([load_table(table) for table in tables])


def judge_published(claims: Iterable[Claim], *, alpha: float = ALPHA) -> list[Verdict]:
    """Judge each claim on the published tables it was drawn from, one family per report."""
    found: list[Verdict] = []
    drawn = [claim for claim in claims if claim.tables]
    for source in dict.fromkeys(claim.source for claim in drawn):
        family = [claim for claim in drawn if claim.source == source]
        chosen = []
        for claim in family:
            evidence = _published(claim.tables)
            chosen.append((evidence, _outcome(claim, evidence, alpha)))
        found += _decided(family, chosen, alpha)
    return found


def verdicts(
    studies: Sequence[Study], claims: Sequence[Claim], *, alpha: float = ALPHA
) -> pd.DataFrame:
    """Return the verdicts on every claim: on its own tables, and on the studies.

    Args:
        studies: studies, finished or not, each as ``tune_app.load_study(...).frames``; empty for
            the published tables alone.
        claims: such as ``analysis.claims.PUBLISHED``.
        alpha: the error rate of each family.

    Returns:
        One line per claim and evidence, the claim's own tables first. ``claim``, ``sentence`` and
        ``source`` are the claim's, ``evidence`` is the study or the tables, ``kind`` is ``study``
        or ``report``, ``verdict`` is the word, and ``text`` the verdict in words. The numbers are
        those of :class:`analysis.claims.Outcome`, with ``p_adjusted`` after Holm's correction.
        ``effect``, ``low`` and ``high`` are in ``unit``, with ``points`` as fractions. ``caveats``
        are about the rows.
    """
    found = judge_published(claims, alpha=alpha)
    if studies:
        found += judge_all(claims, [from_study(study) for study in studies], alpha=alpha)
    order = {claim.name: number for number, claim in enumerate(claims)}
    found.sort(key=lambda verdict: (order[verdict.claim.name], verdict.kind))
    return to_frame(found)
