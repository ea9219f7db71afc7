"""The verdict on a claim: as an object, as a line of a frame, and as a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from analysis.checks.claims.claim import Claim
from analysis.checks.claims.outcome import (
    EXPONENT,
    PLAIN,
    POINTS,
    RATIO,
    SHARE,
    Outcome,
    Word,
    joined,
    ratio_text,
)
from analysis.frames.cells import format_points, p_words
from analysis.frames.measures import Measure
from search_spaces.errors import one_line

_LEVEL = 0.05
COLUMNS = (
    *("claim", "sentence", "source", "evidence", "kind", "verdict", "effect", "unit", "low"),
    *("high", "p_value", "p_adjusted", "num_pairs", "num_seeds", "wins", "ties", "of"),
    *("unit_name", "bounds", "reason", "caveats", "text"),
)


@dataclass(frozen=True)
class Verdict:
    """The verdict on one claim from one set of rows.

    Attributes:
        claim: the claim.
        evidence: names of the studies or tables.
        kind: ``study`` or ``report``.
        word: one of ``VERDICTS``, such as ``supported`` or ``supported for these runs``.
        outcome: the numbers and the reason.
        p_adjusted: the p-value adjusted by Holm's method; NaN if no p-value decides.
        caveats: what a reader must know about the rows.
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
        """The verdict in words, with its numbers, on one line.

        It contains names from study directories and users' files. Escape it where it is printed.
        """
        who = {"report_a": "Report A: ", "report_b": "Report B: "}.get(self.claim.source, "")
        by = "its own table" if self.kind == "report" else self.evidence
        if self.kind == "report" and "," in self.evidence:
            by += "s"
        numbers = numbers_of(asdict(self.outcome) | {"p_adjusted": self.p_adjusted})
        parts = [numbers, self.outcome.reason, *self.caveats]
        text = f"{who}“{self.claim.text}” – {self.word} on {by}: {joined(*parts)}"
        return one_line(text if text.endswith("?") else f"{text}.")


def numbers_of(line: Mapping[Any, Any]) -> str:
    """Return effect, interval, adjusted p and n of one line of ``verdicts`` as text.

    The unadjusted p-value is added if only that one is below 5 %. The text is empty if nothing was
    measured.
    """
    if not line["num_pairs"]:
        return ""
    write, suffix = _WRITERS[line["unit"]]
    suffix = f" {unit}" if (unit := line.get("unit_name")) else suffix
    shown = [f"{write(line['effect'])}{suffix}" + (f" of {line['of']}" if line["of"] else "")]
    low, high = line["low"], line["high"]
    if math.isfinite(low) and math.isfinite(high) and not math.isclose(low, high):
        limits = "({} to {})" if line["bounds"] == "range" else "[{}, {}]"
        shown[0] += f" {limits.format(write(low), write(high))}"
    if math.isfinite(p := line["p_adjusted"]):
        alone = line["p_value"]
        # The interval is not adjusted: it may exclude zero although the adjusted p is above 5 %.
        shown.append(p_words(p) + (f" ({alone:.2g} unadjusted)" if alone < _LEVEL <= p else ""))
    seeds = line["num_seeds"]
    at = f" at {seeds} seeds" if 1 < seeds < line["num_pairs"] else ""
    return ", ".join([*shown, f"n = {line['num_pairs']}{at}"])


def _percent(value: float) -> str:
    return f"{100 * value:.3g}"


_WRITERS: dict[str, tuple[Callable[[float], str], str]] = {
    POINTS: (format_points, " points"),
    RATIO: (ratio_text, ""),
    PLAIN: (Measure("").difference, ""),
    EXPONENT: ("{:.2f}".format, " as exponent"),
    SHARE: (_percent, " %"),
}


def to_frame(found: Iterable[Verdict]) -> pd.DataFrame:
    """Return verdicts as a frame with the columns ``COLUMNS``."""
    return pd.DataFrame([_record(verdict) for verdict in found], columns=list(COLUMNS))


def _record(verdict: Verdict) -> dict[str, Any]:
    return asdict(verdict.outcome) | {
        "claim": verdict.claim.name,
        "sentence": verdict.claim.text,
        "source": verdict.claim.source,
        "evidence": verdict.evidence,
        "kind": verdict.kind,
        "verdict": verdict.word,
        "p_adjusted": verdict.p_adjusted,
        "caveats": "; ".join(verdict.caveats),
        "text": verdict.sentence,
    }
