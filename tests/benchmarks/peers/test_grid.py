"""The part of q1a that peers run is balanced, and stands for all of it."""

from __future__ import annotations

import itertools
from collections import Counter

from search_spaces.q1a import SPACE
from tests.benchmarks.peers.grid import TIMED, halves, num_epochs, rows_of_trial
from tests.benchmarks.peers.work import configurations

MODELS_AND_SIZES = Counter(itertools.product(("resnet18", "resnet50"), (16, 32)))


def test_each_half_has_each_model_and_batch_size_once_with_an_optimizer_of_its_own() -> None:
    for half, optimizer in zip(halves(), ("sgd", "adam"), strict=True):
        runs = configurations(half)
        assert Counter((run["model"], run["batch_size"]) for run in runs) == MODELS_AND_SIZES
        assert {(run["optimizer"], run["epochs"]) for run in runs} == {(optimizer, 2)}


def test_the_trials_stand_for_every_row_of_the_space() -> None:
    runs = [run for half in halves() for run in configurations(half)]
    stood_for = Counter[tuple[object, ...]]()
    for run, (epochs, number) in itertools.product(runs, rows_of_trial().items()):
        stood_for[(*(run[name] for name in TIMED), epochs)] += number
    rows = [row.config for row in SPACE.expand()]
    assert stood_for == Counter((*(row[name] for name in TIMED), row["epochs"]) for row in rows)
    assert stood_for.total() == 128 and num_epochs() == 64 * 2 + 64 * 5
