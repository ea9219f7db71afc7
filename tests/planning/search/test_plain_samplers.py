"""The samplers that learn nothing: which values they take, and that no parameter follows another.

What they give is part of recorded searches, so it may never change.
"""

from __future__ import annotations

from typing import Any

import pytest
from ray import tune

from search_spaces.configuration import Config
from tests.planning.search.spaces import finite_space, make_space
from tune_app.planning.search.registry import make_sampler
from tune_app.planning.search.sampler import Sampler, Told

SQUARE = {"x": tune.uniform(0, 1), "y": tune.uniform(0, 1), "epochs": 9}


def square(name: str, seed: int = 0) -> Sampler:
    return make_sampler(name, make_space(param_space=SQUARE), seed=seed, mode="min")


def point_of(sampler: Sampler, number: int, attempt: int = 0) -> tuple[float, float]:
    config = sampler.ask(number, attempt)
    assert config is not None
    return config["x"], config["y"]


def cells(points: list[tuple[float, float]]) -> set[tuple[int, int]]:
    """Return which of 4 × 4 cells of the square have a point."""
    return {(int(4 * x), int(4 * y)) for x, y in points}


def test_random_values_are_those_of_the_seed_the_number_the_attempt_and_the_name() -> None:
    first = (0.8795973908745321, 0.10897137609574004)
    other = (0.5546429606447829, 0.9581829525986579)
    assert point_of(square("random"), 0) == pytest.approx(first, abs=1e-15)
    assert point_of(square("random", 7), 3, 2) == pytest.approx(other, abs=1e-15)


def test_one_parameter_does_not_follow_another() -> None:
    points = [point_of(square("random"), number) for number in range(200)]
    # A cell without one of 200 points has a chance of 16 × (15/16)^200, 1 in 25,000.
    assert len(cells(points)) == 16


@pytest.mark.parametrize("seed", range(3))
def test_16_quasi_random_points_are_in_16_cells_in_whatever_order_they_are_asked(
    seed: int,
) -> None:
    points = [point_of(square("qmc", seed), number) for number in range(16)]
    assert len(cells(points)) == 16
    backwards = square("qmc", seed)
    assert [point_of(backwards, number) for number in reversed(range(16))] == points[::-1]


def test_in_place_of_a_quasi_random_point_that_was_tried_a_random_one_is_drawn() -> None:
    for attempt in (1, 2):
        assert point_of(square("qmc"), 5, attempt) == point_of(square("random"), 5, attempt)


@pytest.mark.parametrize("is_told", [True, False])
def test_a_grid_leaves_out_what_was_tried_before(is_told: bool) -> None:
    """A search that goes on is told the results, and begins the trials that have none yet."""
    everything: list[Config] = []
    sampler = make_sampler("grid", finite_space(), seed=0, mode="min")
    while (config := sampler.ask(len(everything), 0)) is not None:
        everything.append(config)
    again: Any = make_sampler("grid", finite_space(), seed=0, mode="min")
    for number in (0, 2):
        if is_told:
            again.tell(number, everything[number], Told("finished", 1.0))
        else:
            again.begin(number, everything[number])
    assert [again.ask(number, 0) for number in (3, 4)] == [everything[1], everything[3]]
