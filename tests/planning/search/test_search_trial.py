"""What a trial of a search knows of itself."""

from __future__ import annotations

from search_spaces.configuration import make_configuration
from tune_app.planning.search.sampler import Told
from tune_app.planning.search.search_trial import SearchTrial


def test_a_rung_decides_once() -> None:
    trial = SearchTrial(0, make_configuration({"lr": 0.1}), (1, 3))
    trial.values = dict.fromkeys(range(1, 6), 0.5)
    assert [trial.decides(epoch) for epoch in range(1, 6)] == [1, None, 3, None, None]


def test_a_trial_that_ends_later_with_an_equal_value_is_told_again() -> None:
    trial = SearchTrial(0, make_configuration({"lr": 0.1}), (1, 3))
    trial.told = Told("stopped", 0.5, {1: 0.5})
    assert not trial.is_news(Told("stopped", 0.5, {1: 0.5}))
    assert trial.is_news(Told("stopped", 0.5, {1: 0.5, 3: 0.5}))
    assert trial.is_news(Told("finished", 0.5, {1: 0.5}))
