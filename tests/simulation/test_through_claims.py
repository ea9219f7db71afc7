"""What is simulated is what claims say: the same studies, judged through ``judge``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from analysis.checks.claims.origin import NUM_TEST
from analysis.claims import (
    BestHas,
    BestOf,
    Claim,
    Criterion,
    Evidence,
    Higher,
    MostRows,
    Same,
    Usually,
    judge,
)
from tests.checks.claims.claim_rows import grid
from tests.simulation import best, pairs, rows
from tests.simulation.studies import LEVEL, SETTINGS, Cell, Judged, Studies, draw

CELL = Cell(6, 0.5, 160, one_seed=False)
NUM = 3
ARMS = ("adam", "sgd")
SHARED = {"optimizer": ARMS, "batch_size": tuple(range(SETTINGS))}


def evidence_of(studies: Studies, place: int, num_settings: int = SETTINGS) -> Evidence:
    """Return one simulated study as a study's rows."""
    sides = dict(zip(ARMS, (studies.first[place], studies.second[place]), strict=True))
    found = grid(
        lambda row: float(sides[row["optimizer"]][row["seed"] * SETTINGS + row["batch_size"]]),
        SHARED | {"batch_size": tuple(range(num_settings))},
        seeds=range(CELL.units),
    )
    found.rows[NUM_TEST] = float(CELL.images)
    return found


@pytest.mark.parametrize(
    ("test", "simulated", "effect", "where", "num_settings"),
    [
        (Higher("optimizer", *ARMS), pairs.higher, 0.0, {}, SETTINGS),
        (Same("optimizer", *ARMS, within=pairs.MARGIN), pairs.same, pairs.MARGIN, {}, SETTINGS),
        (Usually("optimizer", *ARMS), pairs.usually, 0.0, {}, SETTINGS),
        (BestHas({"optimizer": "adam"}), best.best_of_many_has, 0.0, {}, SETTINGS),
        (BestHas({"optimizer": "adam"}), best.best_has, 0.0, {}, 1),
        (BestOf("optimizer", *ARMS, by=()), best.best_of, 0.0, {}, 1),
        (
            MostRows("test_accuracy", above=LEVEL),
            rows.most_rows,
            0.0,
            {"optimizer": "adam"},
            SETTINGS,
        ),
        (
            MostRows("test_accuracy", above=LEVEL, best_by=("optimizer",)),
            rows.most_best_rows,
            0.0,
            {"optimizer": "adam"},
            SETTINGS,
        ),
    ],
)
def test_claims_have_the_simulated_p_values(
    test: Criterion,
    simulated: Callable[[Cell, int, np.random.Generator], Judged],
    effect: float,
    where: dict[str, str],
    num_settings: int,
) -> None:
    expected = simulated(CELL, NUM, np.random.default_rng(3)).p_values
    studies = draw(CELL, NUM, np.random.default_rng(3), effect)
    claim = Claim("claim", "It is so.", test, where)
    found = [
        judge(claim, evidence_of(studies, place, num_settings)).outcome.p_value
        for place in range(NUM)
    ]
    assert np.isfinite(expected).all() and found == pytest.approx(expected)
