from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from analysis.stats import factorial_effects
from search_spaces.errors import UserError

# Montgomery, "Design and analysis of experiments", problem 6.1, tool life: 2^3 cells in the order
# (1), a, b, ab, c, ac, bc, abc, three replicates each; sums of squares from its solutions manual.
TOOL_LIFE = [
    *((22, 31, 25), (32, 43, 29), (35, 34, 50), (55, 47, 46)),
    *((44, 45, 38), (40, 37, 36), (60, 50, 54), (39, 41, 47)),
]
TOOL_LIFE_SQUARES = {"A": 0.67, "B": 770.67, "C": 280.17, "A × B": 16.67, "A × C": 468.17}
TOOL_LIFE_SQUARES |= {"B × C": 48.17}

# The same book, example 6.2: filtration rate, a single replicate of 2^4, (1), a, b, ab, c, …, abcd.
FILTRATION = [45, 71, 48, 65, 68, 60, 80, 65, 43, 100, 45, 104, 75, 86, 70, 96]
FILTRATION_SQUARES = {"A": 1870.56, "B": 39.06, "C": 390.06, "D": 855.56, "A × B": 0.06}
FILTRATION_SQUARES |= {"A × C": 1314.06, "A × D": 1105.56, "B × C": 22.56, "B × D": 0.56}
FILTRATION_SQUARES |= {"C × D": 5.06}


def cells(names: str) -> list[dict[str, int]]:
    """Return the cells of a 2^k in standard order: the first factor changes fastest."""
    points = itertools.product((0, 1), repeat=len(names))
    return [dict(zip(names, point[::-1], strict=True)) for point in points]


def tool_life() -> pd.DataFrame:
    return pd.DataFrame(
        [
            cell | {"seed": seed, "life": float(life)}
            for cell, lives in zip(cells("ABC"), TOOL_LIFE, strict=True)
            for seed, life in enumerate(lives)
        ]
    )


def filtration() -> pd.DataFrame:
    return pd.DataFrame(
        [cell | {"rate": rate} for cell, rate in zip(cells("ABCD"), FILTRATION, strict=True)]
    )


def test_published_sums_of_squares_with_replicates() -> None:
    found = factorial_effects(tool_life(), list("ABC"), "life")
    squares = found.set_index("term")["sum_of_squares"]
    for term, value in TOOL_LIFE_SQUARES.items():
        assert squares[term] == pytest.approx(value, abs=0.005)
    # Three seeds decide nothing, as three pairs do.
    assert list(found["error_df"]) == [2] * 6 and found["p_value"].isna().all()


def test_seeds_are_repeated_measures() -> None:
    from scipy import stats
    from statsmodels.stats.anova import AnovaRM

    rng = np.random.default_rng(9)
    points = itertools.product("abc", "xy", range(7))
    frame = pd.DataFrame(points, columns=["u", "v", "seed"])
    frame["y"] = rng.normal(size=len(frame)) + rng.normal(size=7)[frame["seed"]]
    ours = factorial_effects(frame, ["u", "v"], "y").set_index("term")
    theirs = AnovaRM(frame, "y", "seed", within=["u", "v"]).fit().anova_table
    for term, name in (("u", "u"), ("v", "v"), ("u × v", "u:v")):
        assert ours.loc[term, "f"] == pytest.approx(theirs.loc[name, "F Value"])
        assert ours.loc[term, "error_df"] == theirs.loc[name, "Den DF"]
    assert ours.loc["v", "p_value"] == pytest.approx(theirs.loc["v", "Pr > F"])
    means = frame.groupby(["seed", "v"])["y"].mean().unstack()
    t_test = stats.ttest_1samp(means["x"] - means["y"], 0)
    assert ours.loc["v", "p_value"] == pytest.approx(t_test.pvalue)


def test_cells_need_the_same_seeds() -> None:
    frame = pd.DataFrame({"A": [0, 0, 1, 1], "seed": [0, 1, 2, 3], "y": [1.0, 2.0, 3.0, 4.0]})
    with pytest.raises(UserError, match="4 of 8 cells and seeds have results"):
        factorial_effects(frame, ["A"], "y")


