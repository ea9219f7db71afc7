"""Claims judged: on published tables and on studies, as families of tests.

The claims of one reader about one body of evidence are one family, and a verdict holds at Holm's
adjusted p-value: among 40 true null hypotheses one or two would else be "supported" by chance. A
claim with too few pairs for any p-value below α is not tested and does not count in the family.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.claims.claim import Claim
from analysis.claims.evidence import Evidence, from_reference, from_study, pooled
from analysis.claims.outcome import (
    EXPONENT,
    POINTS,
    RATIO,
    SHARE,
    Outcome,
    Word,
    joined,
    not_comparable,
    points,
    printed,
    ratio_text,
)
from analysis.load import Study
from analysis.reference import load_table
from analysis.stats import holm

ALPHA = 0.05

COLUMNS = (
    *("claim", "sentence", "source", "evidence", "kind", "verdict", "effect", "unit", "low"),
    *("high", "p_value", "p_adjusted", "num_pairs", "num_seeds", "wins", "ties", "reason"),
    *("caveats", "text"),
)


@dataclass(frozen=True)
class Verdict:
    """What one body of evidence says about one claim.

    Attributes:
        claim: the claim.
        evidence: names of the studies or tables.
        kind: ``study`` or ``report``.
        word: supported, contradicted, not distinguishable, underpowered or not comparable.
        outcome: the numbers and the reason.
        p_adjusted: Holm's, in its family; NaN where no p-value decides.
        caveats: what a reader must know of the rows.
    """

    claim: Claim
    evidence: str
    kind: str
    word: Word
    outcome: Outcome
    p_adjusted: float
    caveats: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The verdict in words, with its numbers."""
        who = {"report_a": "Report A: ", "report_b": "Report B: "}.get(self.claim.source, "")
        shown = _numbers(self.outcome, self.p_adjusted)
        by = "its own table" if self.kind == "report" else self.evidence
        if self.kind == "report" and "," in self.evidence:
            by += "s"
        parts = [_numbers(self.outcome, self.p_adjusted), self.outcome.reason, *self.caveats]
        return f"{who}“{self.claim.text}” – {self.word} on {by}: {joined(*parts)}."


def _numbers(outcome: Outcome, p_adjusted: float) -> str:
    """Return effect, interval, p and n of an outcome; empty where nothing was measured."""
    if not outcome.num_pairs:
        return ""
    write = _WRITERS[outcome.unit]
    interval = "no interval"
    if math.isfinite(outcome.low) and math.isfinite(outcome.high):
        interval = f"[{write(outcome.low)}, {write(outcome.high)}]"
    shown = [f"{write(outcome.effect)} {interval}"]
    if math.isfinite(p_adjusted):
        shown.append(f"p = {p_adjusted:.2g}" if p_adjusted >= 0.001 else "p < 0.001")
    return ", ".join([*shown, f"n = {outcome.num_pairs}"])


_WRITERS: dict[str, Callable[[float], str]] = {
    POINTS: points,
    RATIO: ratio_text,
    EXPONENT: "exponent {:.2f}".format,
    SHARE: "share {:.2f}".format,
}


def judge(claim: Claim, evidence: Evidence, *, alpha: float = ALPHA) -> Verdict:
    """Judge one claim on its own, without a family; ``judge_all`` is for several."""
    return judge_all([claim], evidence, alpha=alpha)[0]


def judge_all(
    claims: Sequence[Claim], evidence: Evidence | Sequence[Evidence], *, alpha: float = ALPHA
) -> list[Verdict]:
    """Judge claims as one family.

    Args:
        claims: the claims.
        evidence: one body of evidence, or several (studies): each claim is then judged on the one
            that gives it the most independent pairs, or on all together where no single one can
            speak, as when one has the ResNets and another the SVMs.
        alpha: the error rate of the family.
    """
    bodies = [evidence] if isinstance(evidence, Evidence) else list(evidence)
    chosen = [_best_evidence(claim, bodies, alpha) for claim in claims]
    return _decided(claims, chosen, alpha)


