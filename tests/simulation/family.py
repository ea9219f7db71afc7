"""A list of claims that are all false, judged as one family by ``judge_all`` with Holm's method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.checks.claims.origin import SOURCE
from analysis.claims import Claim, Evidence, Outcome, judge_all
from tests.simulation import best, pairs, rows
from tests.simulation.studies import ALPHA, Cell, Judged

MEMBERS = {
    "higher": pairs.higher,
    "larger_at": pairs.larger_at,
    "same": pairs.same,
    "usually": pairs.usually,
    "best_of": best.best_of,
    "best_has": best.best_has,
    "most_rows": rows.most_rows,
    "most_gaps": rows.most_gaps,
    "grows_faster": rows.grows_faster,
}
_NOTHING = Evidence("study", "study", pd.DataFrame({SOURCE: ["study"]}), ())


@dataclass(frozen=True)
class Drawn:
    """A test whose p-value was drawn; NaN if nothing is said."""

    name: str
    p_value: float

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Return the outcome that the p-value stands for."""
        del evidence, alpha
        word = "underpowered" if np.isnan(self.p_value) else None
        return Outcome(word, "", p_value=self.p_value, supports=True, num_pairs=1)


def any_wrong(cell: Cell, num: int, rng: np.random.Generator) -> Judged:
    """The share of studies on which at least one claim of the family is judged wrongly.

    All tests see the same study, so that their errors depend on each other as they do there.
    """
    seed = rng.integers(2**32)
    found = {n: judge(cell, num, np.random.default_rng(seed)) for n, judge in MEMBERS.items()}
    wrong = np.zeros(num, dtype=bool)
    # Adjusted p-values are no smaller, so elsewhere no claim of the family is judged wrongly.
    alone = [(judged.p_values < ALPHA) & judged.wrong for judged in found.values()]
    for study in np.flatnonzero(np.any(alone, axis=0)):
        claims = [
            Claim(name, "It is so.", Drawn(name, float(judged.p_values[study])))
            for name, judged in found.items()
        ]
        words = [verdict.word for verdict in judge_all(claims, _NOTHING, alpha=ALPHA)]
        wrong[study] = any(
            word == "supported" and judged.wrong[study]
            for word, judged in zip(words, found.values(), strict=True)
        )
    return Judged(np.zeros(num), wrong)
