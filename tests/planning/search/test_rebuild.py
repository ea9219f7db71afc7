"""A search that was killed goes on as if it had not been."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.configuration import Config, make_configuration
from search_spaces.space import SearchSpace
from tests.planning.search.executor import Disk, Executor, run_killed
from tests.planning.search.spaces import finite_space, loss, make_space
from tune_app.study.search_settings import SearchSettings

Make = Callable[[int | None], Executor]


def maker(search: SearchSettings, space: SearchSpace | None = None, **changes: Any) -> Make:
    """Return what makes the drivers of one study."""
    disk = changes.pop("disk", None) or Disk()
    space = space or make_space()

    def make(survives: int | None) -> Executor:
        return Executor(space, search, disk, loss, survives=survives, **changes)

    return make


def undisturbed(search: SearchSettings, space: SearchSpace | None = None, **changes: Any) -> Disk:
    executor = maker(search, space, **changes)(None)
    executor.run()
    return executor.disk


def check_same(found: Disk, expected: Disk) -> None:
    assert found.proposals() == expected.proposals()
    assert found.last_tells() == expected.last_tells()
    assert found.rows == expected.rows
    assert found.stopped == expected.stopped


@pytest.mark.parametrize("stopping", ["none", "asha", "median"])
@pytest.mark.parametrize(
    ("sampler", "num_trials"),
    [("random", 16), ("tpe", 16), ("qmc", 16), ("cmaes", 12), ("gp", 12), ("grid", 12)],
)
def test_one_worker_proposes_the_same_after_kills_at_every_write(
    sampler: str, num_trials: int, stopping: str
) -> None:
    search = SearchSettings(sampler, num_trials, seed=3, stopping=stopping)
    space = finite_space(num_epochs=4) if sampler == "grid" else make_space(num_epochs=4)
    expected = undisturbed(search, space)
    assert len(expected.proposals()) == num_trials
    assert {source for _, _, source in expected.proposals()} == {sampler}
    # Each driver makes one write, so that a kill falls before every write of the search.
    found, _ = run_killed(maker(search, space), [1])
    check_same(found, expected)
    assert found.num_writes == expected.num_writes  # nothing is written twice


@pytest.mark.parametrize("stopping", ["asha", "median"])
def test_a_single_kill_before_each_write_changes_nothing(stopping: str) -> None:
    search = SearchSettings("random", 12, stopping=stopping)
    expected = undisturbed(search)
    for survives in range(expected.num_writes):
        found, _ = run_killed(maker(search), [survives, 10_000])
        check_same(found, expected)


@settings(max_examples=40)
@given(
    workers=st.integers(1, 5),
    order=st.integers(0, 1000),
    lives=st.lists(st.integers(1, 60), min_size=1, max_size=6),
    stopping=st.sampled_from(["none", "asha", "median"]),
    can_resume=st.booleans(),
    finite=st.booleans(),
)
def test_several_workers_run_each_proposal_once_whatever_is_killed(
    *, workers: int, order: int, lives: list[int], stopping: str, can_resume: bool, finite: bool
) -> None:
    search = SearchSettings("random", 12, seed=order, stopping=stopping)
    space = finite_space() if finite else make_space()
    scheduled = random.Random(order)
    make = maker(search, space, workers=workers, order=scheduled, can_resume=can_resume)
    disk, ended = run_killed(make, lives)
    assert [number for number, _, _ in disk.proposals()] == list(range(12))
    assert len({config_id for _, config_id, _ in disk.proposals()}) == 12
    # Executor asserts that no epoch is trained twice and that a promotion goes on from its rung.
    states = Counter(trial.state for trial in ended.trials.values())
    assert sum(states.values()) == 12 and not states.keys() - {"finished", "stopped", "diverged"}
    assert states["finished"] >= 1 or states["diverged"] == 12
    assert {n: tell[0] for n, tell in disk.last_tells().items()} == {
        n: trial.state for n, trial in ended.trials.items()
    }


def test_failed_trials_count_and_are_tried_again_by_the_next_launch() -> None:
    search = SearchSettings("tpe", 14)

    def fails(config: Config) -> bool:
        return bool(config["batch"] == 64)

    make = maker(search, fails=fails)
    make(None).run()
    first = make(None)
    proposals = first.disk.proposals()
    states = [told[0] for told in first.disk.last_tells().values()]
    assert len(states) == 14 and 0 < states.count("failed") < 14
    first.run()
    assert first.disk.proposals() == proposals
    mended = maker(search, disk=first.disk)(None)
    mended.disk.failed.clear()
    mended.run()
    assert mended.disk.proposals() == proposals
    assert "failed" not in {told[0] for told in mended.disk.last_tells().values()}


def test_a_trial_that_failed_after_a_rung_is_to_be_tried_again_and_not_stopped() -> None:
    disk = Disk()

    def fails(config: Config) -> bool:
        return 1 in disk.rows.get(make_configuration(config).config_id, {})

    driver = maker(SearchSettings("random", 14, stopping="asha"), disk=disk, fails=fails)(None)
    driver.run()
    assert len(disk.failed) == 14, "the best first, then the others one after the other"
    search = driver.open()
    assert search.to_stop == {}
    assert {trial.state for trial in search.trials.values()} == {"running"}


@pytest.mark.parametrize("sampler", ["random", "tpe", "qmc", "cmaes"])
def test_more_trials_later_are_those_of_a_longer_search(sampler: str) -> None:
    long = undisturbed(SearchSettings(sampler, 18))
    disk = undisturbed(SearchSettings(sampler, 13))
    assert disk.proposals() == long.proposals()[:13]
    undisturbed(SearchSettings(sampler, 18), disk=disk)
    check_same(disk, long)


def test_another_sampler_goes_on_with_what_was_tried() -> None:
    disk = undisturbed(SearchSettings("random", 12))
    undisturbed(SearchSettings("tpe", 20), disk=disk)
    assert [source for _, _, source in disk.proposals()] == ["random"] * 12 + ["tpe"] * 8
    best = min(loss(c, 9) or 0 for c in list(disk.asked().values())[12:] if c["lr"] <= 0.07)
    assert best < 1  # it learned from the others: 10 draws of 4 decades would be lucky to be here


def test_the_rows_of_a_grid_are_evidence() -> None:
    points = [{"lr": lr, "batch": b, "drop": 0.1} for lr in (1e-4, 1e-3, 1e-2) for b in (16, 32)]
    rest = {"width": 16, "optimizer": "adam", "amsgrad": True, "epochs": 9}
    disk = Disk()
    for point in (*({**p, **rest} for p in points), {"of another": "space", "epochs": 9}):
        config_id = make_configuration(point).config_id
        disk.configurations[config_id] = point
        is_own = "lr" in point
        disk.rows[config_id] = {e: loss(point, e) if is_own else 1.0 for e in range(1, 10)}
    unseen = undisturbed(SearchSettings("tpe", 16))
    undisturbed(SearchSettings("tpe", 16), disk=disk)
    assert len(disk.proposals()) == 16
    # Ten results are needed before TPE learns. Six of them are the grid's, so it learns earlier.
    same = [a == b for a, b in zip(disk.proposals(), unseen.proposals(), strict=True)]
    assert same[:4] == [True] * 4 and not same[4]


def test_a_row_of_the_grid_is_not_proposed_again() -> None:
    disk = Disk()
    for lr in (0.1, 0.01):
        point = {"lr": lr, "batch": 1, "drop": 0.5, "epochs": 9}
        config_id = make_configuration(point).config_id
        disk.configurations[config_id] = point
        disk.rows[config_id] = {e: float(e) for e in range(1, 10)}
    search = undisturbed_search(SearchSettings("random", 30), finite_space(), disk)
    assert len(disk.proposals()) == 10
    assert not {config_id for _, config_id, _ in disk.proposals()} & disk.configurations.keys()
    assert (
        search.proposals.ended_because
        == "the space has 12 configurations, and all of them were tried"
    )


def undisturbed_search(search: SearchSettings, space: SearchSpace, disk: Disk) -> Any:
    return maker(search, space, disk=disk)(None).run()


@pytest.mark.parametrize("sampler", ["random", "tpe", "qmc", "grid", "cmaes"])
def test_a_space_that_is_exhausted_ends_the_search(sampler: str) -> None:
    disk = Disk()
    search = undisturbed_search(SearchSettings(sampler, 30), finite_space(), disk)
    assert len({config_id for _, config_id, _ in disk.proposals()}) == 12
    assert (
        search.proposals.ended_because
        == "the space has 12 configurations, and all of them were tried"
    )


def test_start_with_comes_first() -> None:
    common = {"drop": 0.1, "width": 16}
    points = [
        {"lr": 1e-3, "batch": 16, "optimizer": "sgd", "momentum": 0.9, **common},
        {"lr": 1e-2, "batch": 32, "optimizer": "adam", "amsgrad": True, **common},
    ]
    space = make_space(start_with=points)
    search = SearchSettings("tpe", 13)
    disk = undisturbed(search, space)
    assert [source for _, _, source in disk.proposals()] == ["start_with"] * 2 + ["tpe"] * 11
    assert [c["lr"] for c in disk.asked().values()][:2] == [1e-3, 1e-2]
    found, _ = run_killed(maker(search, space), [1])
    check_same(found, disk)


def test_a_search_without_finished_trials_takes_one_to_its_end() -> None:
    disk = undisturbed(SearchSettings("random", 2, seed=1, stopping="asha"))
    ends = sorted(max(rows) for rows in disk.rows.values())
    assert ends == [1, 9]
