"""``python -m tests.benchmarks peers``: q1a on 800 images by tune_app and by its peers.

Trials that train nothing are measured in rounds, of all systems in turns. Of the training, each
peer does half of its part of q1a before ours and half after it, once, however many rounds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.peers.grid import halves, num_epochs, rows_of_trial
from tests.benchmarks.peers.summary import Noops, images_per_second, whole_seconds
from tests.benchmarks.peers.systems import Peer, our_noops, our_study, peers
from tests.benchmarks.peers.work import NUM_TRAIN, configurations
from tune_app.study.provenance import num_usable_cpus

OURS = "tune_app"


@dataclass(frozen=True)
class SystemMeasured:
    """One row of the table.

    Attributes:
        system: its name.
        settings: how it is set up.
        images_per_second: of all trials that run at once, validation included.
        seconds: of q1a, from the command to its end.
        is_extrapolated: whether only a part of q1a was run.
        epochs: how many it trains for q1a.
        noops: trials that train nothing, once a round.
    """

    system: str
    settings: str
    images_per_second: float
    seconds: float
    is_extrapolated: bool
    epochs: int
    noops: tuple[Noops, ...]


def run(num_rounds: int) -> Iterator[SystemMeasured]:
    """Measure all systems, on no more cores than half of the peers' part has trials for."""
    first, second = halves()
    cores, most = num_usable_cpus(), len(configurations(first))
    if cores > most:
        few = f"taskset -c 0-{most - 1} python -m tests.benchmarks peers"
        print(
            f"peers: not measured: {cores} cores are more than {most}; run {few}", file=sys.stderr
        )
        return
    others = peers()
    noops = _noops(others, num_rounds)
    before = {peer.name: peer.run(first) for peer in others}
    seconds, trials = our_study()
    after = {peer.name: peer.run(second) for peer in reversed(others)}
    yield SystemMeasured(
        OURS,
        f"`tune-app run --space q1a`; {cores} trials at once, 1 thread a trial",
        images_per_second(trials, NUM_TRAIN, cores),
        seconds,
        is_extrapolated=False,
        epochs=sum(len(trial.epoch_seconds) for trial in trials),
        noops=noops[OURS],
    )
    for peer in others:
        runs = before[peer.name], after[peer.name]
        trained = [trial for run in runs for trial in run.trials]
        yield SystemMeasured(
            peer.name,
            peer.settings,
            images_per_second(trained, NUM_TRAIN, peer.num_slots),
            whole_seconds(runs, rows_of_trial()),
            is_extrapolated=True,
            epochs=num_epochs(),
            noops=noops[peer.name],
        )


def _noops(others: Sequence[Peer], num_rounds: int) -> dict[str, tuple[Noops, ...]]:
    """Measure trials that train nothing, the order of the systems changing with each round."""
    measures = {OURS: our_noops} | {peer.name: peer.noops for peer in others}
    found: dict[str, list[Noops]] = {name: [] for name in measures}
    for number in range(num_rounds):
        for name in reversed(measures) if number % 2 else measures:
            found[name].append(measures[name]())
    return {name: tuple(rounds) for name, rounds in found.items()}
