from __future__ import annotations

import math

import pandas as pd
import pytest

from analysis.frames.timing import (
    BUSY_SHARE,
    TAKEN_FROM,
    conditions_differ,
    epoch_times,
    same_conditions,
)


def test_unknown_conditions_are_not_comparable() -> None:
    rows = pd.DataFrame({"train_seconds": [1.0, 2.0]})
    assert "not recorded" in conditions_differ(rows[:1], rows[1:])
    some = rows.assign(num_concurrent_trials=[2.0, math.nan])
    assert "1 row does not record how many trials" in conditions_differ(some[:1], some[1:])
    other = rows.assign(num_concurrent_trials=[1, 2])
    assert "between 1 and 2" in conditions_differ(other[:1], other[1:])


def test_alike_is_comparable_and_a_wish_to_be_alone_is_no_evidence() -> None:
    rows = pd.DataFrame({"train_seconds": [1.0, 2.0]})
    alike = rows.assign(num_concurrent_trials=2)
    assert conditions_differ(alike[:1], alike[1:]) == ""
    wished = rows.assign(exclusive=True, num_concurrent_trials=[1, 2])
    assert conditions_differ(wished[:1], wished[1:])


def test_threads_count_within_a_device() -> None:
    rows = pd.DataFrame({"num_concurrent_trials": [1, 1], "num_threads": [1, 16]})
    one_device = rows.assign(device="cpu")
    assert "between 1 and 16 threads" in conditions_differ(one_device[:1], one_device[1:])
    two = rows.assign(device=["cuda", "cpu"])
    assert conditions_differ(two[:1], two[1:]) == ""
    unknown = two.assign(num_threads=[1, None])
    assert "1 row does not record how many threads" in conditions_differ(unknown[:1], unknown[1:])


def test_times_of_a_busy_machine_are_comparable_with_none() -> None:
    rows = pd.DataFrame({"num_concurrent_trials": 1, "waited_share": [0.02, math.nan, 0.37]})
    assert conditions_differ(rows[:1], rows[1:2]) == ""
    assert conditions_differ(rows[:1], rows[2:]) == (
        "other work had part of the cores, for which threads waited up to 37 % of their time"
    )
    calm = rows.iloc[[0, 0, 0]].reset_index(drop=True)
    assert list(same_conditions(calm, rows)) == [True, True, False]
    assert list(same_conditions(rows, calm)) == [True, True, False]


def test_a_machine_is_busy_from_the_share_that_is_named() -> None:
    rows = pd.DataFrame(
        {"num_concurrent_trials": 1, "waited_share": [BUSY_SHARE - 1e-9, BUSY_SHARE]}
    )
    calm, busy = rows[:1].reset_index(drop=True), rows[1:].reset_index(drop=True)
    assert conditions_differ(calm, calm) == "" and same_conditions(calm, calm).all()
    assert "other work" in conditions_differ(calm, busy)
    assert not same_conditions(calm, busy).any() and not same_conditions(busy, calm).any()


def test_waiting_for_a_core_matters_to_every_time_but_that_of_the_processor() -> None:
    rows = pd.DataFrame({"num_concurrent_trials": 1, "waited_share": [0.02, 0.37]})
    one, other = rows[:1], rows[1:]
    assert conditions_differ(one, other, time="cpu_seconds") == ""
    assert same_conditions(rows, rows, time="cpu_seconds").all()
    # Claims name the compared time train_seconds, whatever it was taken from.
    taken = rows.assign(**{TAKEN_FROM: "cpu_seconds"})
    assert conditions_differ(taken[:1], taken[1:], time="train_seconds") == ""
    assert "other work" in conditions_differ(taken[:1], taken[1:], time="eval_seconds")
    assert list(same_conditions(taken, taken, time="eval_seconds")) == [True, False]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("threads", [1, 2, math.nan])
@pytest.mark.parametrize("count", [1, 2, math.nan])
def test_line_by_line_is_the_same_question(count: float, threads: float, device: str) -> None:
    one = pd.DataFrame({"num_concurrent_trials": [1], "num_threads": [1], "device": ["cpu"]})
    other = pd.DataFrame(
        {"num_concurrent_trials": [count], "num_threads": [threads], "device": [device]}
    )
    alike = same_conditions(one, other).item()
    assert alike == (conditions_differ(one, other) == "") == same_conditions(other, one).item()


def test_epoch_times_leave_out_the_warm_up_and_what_a_resumption_hides() -> None:
    epochs = pd.DataFrame(
        {
            "trial_key": ["a"] * 4 + ["b"] * 3,
            "epoch": [1, 2, 3, 4, 1, 3, 4],
            "train_seconds": [9.0, 12.0, 16.0, 15.0, 5.0, 8.0, 10.0],
        }
    )
    times = epoch_times(epochs)
    assert list(times.itertuples(index=False, name=None)) == [
        ("a", 2, 3.0),
        ("a", 3, 4.0),
        ("b", 4, 2.0),
    ]
    resumed = epochs.assign(warm_up=[True, False, True, False, True, True, False])
    assert list(epoch_times(resumed)["seconds"]) == [3.0, 2.0]
