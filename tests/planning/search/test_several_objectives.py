"""Searches with several objectives: what samplers are told, and that they use it."""

from __future__ import annotations

import math
import statistics
from typing import Any

import pytest
from ray import tune

from search_spaces.configuration import Config, make_configuration
from search_spaces.errors import UserError
from search_spaces.space import SearchSpace
from tests.planning.search.executor import SEED, trainable
from tests.planning.search.spaces import make_space, trained
from tune_app.planning.search.rebuild import open_search
from tune_app.planning.search.registry import make_sampler
from tune_app.planning.search.sampler import Sampler, Told
from tune_app.study.rows import RowOutcome
from tune_app.study.search_log import ask_event, tell_event
from tune_app.study.search_settings import SearchSettings
from tune_app.study.trials import Report, Trial

BOTH = {"error": "min", "gain": "max"}


def schaffer() -> SearchSpace:
    """Return Schaffer's problem with a y that should be 0; its front has every x from 0 to 2."""
    axes = {"x": tune.uniform(-10, 10), "y": tune.uniform(-10, 10), "epochs": 1}
    return make_space(param_space=axes, objectives=BOTH)


def told_of(config: Config) -> Told:
    x, error = config["x"], config["x"] ** 2 + config["y"] ** 2
    if x < -9:
        return Told("diverged")
    return Told("finished", error, {1: error}, (error, -((x - 2) ** 2) - config["y"] ** 2))


def distance(config: Config) -> float:
    """Return how far a point is from the front."""
    return math.hypot(config["x"] - min(2, max(0, config["x"])), config["y"])


@pytest.mark.parametrize(
    ("name", "number"),
    [("tpe", 60), ("nsga2", 120), pytest.param("gp", 13, marks=pytest.mark.slow)],
)
def test_samplers_come_closer_to_the_front(name: str, number: int) -> None:
    sampler = make_sampler(name, schaffer(), seed=0, mode="min")
    found = list(map(distance, trained(sampler, told_of, number)))
    first = max(10, number // 2)
    assert statistics.fmean(found[first:]) < 0.6 * statistics.fmean(found[:10])


@pytest.mark.parametrize("name", ["tpe", "nsga2"])
def test_a_sampler_that_is_made_anew_goes_on_as_before(name: str) -> None:
    undisturbed = trained(make_sampler(name, schaffer(), seed=3, mode="min"), told_of, 50)
    again = make_sampler(name, schaffer(), seed=3, mode="min")
    for index, config in enumerate(undisturbed[:45]):
        again.restore(index, 0)
        again.begin(index, config)
        again.tell(index, config, told_of(config))
    assert trained(again, told_of, 5, first=45) == undisturbed[45:]


def test_a_sampler_for_one_objective_refuses_several() -> None:
    with pytest.raises(UserError, match="--search cmaes: takes one objective, not 2; use tpe, gp"):
        make_sampler("cmaes", schaffer(), seed=0, mode="min")


def config_of(x: float) -> Config:
    return {"x": x, "y": 0.0, "epochs": 1}


def outcome(record: dict[str, Any]) -> RowOutcome:
    report = Report(None, {"epoch": 1, **record})  # type: ignore[arg-type]
    return RowOutcome("finished", "", report, Trial("key", [], history={1: report}), 1)


class Listening(Sampler):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    def tell(self, number: int | None, config: Config, told: Told) -> None:
        self.told.append(told)

    def restore(self, number: int, attempt: int) -> None:
        pass


def rebuilt(
    monkeypatch: pytest.MonkeyPatch,
    events: list[dict[str, Any]],
    records: dict[float, dict[str, Any]],
) -> tuple[list[Told], list[dict[str, Any]]]:
    """Rebuild a search; return what its sampler was told and what is new in the log."""
    sampler, written = Listening(), list[dict[str, Any]]()
    monkeypatch.setattr(
        "tune_app.planning.search.rebuild.make_sampler", lambda *_args, **_options: sampler
    )
    configs = {make_configuration(config_of(x)).config_id: x for x in records}
    open_search(
        SearchSettings("random", 9),
        schaffer(),
        trainable(),
        study={
            "configurations": [
                {"config_id": key, "config": {"x": x, "y": 0.0, "epochs": 1}}
                for key, x in configs.items()
            ],
            "seeds": [SEED],
        },
        events=events,
        outcomes={(key, SEED): outcome(records[x]) for key, x in configs.items()},
        seed=SEED,
        append=written.append,
    )
    return sampler.told, written


def ask(x: float) -> dict[str, Any]:
    configuration = make_configuration(config_of(x))
    return ask_event(0, configuration.config_id, configuration.config, "random")


def test_a_result_that_was_not_told_is_told_with_every_objective(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told, written = rebuilt(monkeypatch, [ask(1.0)], {1.0: {"error": 1.0, "gain": -1.0}})
    assert told == [Told("finished", 1.0, {1: 1.0}, (1.0, -1.0))]
    values = tell_event(0, "finished", 1.0, {1: 1.0}, (1.0, -1.0), measures=["error", "gain"])
    assert written == [values]


def test_what_was_told_is_repeated_and_not_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [ask(1.0), tell_event(0, "finished", 1.0, {1: 1.0}, (1.0, -1.0))]
    told, written = rebuilt(monkeypatch, events, {1.0: {"error": 1.0, "gain": -1.0}})
    assert told == [Told("finished", 1.0, {1: 1.0}, (1.0, -1.0))] and written == []


def test_a_search_that_gets_a_second_objective_is_told_its_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = [ask(1.0), tell_event(0, "finished", 1.0, {1: 1.0})]
    told, written = rebuilt(monkeypatch, events, {1.0: {"error": 1.0, "gain": -1.0}})
    assert told[-1].objectives == (1.0, -1.0) and len(written) == 1


def test_values_of_another_objective_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [ask(1.0), tell_event(0, "finished", 7.0, {1: 7.0}, measures=["cost"])]
    told, written = rebuilt(monkeypatch, events, {1.0: {"error": 1.0, "gain": -1.0, "cost": 7.0}})
    assert told == [Told("finished", 1.0, {1: 1.0}, (1.0, -1.0))]
    again, nothing = rebuilt(monkeypatch, [*events, *written], {1.0: {"error": 1.0, "gain": -1.0}})
    assert again == told and nothing == []


def test_a_result_without_one_of_the_objectives_is_told_as_in_its_launch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told, _ = rebuilt(monkeypatch, [ask(1.0)], {1.0: {"error": 1.0, "gain": math.nan}})
    assert told == [Told("diverged", 1.0, {1: 1.0})]


def test_rows_of_a_grid_are_evidence_of_every_objective(monkeypatch: pytest.MonkeyPatch) -> None:
    records = {1.0: {"error": 1.0, "gain": -1.0}, 2.0: {"error": 4.0}}
    told, written = rebuilt(monkeypatch, [], records)
    assert told == [Told("finished", 1.0, {}, (1.0, -1.0)), Told("diverged")] and written == []
