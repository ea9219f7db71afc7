"""Counting the trials that ran at once."""

from __future__ import annotations

from tune_app.concurrency import Concurrency


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
