"""Counting the trials that ran at once."""

from __future__ import annotations

import random

import pytest

from tune_app.engine.concurrency import Concurrency


def test_a_trial_that_ran_alone_counts_itself() -> None:
    concurrency = Concurrency()
    concurrency.start("a")
    concurrency.end("a")
    concurrency.start("b")
    assert concurrency.most_at_once("b", "node") == 1
    assert concurrency.most_at_once("a", "node") == 1


def test_only_trials_that_ran_at_the_same_moment_count_together() -> None:
    concurrency = Concurrency()
    concurrency.start("a")
    concurrency.start("b")
    concurrency.end("a")
    for short in ("c", "d", "e"):
        concurrency.start(short)
        assert concurrency.most_at_once(short, "node") == 2
        concurrency.end(short)
    assert concurrency.most_at_once("b", "node") == 2, "four others ran beside b, one at a time"
    concurrency.start("f")
    concurrency.start("g")
    assert concurrency.most_at_once("b", "node") == 3
    concurrency.end("f")
    concurrency.end("g")
    assert concurrency.most_at_once("b", "node") == 3, "also afterwards"


def test_other_nodes_do_not_count() -> None:
    concurrency = Concurrency()
    concurrency.start("a")
    concurrency.start("b")
    assert concurrency.most_at_once("a", "node 1") == 2, "where b runs is not known yet"
    assert concurrency.most_at_once("b", "node 2") == 1
    assert concurrency.most_at_once("a", "node 1") == 1


def test_a_trial_that_moved_counts_where_it_ran() -> None:
    concurrency = Concurrency()
    for name in ("a", "b"):
        concurrency.start(name)
        concurrency.most_at_once(name, "node 1")
    concurrency.start("b")
    assert concurrency.most_at_once("b", "node 2") == 2, "as before it was tried again"
    assert concurrency.most_at_once("a", "node 1") == 2
    concurrency.start("c")
    assert concurrency.most_at_once("c", "node 1") == 2, "a is there, b no more"


class EveryMoment:
    """The same, from the set of trials that ran at each moment."""

    def __init__(self) -> None:
        self.running: set[str] = set()
        self.moments: list[frozenset[str]] = []
        self.nodes: dict[str, str] = {}

    def change(self, trial: str, *, begins: bool) -> None:
        (self.running.add if begins else self.running.discard)(trial)
        self.moments.append(frozenset(self.running))

    def most_at_once(self, trial: str, node: str) -> int:
        self.nodes[trial] = node
        return max(
            sum(self.nodes.get(other, node) == node for other in moment)
            for moment in self.moments
            if trial in moment
        )


@pytest.mark.parametrize("seed", range(40))
def test_it_counts_what_a_look_at_every_moment_counts(seed: int) -> None:
    choose = random.Random(seed)
    concurrency, plain = Concurrency(), EveryMoment()
    nodes = {f"t{n}": choose.choice(["x", "y"]) for n in range(40)}
    waiting = list(nodes)
    for _ in range(200):
        running = sorted(plain.running)
        if waiting and (not running or choose.random() < 0.3):
            trial = waiting.pop()
            concurrency.start(trial)
            plain.change(trial, begins=True)
        elif running and (trial := choose.choice(running)) and choose.random() < 0.3:
            concurrency.end(trial)
            plain.change(trial, begins=False)
        elif running:
            assert concurrency.most_at_once(trial, nodes[trial]) == plain.most_at_once(
                trial, nodes[trial]
            )
    assert len(concurrency._on_node["x"]) < 40, "what nobody asks for any more is dropped"
