"""Runs a search without Ray: workers that train by a formula, and a driver that can be killed.

Everything that a driver writes is in :class:`Disk`, in the order in which the engine writes it. A
driver can be killed before each of its writes. Another driver then goes on with what is on the
disk.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from search_spaces.configuration import Config
from search_spaces.space import SearchSpace
from tune_app.planning.search.rebuild import open_search
from tune_app.planning.search.search import Search
from tune_app.planning.search.steps import New, Promote
from tune_app.study.rows import RowOutcome
from tune_app.study.search_settings import SearchSettings
from tune_app.study.trials import Report, RowKey, Trial
from tune_app.training.trainable import Trainable

SEED = 0
Value = Callable[[Config, int], float | None]
"""(configuration, epoch) -> the value of the objective; None if the training diverges there."""


class Killed(BaseException):
    """The driver was killed."""


@dataclass
class Disk:
    """What is left of a study when its driver is killed.

    Attributes:
        events: the log of the search.
        rows: config_id -> epoch -> the recorded value.
        stopped: config_id -> the rung at which its newest directory was stopped.
        failed: config_ids of trials whose newest directory has an error.
        configurations: config_id -> configuration, of rows that no search asked for.
        num_writes: how often something was written.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[str, dict[int, float | None]] = field(default_factory=dict)
    stopped: dict[str, int] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    configurations: dict[str, Config] = field(default_factory=dict)
    num_writes: int = 0

    def asked(self) -> dict[str, Config]:
        """Return the proposed configurations, in their order."""
        return {e["config_id"]: e["config"] for e in self.events if e["event"] == "ask"}

    def proposals(self) -> list[tuple[int, str, str]]:
        """Return number, config_id and source of each proposal."""
        asks = [event for event in self.events if event["event"] == "ask"]
        return [(event["number"], event["config_id"], event["from"]) for event in asks]

    def last_tells(self) -> dict[int, tuple[str, Any, Any]]:
        """Return what was told last of each proposal."""
        tells = [event for event in self.events if event["event"] == "tell"]
        return {e["number"]: (e["state"], e["value"], e["values"]) for e in tells}

    def outcomes(self, num_epochs: Callable[[Config], int], metric: str) -> dict[RowKey, Any]:
        """Return what became of every row, as the ledger finds it."""
        found = {}
        for config_id, config in {**self.configurations, **self.asked()}.items():
            rows = self.rows.get(config_id, {})
            history = {e: _report(e, metric, v) for e, v in rows.items()}
            trial = Trial(config_id, [], history=history)
            last = max(rows, default=0)
            report = None
            if last == num_epochs(config) and rows[last] is not None:
                status, report = "finished", history[last]
            elif None in rows.values():
                status = "diverged"
            elif config_id in self.failed:
                status = "failed"
            elif config_id in self.stopped:
                status = "stopped"
            else:
                status = "unfinished" if rows else "missing"
            found[config_id, SEED] = RowOutcome(status, "", report, trial, num_epochs(config))
        return found


def _report(epoch: int, metric: str, value: float | None) -> Report:
    record = {"epoch": epoch, metric: math.nan if value is None else value}
    return Report(None, record)  # type: ignore[arg-type]


