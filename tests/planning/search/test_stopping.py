from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.errors import UserError
from tests.planning.search.executor import trainable
from tests.planning.search.spaces import make_space
from tune_app.planning.search.rebuild import open_search
from tune_app.planning.search.steps import Promote
from tune_app.planning.search.stopping import Asha, MedianRule, Stopping, make_stopping
from tune_app.study.search_settings import SearchSettings


def test_asha_by_hand() -> None:
    """Rungs 1 and 3, one in three goes on; the larger the better.

    At rung 1: trial 0 has 0.5, 1 has 0.7, 2 has 0.6. The best third of three is one trial: 1.
    """
    rule = Asha("max", 3)
    paused: dict[int, int] = {}

    def report(trial: int, epoch: int, value: float) -> bool:
        goes_on = rule.report(trial, epoch, {epoch: value})
        if not goes_on:
            paused[trial] = epoch
        return goes_on

    def promote() -> int | None:
        trial = rule.promotable(paused)
        if trial is not None:
            rule.promote(trial, paused.pop(trial))
        return trial

    assert not report(0, 1, 0.5)  # the best third of one trial is none
    assert promote() is None
    assert not report(1, 1, 0.7)
    assert promote() is None
    assert not report(2, 1, 0.6)
    assert promote() == 1  # 0.7 is the best of three
    assert promote() is None
    assert not report(1, 3, 0.8)  # alone at rung 3
    assert not report(3, 1, 0.65)
    assert not report(4, 1, 0.4)
    assert promote() is None  # of five, still one: trial 1, which went on
    assert report(5, 1, 0.9)  # of six, two: 0.9 and 0.7, so trial 5 goes on without a pause
    assert not report(5, 3, 0.85)
    assert not report(6, 1, 0.3)
    assert report(7, 1, 0.75)  # of eight, two: 0.9 and 0.75
    # That is one more than a synchronous rule promotes from eight: when trial 1 went on, it was the
    # best of all that were known.
    assert rule.promoted == {1: {1, 5, 7}}
    assert report(7, 3, 0.86)  # the best of three at rung 3
    assert promote() is None


def test_asha_promotes_from_the_highest_rung_first() -> None:
    rule = Asha("min", 2)
    for trial, value in enumerate([4.0, 3.0, 2.0, 1.0]):
        rule.note(trial, 1, {1: value})
    for trial in (2, 3):
        rule.promote(trial, 1)
        rule.note(trial, 3, {3: float(trial)})
    rule.note(4, 1, {1: 0.5})
    rule.note(5, 1, {1: 0.6})
    assert rule.promotable({0: 1, 1: 1, 2: 3, 3: 3, 4: 1, 5: 1}) == 2
    rule.promote(2, 3)
    # of six at rung 1 three: 0.5, 0.6 and 1.0; the last went on already
    assert rule.promotable({0: 1, 1: 1, 3: 3, 4: 1, 5: 1}) == 4
    rule.promote(4, 1)
    assert rule.promotable({0: 1, 1: 1, 3: 3, 5: 1}) == 5
    rule.promote(5, 1)
    assert rule.promotable({0: 1, 1: 1, 3: 3}) is None


def test_a_trial_that_cannot_be_resumed_goes_on_or_ends() -> None:
    rule = Asha("max", 3)
    decisions = [
        rule.report(trial, 1, {1: value}, can_resume=False)
        for trial, value in enumerate([0.5, 0.4, 0.6, 0.7, 0.65, 0.66])
    ]
    # the best of 1, no; the best of 3, the best of 4, no; 0.66 is one of the best two of 6
    assert decisions == [True, False, True, True, False, True]


def test_a_trial_that_diverged_is_the_worst_and_of_equal_ones_the_first_is_the_best() -> None:
    rule = Asha("max", 2)
    rule.note(0, 1, {1: None})
    assert not rule.goes_on(0, 1, can_resume=False)
    rule.note(1, 1, {1: -100.0})
    assert rule.goes_on(1, 1, can_resume=True)
    rule.note(2, 1, {1: 5.0})
    rule.note(3, 1, {1: 5.0})
    rule.note(4, 1, {1: 5.0})
    assert [rule.goes_on(t, 1, can_resume=True) for t in (2, 3, 4)] == [True, True, False]


def test_the_last_resort_is_the_best_of_the_highest_rung() -> None:
    rule = Asha("min", 3)
    for trial, value in enumerate([0.3, 0.1, 0.2]):
        rule.note(trial, 1, {1: value})
    rule.note(2, 3, {3: 0.9})
    assert rule.last_resort({0: 1, 1: 1, 2: 3}) == 2
    assert rule.last_resort({0: 1, 1: 1}) == 1
    assert rule.last_resort({}) is None


