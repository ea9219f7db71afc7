"""What is made of the times that a run noted."""

from __future__ import annotations

import pytest

from tests.benchmarks.peers.summary import (
    Noops,
    Run,
    Trial,
    images_per_second,
    noops_of_ends,
    run_of_events,
    whole_seconds,
)

TWO_SLOTS = Run(
    started=100.0,
    handed_over=104.0,
    ended=131.0,
    trials=(Trial(114.0, (5.0, 4.0)), Trial(116.0, (6.0, 5.0)), Trial(128.0, (6.0, 5.0))),
    num_slots=2,
)


def test_a_run_is_read_from_its_events_in_the_order_of_the_ends() -> None:
    ends = [
        {"what": "ended", "time": 9.0, "epoch_seconds": [2.0]},
        {"what": "ended", "time": 7.0, "epoch_seconds": [3.0]},
    ]
    run = run_of_events(1.0, 11.0, [{"what": "handed over", "time": 4.0}, *ends], 2)
    assert run == Run(1.0, 4.0, 11.0, (Trial(7.0, (3.0,)), Trial(9.0, (2.0,))), 2)


def test_a_slot_that_ends_earlier_is_not_held_against_the_peer() -> None:
    assert TWO_SLOTS.fixed_seconds == 4.0 + 3.0
    assert TWO_SLOTS.work_seconds == (12.0 + 24.0) / 2  # the slots end at 116 and 128


def test_one_slot_works_until_its_last_trial_ends() -> None:
    run = Run(0.0, 1.0, 21.0, (Trial(10.0, (8.0,)), Trial(20.0, (9.0,))), 1)
    assert (run.fixed_seconds, run.work_seconds) == (2.0, 19.0)


def test_images_per_second_are_those_of_all_slots() -> None:
    assert images_per_second(TWO_SLOTS.trials, 62, 2) == 24.0  # 6 × 62 images in 31 s, twice


def test_the_whole_has_the_fixed_part_once_and_longer_trials_their_further_epochs() -> None:
    other = Run(0.0, 2.0, 13.0, (Trial(9.0, (3.0, 3.0)), Trial(12.0, (3.0, 3.0))), 2)
    # Fixed: (7 + 3) / 2. Work: 18 and 8.5. A further epoch of all trials: (4 + 5 + 5) / 2 and 3.
    expected = 5.0 + 8 * (18.0 + 8.5) + 6 * (18.0 + 8.5 + 3 * (7.0 + 3.0))
    assert whole_seconds([TWO_SLOTS, other], {2: 8, 5: 6}) == pytest.approx(expected)


def test_a_further_trial_is_measured_after_the_first_of_each_slot() -> None:
    # Two slots, a trial takes 4 s in each: the start is not part of it.
    assert noops_of_ends(0.0, [14.5, 10.0, 10.5, 14.0, 18.0, 18.5], 2) == Noops(6, 10.0, 2.0)
