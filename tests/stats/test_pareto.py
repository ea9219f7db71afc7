"""The Pareto front and the hypervolume, by hand and against Optuna."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.stats.pareto import hypervolume, on_front


def test_the_front_of_two_objectives() -> None:
    points = [(1, 4), (2, 2), (4, 1), (3, 3), (2, 2), (1, 5)]
    assert on_front(points).tolist() == [True, True, True, False, True, False]
    assert on_front(np.empty((0, 2))).tolist() == []


@pytest.mark.parametrize("size", [2, 3])
def test_the_front_is_what_no_point_dominates(size: int) -> None:
    points = np.random.default_rng(0).integers(0, 6, (60, size))
    for point, is_on_front in zip(points, on_front(points), strict=True):
        dominates = (points <= point).all(axis=1) & (points < point).any(axis=1)
        assert is_on_front == (not dominates.any())


def test_the_area_of_two_objectives_by_hand() -> None:
    # Steps from x = 1, 2 and 4 to 5: 1 * (5 - 4) + 2 * (5 - 2) + 1 * (5 - 1).
    points = [(1, 4), (2, 2), (4, 1)]
    assert hypervolume(points, (5, 5)) == 1 * 1 + 2 * 3 + 1 * 4
    assert hypervolume([*points, (3, 3)], (5, 5)) == 11, "a point behind the front adds nothing"
    assert hypervolume([*points, (0, 6)], (5, 5)) == 11, "nor does one beyond the reference"
    assert hypervolume([], (5, 5)) == 0


def test_the_volume_of_three_objectives_by_hand() -> None:
    # Boxes of 2 * 2 * 2 and 3 * 1 * 1, of which 2 * 1 * 1 is in both.
    assert hypervolume([(1, 1, 1), (0, 2, 2)], (3, 3, 3)) == 8 + 3 - 2


@pytest.mark.parametrize("size", [2, 3])
def test_any_points_have_the_volume_that_optuna_finds(size: int) -> None:
    from optuna._hypervolume import compute_hypervolume

    rng = np.random.default_rng(size)
    for _ in range(20):
        points = rng.random((12, size))
        reference = np.full(size, 0.9)
        inside = points[(points < reference).all(axis=1)]
        expected = compute_hypervolume(inside, reference) if len(inside) else 0.0
        assert hypervolume(points, reference) == pytest.approx(expected, rel=1e-9)
        front = points[on_front(points)]
        assert hypervolume(front, reference) == pytest.approx(expected, rel=1e-9)
