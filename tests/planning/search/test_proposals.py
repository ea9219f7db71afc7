"""Which configuration is proposed next, and why there are no more."""

from __future__ import annotations

from typing import Any

import pytest

from search_spaces.configuration import Config, make_configuration
from search_spaces.points import all_points
from search_spaces.space import SearchSpace
from tests.planning.search.spaces import finite_space, make_space
from tune_app.planning.search.own_sampler import OwnSampler
from tune_app.planning.search.proposals import Proposals
from tune_app.planning.search.sampler import Told
from tune_app.study.search_settings import SearchSettings

POINT: Config = {"lr": 0.1, "batch": 1, "drop": 0.0, "epochs": 9}
OTHER: Config = {**POINT, "batch": 2}


class Fixed:
    """Proposes one point, or nothing, whenever it is asked."""

    def __init__(self, point: Config | None) -> None:
        self.point = point

    def ask(self, number: int, attempt: int) -> Config | None:
        return self.point

    def tell(self, number: int | None, config: Config, told: Told) -> None:
        """Learn nothing."""


def proposals_of(space: SearchSpace, point: Config | None) -> Proposals:
    make: Any = lambda *_given, **_named: Fixed(point)  # noqa: E731
    sampler = OwnSampler("x:y", make, space, seed=0, mode="min")
    return Proposals(SearchSettings("x:y", 30), space, sampler, {})


def id_of(config: Config) -> str:
    return make_configuration(config).config_id


def test_what_a_space_starts_with_is_proposed_unless_it_was_tried() -> None:
    proposals = proposals_of(finite_space(start_with=[POINT, OTHER]), None)
    proposals.tried.add(id_of(POINT))
    assert proposals.next(0) == (make_configuration(OTHER), "start_with", 0)
    assert proposals.next(1) is None


def test_a_sampler_may_end_before_the_space_does() -> None:
    proposals = proposals_of(finite_space(), None)
    assert proposals.next(0) is None
    assert proposals.ended_because == "the sampler x:y has nothing left to propose"
    proposals.tried.update(map(id_of, all_points(finite_space().axes)))
    assert proposals.next(1) is None
    assert proposals.ended_because == (
        "the space has 12 configurations, and all of them were tried"
    )


def test_where_points_cannot_be_listed_others_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    space = make_space()
    drawn = [proposals_of(space, None)._random.ask(3, 20 + draw) for draw in range(2)]
    proposals = proposals_of(space, drawn[0])
    proposals.tried.add(id_of(drawn[0]))
    assert proposals.next(3) == (make_configuration(drawn[1]), "random", 20)
    monkeypatch.setattr(proposals._random, "ask", lambda _number, _attempt: drawn[0])
    assert proposals.next(4) is None
    assert proposals.ended_because == "1,000 random draws gave only what was tried already"


def test_of_points_that_are_left_each_may_be_drawn() -> None:
    proposals = proposals_of(finite_space(), POINT)
    proposals.tried.add(id_of(POINT))
    found = [proposals.next(number) for number in range(100)]
    assert {proposal.source for proposal in found if proposal} == {"random"}
    assert len({proposal.configuration.config_id for proposal in found if proposal}) == 11
