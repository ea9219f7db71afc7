from __future__ import annotations

import pandas as pd

from analysis.frames.pairing import RUNS, join_runs, sets_of, side_by_side

ROWS = pd.DataFrame(
    {
        "model": ["a", "b", "a", "b", "a", "a", "b"],
        "lr": [0.1, 0.1, 0.2, 0.2, 0.3, None, None],
        "seed": [0, 0, 0, 0, 0, 0, 0],
    },
    index=list("pqrstuv"),
)


def test_rows_of_a_set_differ_in_the_factor_alone() -> None:
    sets = sets_of(ROWS, "model", ["model", "lr", "seed"])
    assert [list(group.index) for _, group in sets.groupby(sets)] == [
        ["p", "q"],
        ["r", "s"],
        ["u", "v"],  # a missing setting equals a missing one
    ], "t has no counterpart"


def test_a_set_that_has_a_level_twice_says_nothing() -> None:
    rows = ROWS.drop(columns="lr")
    assert sets_of(rows, "model", ["seed"]).empty
    assert side_by_side(rows, "model", ("a", "b"), ["seed"]).empty


def test_pairs_stand_in_the_order_of_the_first_level() -> None:
    pairs = side_by_side(ROWS.iloc[::-1], "model", ("b", "a"), ["lr", "seed"])
    assert pairs.to_dict("list") == {0: ["v", "s", "q"], 1: ["u", "r", "p"]}
    assert side_by_side(ROWS, "model", ("a", "c"), ["lr", "seed"]).empty


def test_a_set_without_one_of_the_levels_is_no_pair() -> None:
    rows = pd.concat([ROWS, ROWS.loc[["t"]].assign(model="c").set_axis(["w"])])
    pairs = side_by_side(rows, "model", ("a", "b", "c"), ["lr", "seed"])
    assert pairs.empty and list(pairs.columns) == [0, 1, 2]
    assert side_by_side(rows, "model", ("c", "a"), ["lr", "seed"]).to_dict("list") == {
        0: ["w"],
        1: ["t"],
    }


def test_a_third_level_is_passed_over() -> None:
    rows = pd.concat([ROWS, ROWS.loc[["p"]].assign(model="c").set_axis(["w"])])
    assert len(side_by_side(rows, "model", ("a", "b"), ["lr", "seed"])) == 3
    three = side_by_side(rows, "model", ("a", "b", "c"), ["lr", "seed"])
    assert three.to_dict("list") == {0: ["p"], 1: ["q"], 2: ["w"]}


def test_pairs_of_the_same_runs_become_one() -> None:
    runs = [frozenset("xy"), frozenset("xz"), frozenset("yx")]
    pairs = pd.DataFrame({"lr": ["1", "2", "3"], "difference": [0.1, 0.5, 0.3], RUNS: runs})
    joined = join_runs(pairs, ["difference"])
    assert list(joined["lr"]) == ["1", "2"] and list(joined["difference"]) == [0.2, 0.5]
    assert join_runs(pairs[:0], ["difference"]).empty