def test_unequal_noise_leaves_fewer_degrees_of_freedom() -> None:
    """Three levels at six seeds, by hand: the covariances are those of NumPy, centred twice."""
    from scipy import stats

    rng = np.random.default_rng(4)
    values = rng.normal(size=(3, 6)) * np.array([[1.0], [1.0], [5.0]])
    points = itertools.product("abc", range(6))
    frame = pd.DataFrame(points, columns=["u", "seed"]).assign(y=values.ravel())
    found = factorial_effects(frame, ["u"], "y").iloc[0]
    covariance = np.cov(values)
    centred = covariance - covariance.mean(0) - covariance.mean(1)[:, None] + covariance.mean()
    share = np.trace(centred) ** 2 / (2 * (centred**2).sum())
    assert 0.5 < share < 0.7
    assert found["p_value"] == pytest.approx(stats.f.sf(found["f"], 2 * share, 10 * share))
    assert (found["df"], found["error_df"]) == (2, 10)


def test_several_results_of_a_cell_and_seed_are_averaged() -> None:
    """Twins are no replicates of a seed: the error has one degree of freedom, not eleven."""
    rng = np.random.default_rng(2)
    once = pd.DataFrame([cell | {"seed": seed} for cell in cells("AB") for seed in range(6)])
    once["y"] = rng.normal(size=len(once))
    twins = pd.concat([once.assign(pin=False), once.assign(pin=True)], ignore_index=True)
    found = factorial_effects(twins, ["A", "B"], "y")
    pd.testing.assert_frame_equal(found, factorial_effects(once, ["A", "B"], "y"))
    few = factorial_effects(twins[twins["seed"] < 2], ["A", "B"], "y")
    assert list(few["error_df"]) == [1, 1, 1]


def test_published_single_replicate_has_shares_and_no_test() -> None:
    terms = factorial_effects(filtration(), list("ABCD"), "rate").set_index("term")
    for term, value in FILTRATION_SQUARES.items():
        assert terms.loc[term, "sum_of_squares"] == pytest.approx(value, abs=0.005)
    assert terms.loc["A", "eta_squared"] == pytest.approx(1870.56 / 5730.94, abs=1e-5)
    assert terms[["error_df", "f", "p_value"]].isna().all(axis=None)


def test_degrees_of_freedom_of_three_levels() -> None:
    rng = np.random.default_rng(0)
    points = itertools.product("abc", "xy", range(4))
    frame = pd.DataFrame(points, columns=["u", "v", "seed"])
    frame["y"] = rng.normal(size=len(frame)) + (frame["u"] == "b")
    found = factorial_effects(frame, ["u", "v"], "y")
    assert list(found["df"]) == [2, 1, 2]
    assert list(found["error_df"]) == [6, 3, 6]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(index=3), "every one needs"),
        (lambda frame: frame.assign(A=0), "A does not vary"),
        (lambda frame: frame.assign(rate=math.nan), "no finite rate"),
        (lambda frame: frame.drop(columns="B"), "no column 'B'"),
    ],
)
def test_what_is_no_full_factorial_is_refused(change: object, message: str) -> None:
    assert callable(change)
    with pytest.raises(UserError, match=message):
        factorial_effects(change(filtration()), list("ABCD"), "rate")


def test_equal_effects_at_every_seed_have_no_p_value_of_rounding() -> None:
    rows = pd.DataFrame(
        [
            {"a": a, "b": b, "seed": seed, "y": 0.1 + 0.3 * a + 0.7 * b}
            for a in (0, 1)
            for b in (0, 1)
            for seed in range(6)
        ]
    )
    table = factorial_effects(rows, ["a", "b"], "y").set_index("term")
    assert table["p_value"].isna().all()
    assert table.loc["b", "eta_squared"] == pytest.approx(0.49 / 0.58)
    assert factorial_effects(rows.assign(y=0.3), ["a", "b"], "y")["eta_squared"].isna().all()
