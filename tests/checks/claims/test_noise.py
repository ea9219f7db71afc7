from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from analysis.checks.claims.configurations import noise_of_run


def test_noise_of_run_of_a_placebo() -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        [{"setting": setting, "pin": pin} for setting in range(2_000) for pin in (False, True)]
    )
    frame["y"] = frame["setting"] + rng.normal(0, 0.3, len(frame))
    found = noise_of_run(frame, "pin", "y", ["setting"])
    assert found == pytest.approx(0.3, rel=0.05)


def test_noise_of_run_pairs_within_a_seed() -> None:
    rng = np.random.default_rng(6)
    points = itertools.product(range(300), range(4), (False, True))
    frame = pd.DataFrame(points, columns=["setting", "seed", "pin"])
    frame["y"] = rng.normal(size=len(frame)) + 5 * frame["seed"]
    found = noise_of_run(frame, "pin", "y", ["setting"])
    assert found == pytest.approx(1, rel=0.05)


def test_noise_of_run_by_hand() -> None:
    frame = pd.DataFrame({"pin": [False, True] * 2, "s": [1, 1, 2, 2], "y": [1.0, 2.0, 5.0, 4.0]})
    found = noise_of_run(frame, "pin", "y", ["s"])
    assert found == pytest.approx(1 / 0.6744897501960817 / math.sqrt(2))


def test_without_pairs_of_different_trainings_it_is_unknown() -> None:
    frame = pd.DataFrame({"pin": [False, True], "s": [1, 1], "y": [1.0, 2.0], "same_as": ["", "a"]})
    assert noise_of_run(frame.assign(same_as=""), "pin", "y", ["s"]) > 0
    assert noise_of_run(frame, "pin", "y", ["s"]) == 0, "both share one result"
    assert noise_of_run(frame[:1], "pin", "y", ["s"]) == 0, "one level"
    assert noise_of_run(frame, "workers", "y", ["s"]) == 0, "no such column"
    assert noise_of_run(frame.assign(same_as="", s=[1, 2]), "pin", "y", ["s"]) == 0, "no pair"