@given(st.lists(st.integers(0, 20), min_size=1, max_size=60), st.integers(2, 4))
def test_whoever_goes_on_is_among_the_best_of_the_rung(values: list[int], reduction: int) -> None:
    rule = Asha("max", reduction)
    paused: dict[int, int] = {}
    for trial, value in enumerate(values):
        goes_on = rule.report(trial, 1, {1: float(value)})
        number = (trial + 1) // reduction
        better = [v for v in values[:trial] if v >= value]
        assert goes_on == (len(better) < number)
        if not goes_on:
            paused[trial] = 1
        while (promoted := rule.promotable(paused)) is not None:
            best = sorted(values[: trial + 1], reverse=True)[:number]
            assert values[promoted] in best
            rule.promote(promoted, paused.pop(promoted))
        # All of the best have gone on, and nobody waits who should not.
        ranked = sorted(range(trial + 1), key=lambda t: (-values[t], t))
        assert set(ranked[:number]) <= rule.promoted.get(1, set())
    # From n trials, those that once were among the best: at most one with each n, and not fewer
    # than a synchronous rule would promote.
    assert len(values) // reduction <= len(rule.promoted.get(1, ())) <= len(values)


@pytest.mark.parametrize("mode", ["max", "min"])
def test_median_by_hand(mode: str) -> None:
    """Averages up to epoch 3: 2, 4 and 6, whose median is 4."""
    sign = 1 if mode == "max" else -1
    rule = MedianRule(mode, 3)

    def report(trial: int, *values: float) -> bool:
        return rule.report(trial, 3, {e: sign * v for e, v in enumerate(values, start=1)})

    assert report(2, 5, 6, 7) and report(1, 3, 4, 5) and report(0, 1, 2, 3)  # too few others
    assert not report(3, 0, 3.9, 1)  # its best, 3.9, is below the median 4
    # the averages are now 2, 4, 6 and 4.9 / 3, and their median is 3
    assert report(4, 3, 0, 0)  # its best is the median
    # now 2, 4, 6, 4.9 / 3 and 1, whose median is 2
    assert report(5, 2.1, 0, 0) and not report(6, 1.4, 0, 0)
    assert rule.promotable({3: 3, 5: 3}) is None and rule.last_resort({3: 3}) is None


def test_median_stops_a_trial_without_a_value() -> None:
    rule = MedianRule("max", 3)
    assert all(rule.report(trial, 1, {1: 0.5}) for trial in range(3))
    assert not rule.report(3, 1, {1: None})


def test_a_rule_asked_again_answers_as_before() -> None:
    rule = MedianRule("max", 3)
    assert all(rule.report(trial, 1, {1: 0.5}) for trial in range(5))
    for trial in range(5, 9):
        rule.report(trial, 1, {1: 0.9})
    assert rule.report(0, 1, {1: 0.5})
    asha = Asha("max", 2)
    assert [asha.report(trial, 1, {1: float(trial)}) for trial in range(4)] == [False, *[True] * 3]
    assert asha.report(1, 1, {1: 1.0}), "two of four are better by now, and it has gone on"


def test_without_a_rule_every_trial_goes_on() -> None:
    rule = make_stopping(SearchSettings("tpe", 3), "max")
    assert type(rule) is Stopping
    assert rule.report(0, 1, {1: None}) and rule.promotable({0: 1}) is None


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        (SearchSettings("tpe", 3, stopping="ahsa"), "did you mean 'asha'?; allowed: none, asha"),
        (SearchSettings("tpe", 3, stopping="asha", reduction=1), "--reduction 1: allowed: whole"),
    ],
)
def test_rules_that_do_not_exist_are_named(settings: SearchSettings, part: str) -> None:
    with pytest.raises(UserError) as error:
        make_stopping(settings, "max")
    assert part in str(error.value)


@pytest.mark.parametrize("can_resume", [True, False])
def test_only_a_trial_with_a_checkpoint_is_taken_further(can_resume: bool) -> None:
    """Of nine trials at a rung three go on: the second and third best are found out late."""
    search = open_search(
        SearchSettings("random", 9, stopping="asha", rungs=(1,)),
        make_space(),
        trainable(),
        study={"configurations": [], "seeds": [0]},
        events=[],
        outcomes={},
        seed=0,
        append=lambda _event: None,
    )
    promoted = []
    while (step := search.next()) is not None:
        config_id = step.configuration.config_id
        if isinstance(step, Promote):
            promoted.append(step.number)
            search.on_end(config_id, "finished", step.number)
        elif search.on_result(config_id, 1, float(step.number), can_resume=can_resume):
            search.on_end(config_id, "finished", 0.0)
        else:
            search.on_end(config_id, "stopped")
    assert promoted == ([0, 1, 2] if can_resume else [])
    assert search.is_done
