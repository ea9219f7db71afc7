"""``--order``: which trials start first."""

from __future__ import annotations

from pathlib import Path

import pytest

from search_spaces.errors import UserError
from tune_app.planning.checked_request import check_request
from tune_app.planning.order import Order, parse_order
from tune_app.planning.prepared_study import prepare
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.space_file import load_space
from tune_app.storage.local_store import LocalStore
from tune_app.training.registry import TRAINABLES

CLUSTER = Cluster(({"CPU": 2.0},))


def ordered(tmp_path: Path, text: str | None) -> tuple[list[str], list[float]]:
    """Return the keys of q1a's trials in an order, and their costs."""
    order = None if text is None else parse_order(text)
    store = LocalStore(tmp_path / "q1a")
    request = StudyRequest(load_space("q1a"), store, source="sample", num_images=100, order=order)
    trials = prepare(check_request(request), CLUSTER).plan(CLUSTER).trials
    return [t.key for t in trials], [TRAINABLES["resnet"].cost(t.config) for t in trials]


def test_trials_start_in_the_order_that_is_named(tmp_path: Path) -> None:
    keys, costs = ordered(tmp_path, None)
    assert costs == sorted(costs, reverse=True) and costs[0] > costs[-1]
    assert ordered(tmp_path, "longest") == (keys, costs)
    assert ordered(tmp_path, "shortest")[1] == sorted(costs)
    first, again, other = (ordered(tmp_path, f"random:{seed}")[0] for seed in (1, 1, 2))
    assert first == again and first != other and sorted(first) == sorted(other) == sorted(keys)
    assert len({tuple(order) for order in (keys, first, other)}) == 3


def test_an_order_is_read_and_named() -> None:
    assert parse_order("random:7") == Order("random", 7)
    assert str(parse_order("random")) == "in random order (seed 0)"
    assert str(Order()) == "longest first"


@pytest.mark.parametrize("text", ["longestt", "longest:1", "random:", "random:x", "", "random:-1"])
def test_another_order_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="allowed: longest, shortest, random, or random:SEED"):
        parse_order(text)


def test_where_time_is_measured_the_order_is_random(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "pin_memory")
    space = load_space("pin_memory")
    with pytest.raises(UserError, match="--order longest: pin_memory measures the time"):
        check_request(StudyRequest(space, store, order=Order("longest")))
    check_request(StudyRequest(space, store, order=Order("random", 3)))