def _decided(
    claims: Sequence[Claim], chosen: Sequence[tuple[Evidence, Outcome]], alpha: float
) -> list[Verdict]:
    adjusted = holm([outcome.p_value for _, outcome in chosen])
    return [
        Verdict(
            claim,
            evidence.name,
            evidence.kind,
            outcome.decided(float(p), alpha),
            outcome,
            float(p),
            evidence.caveats if outcome.num_pairs else (),
        )
        for claim, (evidence, outcome), p in zip(claims, chosen, adjusted, strict=True)
    ]


def _best_evidence(
    claim: Claim, bodies: Sequence[Evidence], alpha: float
) -> tuple[Evidence, Outcome]:
    candidates = [(body, _outcome(claim, body, alpha)) for body in bodies]
    speaking = [entry for entry in candidates if entry[1].num_pairs]
    if speaking:
        return max(speaking, key=lambda entry: entry[1].num_pairs)
    if len(bodies) > 1:
        together = pooled(bodies)
        return together, _outcome(claim, together, alpha)
    return candidates[0]


def _outcome(claim: Claim, evidence: Evidence, alpha: float) -> Outcome:
    rows = evidence.where(claim.where)
    if rows.rows.empty:
        about = ", ".join(f"{key} {_values(value)}" for key, value in claim.where.items())
        return not_comparable(f"no rows with {about}" if about else "no rows")
    if evidence.flawed and getattr(claim.test, "metric", "test_accuracy").endswith("_accuracy"):
        return not_comparable(evidence.flawed)
    return claim.test.judge(rows, alpha)


def _values(values: Any) -> str:
    return " or ".join(map(printed, values if isinstance(values, tuple) else (values,)))


@functools.cache
def _published(tables: tuple[str, ...]) -> Evidence:
    return from_reference([load_table(table) for table in tables])


def judge_published(claims: Iterable[Claim], *, alpha: float = ALPHA) -> list[Verdict]:
    """Judge each claim on the published tables it was drawn from; one family per report."""
    verdicts = []
    drawn = [claim for claim in claims if claim.tables]
    for source in dict.fromkeys(claim.source for claim in drawn):
        family = [claim for claim in drawn if claim.source == source]
        chosen = []
        for claim in family:
            evidence = _published(claim.tables)
            chosen.append((evidence, _outcome(claim, evidence, alpha)))
        verdicts += _decided(family, chosen, alpha)
    return verdicts


def verdicts(
    studies: Sequence[Study], claims: Sequence[Claim], *, alpha: float = ALPHA
) -> pd.DataFrame:
    """Return every claim's verdicts: on its own tables, and on the studies.

    Args:
        studies: loaded studies, in any state; none for the published tables alone.
        claims: such as ``analysis.claims.PUBLISHED``.
        alpha: the error rate of each family.

    Returns:
        One line per claim and body of evidence, the claim's own tables first, with the columns
        ``COLUMNS``; ``text`` is the verdict in words. ``effect``, ``low`` and ``high`` are in
        ``unit``, where ``points`` are fractions.
    """
    found = judge_published(claims, alpha=alpha)
    if studies:
        found += judge_all(claims, [from_study(study) for study in studies], alpha=alpha)
    order = {claim.name: number for number, claim in enumerate(claims)}
    found.sort(key=lambda verdict: (order[verdict.claim.name], verdict.kind))
    return to_frame(found)


def to_frame(found: Iterable[Verdict]) -> pd.DataFrame:
    """Return verdicts as a frame with the columns ``COLUMNS``."""
    return pd.DataFrame([_record(verdict) for verdict in found], columns=list(COLUMNS))


def _record(verdict: Verdict) -> dict[str, Any]:
    outcome = verdict.outcome
    return {
        "claim": verdict.claim.name,
        "sentence": verdict.claim.text,
        "source": verdict.claim.source,
        "evidence": verdict.evidence,
        "kind": verdict.kind,
        "verdict": verdict.word,
        "effect": outcome.effect,
        "unit": outcome.unit,
        "low": outcome.low,
        "high": outcome.high,
        "p_value": outcome.p_value,
        "p_adjusted": verdict.p_adjusted,
        "num_pairs": outcome.num_pairs,
        "num_seeds": outcome.num_seeds,
        "wins": outcome.wins,
        "ties": outcome.ties,
        "reason": outcome.reason,
        "caveats": "; ".join(verdict.caveats),
        "text": verdict.sentence,
    }
