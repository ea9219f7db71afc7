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


def test_trials_that_overlapped_count_for_each_other_also_afterwards() -> None:
    concurrency = Concurrency()
    for trial in ("a", "b", "c"):
        concurrency.start(trial)
    concurrency.end("a")
    concurrency.start("d")
    assert concurrency.most_at_once("b", "node") == 4, "a, c and d ran beside b"
    assert concurrency.most_at_once("d", "node") == 3, "b and c ran beside d"


def test_other_nodes_do_not_count() -> None:
    concurrency = Concurrency()
    concurrency.start("a")
    concurrency.start("b")
    assert concurrency.most_at_once("a", "node 1") == 2, "where b runs is not known yet"
    assert concurrency.most_at_once("b", "node 2") == 1
    assert concurrency.most_at_once("a", "node 1") == 1