@dataclass
class Executor:
    """One driver with its workers.

    Attributes:
        space: the search space.
        settings: what is asked for.
        disk: the study.
        value: the training.
        workers: the trials at once.
        order: decides which worker reports next.
        fails: whether a training of a configuration ends in an error.
        can_resume: whether a trial can go on from a rung.
        survives: after so many writes the driver is killed; None if it is not.
        restarts: (config_id, epoch) of each promotion.
    """

    space: SearchSpace
    settings: SearchSettings
    disk: Disk
    value: Value
    workers: int = 1
    order: random.Random = field(default_factory=lambda: random.Random(0))
    fails: Callable[[Config], bool] = lambda _config: False
    can_resume: bool = True
    survives: int | None = None
    restarts: list[tuple[str, int]] = field(default_factory=list)

    def open(self) -> Search:
        """Return the search as the earlier drivers left it."""
        disk = self.disk
        return open_search(
            self.settings,
            self.space,
            trainable(),
            study={"configurations": self._configurations(), "seeds": [SEED]},
            events=list(disk.events),
            outcomes=disk.outcomes(self._num_epochs, self.space.metric),
            seed=SEED,
            append=lambda event: self._write(lambda: disk.events.append(event)),
            can_resume=lambda _outcome, _epoch: self.can_resume,
        )

    def run(self) -> Search:
        """Run the search to its end.

        Raises:
            Killed: the driver was killed.
        """
        disk, search = self.disk, self.open()
        for config_id, rung in dict(search.to_stop).items():
            self._stop(search, config_id, rung)
        ended = disk.outcomes(self._num_epochs, self.space.metric)
        is_open = ("unfinished", "missing", "failed")
        running = [key for (key, _), outcome in ended.items() if outcome.status in is_open]
        running = [key for key in running if key in disk.asked()]
        waiting, running = running[self.workers :], running[: self.workers]
        while True:
            while len(running) < self.workers:
                if waiting:
                    running.append(waiting.pop(0))
                    continue
                started = search.next()
                if started is None:
                    break
                running.append(self._start(started))
            if not running:
                assert search.is_done
                return search
            assert not search.is_done
            config_id = self.order.choice(running)
            if not self._train(search, config_id):
                running.remove(config_id)

    def _start(self, started: New | Promote) -> str:
        config_id = started.configuration.config_id
        if isinstance(started, Promote):
            assert self.disk.stopped[config_id] == started.epoch == max(self.disk.rows[config_id])
            self.restarts.append((config_id, started.epoch))
            self._write(lambda: self.disk.stopped.pop(config_id))
        else:
            assert config_id not in self.disk.rows
        return config_id

    def _train(self, search: Search, config_id: str) -> bool:
        """Train one epoch; return whether the trial goes on."""
        config = self.disk.asked()[config_id]
        rows = self.disk.rows.setdefault(config_id, {})
        last = self._num_epochs(config)
        epoch = max(rows, default=0) + 1
        if self.fails(config):
            self._write(lambda: self.disk.failed.add(config_id))
            search.on_end(config_id, "failed", None, rows)
            return False
        assert epoch <= last, "a trial goes on after its end"
        value = self.value(config, epoch)
        self._write(lambda: rows.setdefault(epoch, value))
        goes_on = search.on_result(config_id, epoch, value, can_resume=self.can_resume)
        if value is None:
            search.on_end(config_id, "diverged", None, rows)
            return False
        if epoch == last:
            search.on_end(config_id, "finished", value, rows)
            return False
        if not goes_on:
            self._stop(search, config_id, epoch)
        return goes_on

    def _stop(self, search: Search, config_id: str, rung: int) -> None:
        self._write(lambda: self.disk.stopped.__setitem__(config_id, rung))
        search.on_end(config_id, "stopped")

    def _write(self, write: Callable[[], object]) -> None:
        if self.survives is not None:
            if self.survives == 0:
                raise Killed
            self.survives -= 1
        self.disk.num_writes += 1
        write()

    def _num_epochs(self, config: Config) -> int:
        return int(config["epochs"])

    def _configurations(self) -> list[dict[str, Any]]:
        known: Mapping[str, Config] = {**self.disk.configurations, **self.disk.asked()}
        return [{"config_id": key, "config": config} for key, config in known.items()]


def trainable() -> Trainable:
    """Return a trainable whose parameter ``epochs`` gives the length."""
    return Trainable("toy", print, {}, str, prefix_axis="epochs", is_own=True)


def run_killed(make: Callable[[int | None], Executor], lives: list[int]) -> tuple[Disk, Search]:
    """Run a search whose drivers are killed, until one of them comes to the end.

    Args:
        make: number of writes that a driver survives -> a driver.
        lives: the writes that the drivers survive, one after the other; then again from the first.
    """
    for launch in range(10_000):
        executor = make(lives[launch % len(lives)])
        try:
            search = executor.run()
        except Killed:
            continue
        return executor.disk, search
    raise AssertionError("the search does not come to its end")
