"""A search that does as it is told, and studies to run it in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from search_spaces.configuration import make_configuration
from tune_app.planning.search.steps import New, Promote
from tune_app.study.objective import Objective

Step = New | Promote | None


class Brain:
    """Stands for a :class:`tune_app.planning.search.search.Search` with decisions made beforehand.

    Args:
        steps: what it answers when it is asked for the next trial; done after the last.
        stops: (config_id, epoch) at which a trial does not go on.
        objectives: the objectives, if there are several.
    """

    def __init__(
        self,
        steps: Iterable[Step],
        stops: Iterable[tuple[str, int]] = (),
        objectives: tuple[Objective, ...] = (),
    ) -> None:
        self.steps = list(steps)
        self.stops = set(stops)
        self.to_stop: dict[str, int] = {}
        self.left_out: list[str] = []
        self.proposals = SimpleNamespace(ended_because="")
        self.results: list[tuple[str, int, float | None, bool]] = []
        self.objectives = objectives
        self.told_objectives: list[tuple[float, ...]] = []
        self.ends: list[tuple[str, str, float | None, dict[int, float | None]]] = []

    @property
    def is_done(self) -> bool:
        return not self.steps

    def next(self) -> Step:
        return self.steps.pop(0) if self.steps else None

    def leave_out(self, config_ids: Iterable[str]) -> None:
        self.left_out += config_ids

    def rungs_of(self, config_id: str) -> tuple[int, ...]:
        return ()

    def on_result(
        self, config_id: str, epoch: int, value: float | None, *, can_resume: bool = True
    ) -> bool:
        self.results.append((config_id, epoch, value, can_resume))
        return (config_id, epoch) not in self.stops

    def forget(self, config_id: str, epoch: int) -> None:
        pass

    def on_end(
        self,
        config_id: str,
        state: str,
        value: float | None,
        values: Mapping[int, float | None],
        objectives: tuple[float, ...] = (),
    ) -> None:
        self.told_objectives.append(objectives)
        self.to_stop.pop(config_id, None)
        self.ends.append((config_id, state, value, dict(values)))


def new(number: int, config: dict[str, Any], rungs: tuple[int, ...] = ()) -> New:
    return New(number, make_configuration(config), rungs)


def promote(step: New, epoch: int, rungs: tuple[int, ...] = ()) -> Promote:
    return Promote(step.number, step.configuration, epoch, rungs)
