from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from analysis.stats import expected_best, factorial_effects, noise_floor
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
    squares = found.terms.set_index("term")["sum_of_squares"]
    for term, value in TOOL_LIFE_SQUARES.items():
        assert squares[term] == pytest.approx(value, abs=0.005)
    assert found.error_term == "seeds"
    effects = found.effects.set_index(["factor", "level"])["effect"]
    assert 2 * effects["B", 1] == pytest.approx(11.33, abs=0.005)
    assert 2 * effects["C", 1] == pytest.approx(6.83, abs=0.005)
    # Three seeds decide nothing, as three pairs do.
    assert found.terms["p_value"].isna().all() and found.effects["low"].isna().all()


def test_seeds_are_repeated_measures() -> None:
    from scipy import stats
    from statsmodels.stats.anova import AnovaRM

    rng = np.random.default_rng(9)
    points = itertools.product("abc", "xy", range(7))
    frame = pd.DataFrame(points, columns=["u", "v", "seed"])
    frame["y"] = rng.normal(size=len(frame)) + rng.normal(size=7)[frame["seed"]]
    ours = factorial_effects(frame, ["u", "v"], "y").terms.set_index("term")
    theirs = AnovaRM(frame, "y", "seed", within=["u", "v"]).fit().anova_table
    for term, name in (("u", "u"), ("v", "v"), ("u × v", "u:v")):
        assert ours.loc[term, "f"] == pytest.approx(theirs.loc[name, "F Value"])
        assert ours.loc[term, "p_value"] == pytest.approx(theirs.loc[name, "Pr > F"])
        assert ours.loc[term, "error_df"] == theirs.loc[name, "Den DF"]
    means = frame.groupby(["seed", "v"])["y"].mean().unstack()
    t_test = stats.ttest_1samp(means["x"] - means["y"], 0)
    assert ours.loc["v", "p_value"] == pytest.approx(t_test.pvalue)


def test_cells_need_the_same_seeds() -> None:
    frame = pd.DataFrame({"A": [0, 0, 1, 1], "seed": [0, 1, 2, 3], "y": [1.0, 2.0, 3.0, 4.0]})
    with pytest.raises(UserError, match="4 of 8 cells and seeds have results"):
        factorial_effects(frame, ["A"], "y")


def test_twins_are_no_replicates_of_a_seed() -> None:
    """Two seeds and two factors: the error of each term has one degree of freedom, not eleven."""
    rng = np.random.default_rng(2)
    once = pd.DataFrame([cell | {"seed": seed} for cell in cells("AB") for seed in range(6)])
    once["y"] = rng.normal(size=len(once))
    twins = pd.concat([once.assign(pin=False), once.assign(pin=True)], ignore_index=True)
    found = factorial_effects(twins, ["A", "B"], "y", placebo="pin")
    pd.testing.assert_frame_equal(found.terms, factorial_effects(once, ["A", "B"], "y").terms)
    few = factorial_effects(twins[twins["seed"] < 2], ["A", "B"], "y", placebo="pin")
    assert list(few.terms["error_df"]) == [1, 1, 1]
    # At one seed twins that agree show no noise, so they are no error term.
    one = factorial_effects(twins[twins["seed"] == 0], ["A", "B"], "y", placebo="pin")
    assert one.error_term == "none" and one.terms["p_value"].isna().all()


def test_published_single_replicate_uses_high_orders() -> None:
    found = factorial_effects(filtration(), list("ABCD"), "rate")
    terms = found.terms.set_index("term")
    for term, value in FILTRATION_SQUARES.items():
        assert terms.loc[term, "sum_of_squares"] == pytest.approx(value, abs=0.005)
    assert found.error_term == "high-order interactions"
    # ABC 14.06, ABD 68.06, ACD 10.56, BCD 27.56, ABCD 7.56
    assert set(terms["error_df"]) == {5}
    assert terms.loc["A", "error_sd"] ** 2 == pytest.approx(127.81 / 5, abs=0.01)
    assert terms.loc["A", "eta_squared"] == pytest.approx(1870.56 / 5730.94, abs=1e-5)
    effect = found.effects.set_index("factor").loc["A"].iloc[1]
    assert 2 * effect["effect"] == pytest.approx(21.625)
    # Half width: t(0.975, 5) = 2.570582 times the standard error √(25.5625/16).
    half = 2.570582 * math.sqrt(25.5625 / 16)
    assert (effect["low"], effect["high"]) == pytest.approx(
        (21.625 / 2 - half, 21.625 / 2 + half), abs=1e-3
    )


def test_three_levels_and_the_intervals_of_level_effects() -> None:
    rng = np.random.default_rng(0)
    points = itertools.product("abc", "xy", range(4))
    frame = pd.DataFrame(points, columns=["u", "v", "seed"])
    frame["y"] = rng.normal(size=len(frame)) + (frame["u"] == "b")
    found = factorial_effects(frame, ["u", "v"], "y")
    effects = found.effects[found.effects["factor"] == "u"]
    assert list(effects["level"]) == ["a", "b", "c"]
    assert effects["effect"].sum() == pytest.approx(0, abs=1e-12)
    assert list(found.terms["df"]) == [2, 1, 2]
    assert list(found.terms["error_df"]) == [6, 3, 6]


def test_placebo_is_the_error_term() -> None:
    frame = pd.DataFrame([cell | {"pin": pin} for cell in cells("ABC") for pin in (False, True)])
    frame["y"] = [value for cell in range(8) for value in (cell, cell + 0.2)]
    found = factorial_effects(frame, list("ABC"), "y", placebo="pin")
    assert found.error_term == "placebo" and set(found.terms["error_df"]) == {8}
    # Each pair of twins has 0.02; halved, because a cell's value is their mean.
    assert found.terms["error_sd"].to_numpy() == pytest.approx(math.sqrt(8 * 0.01 / 8))
    with pytest.raises(UserError, match="no noise"):
        factorial_effects(frame.assign(same_as=["", "x"] * 8), list("ABC"), "y", placebo="pin")


def test_two_factors_without_replicates_have_no_error_term() -> None:
    frame = pd.DataFrame(cells("AB")).assign(y=[1.0, 2.0, 3.0, 5.0])
    found = factorial_effects(frame, ["A", "B"], "y")
    assert found.error_term == "none" and found.terms["error_sd"].isna().all()
    assert found.terms["p_value"].isna().all() and found.effects["low"].isna().all()
    assert found.terms["eta_squared"].sum() == pytest.approx(1.0)


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


def test_effects_keep_their_level_and_coverage() -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame([cell | {"seed": seed} for cell in cells("AB") for seed in range(6)])
    num_repeats, rejected, covered = 120, 0, 0
    for _ in range(num_repeats):
        noise = rng.normal(size=len(frame)) + rng.normal(size=6)[frame["seed"]]
        found = factorial_effects(frame.assign(y=noise + frame["A"]), ["A", "B"], "y")
        rejected += found.terms.set_index("term").loc["B", "p_value"] < 0.05
        low, high = found.effects.set_index("factor").loc["A"].iloc[1][["low", "high"]]
        covered += low <= 0.5 <= high
    error = math.sqrt(0.05 * 0.95 / num_repeats)
    assert abs(rejected / num_repeats - 0.05) < 4 * error
    assert abs(covered / num_repeats - 0.95) < 4 * error


def test_noise_floor_of_a_placebo() -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        [{"setting": setting, "pin": pin} for setting in range(2_000) for pin in (False, True)]
    )
    frame["y"] = frame["setting"] + rng.normal(0, 0.3, len(frame))
    found = noise_floor(frame, "pin", "y", ["setting"])
    assert found.num_pairs == 2_000
    assert found.sd == pytest.approx(0.3, rel=0.05)
    assert found.sd_low < 0.3 < found.sd_high
    assert found.low < 0 < found.high and found.p_value > 0.001


def test_noise_floor_pairs_within_a_seed() -> None:
    rng = np.random.default_rng(6)
    points = itertools.product(range(300), range(4), (False, True))
    frame = pd.DataFrame(points, columns=["setting", "seed", "pin"])
    frame["y"] = rng.normal(size=len(frame)) + 5 * frame["seed"]
    found = noise_floor(frame, "pin", "y", ["setting"])
    assert found.num_pairs == 1_200 and found.sd == pytest.approx(1, rel=0.05)


def test_noise_floor_by_hand() -> None:
    frame = pd.DataFrame({"pin": [False, True] * 2, "s": [1, 1, 2, 2], "y": [1.0, 2.0, 5.0, 4.0]})
    found = noise_floor(frame, "pin", "y", ["s"])
    assert found.sd == pytest.approx(math.sqrt(2 / 2 / 2))
    assert found.mean_difference == 0.0


def test_shared_results_hold_no_noise() -> None:
    frame = pd.DataFrame({"pin": [False, True], "s": [1, 1], "y": [1.0, 1.0], "same_as": ["", "a"]})
    with pytest.raises(UserError, match="share one result"):
        noise_floor(frame, "pin", "y", ["s"])
    with pytest.raises(UserError, match="needs two"):
        noise_floor(frame[:1], "pin", "y", ["s"])
    with pytest.raises(UserError, match="no column"):
        noise_floor(frame, "pin", "z", ["s"])
    apart = frame.assign(same_as="", s=[1, 2])
    with pytest.raises(UserError, match="differ only in pin"):
        noise_floor(apart, "pin", "y", ["s"])


def test_expected_best_by_hand() -> None:
    # Scores 0, 0, 1: one draw expects 1/3; two draws miss the 1 with (2/3)².
    table = expected_best([0.0, 1.0, 0.0], [3600, 7200, 3600])
    assert list(table["expected_best"]) == pytest.approx([1 / 3, 5 / 9, 19 / 27])
    assert list(table["expected_hours"]) == pytest.approx([4 / 3, 8 / 3, 4])
    assert table["sd"].iloc[0] == pytest.approx(math.sqrt(2) / 3)
    lowest = expected_best([3.0, 1.0, 3.0], mode="min")
    assert lowest["expected_best"].iloc[1] == pytest.approx(3 - 2 * 5 / 9)
    assert "expected_hours" not in lowest


def test_expected_best_is_what_drawing_gives() -> None:
    rng = np.random.default_rng(5)
    scores = rng.normal(size=12)
    drawn = rng.choice(scores, (20_000, 5)).max(axis=1)
    table = expected_best(scores).set_index("num_trials")
    error = drawn.std() / math.sqrt(len(drawn))
    assert abs(table.loc[5, "expected_best"] - drawn.mean()) < 4 * error
    assert table.loc[5, "sd"] == pytest.approx(drawn.std(), rel=0.05)
