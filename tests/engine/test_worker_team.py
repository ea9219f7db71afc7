"""A team of workers after an error: all of them are ended, and the next begin starts new ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("ray", reason="Ray is not installed")

import ray

from tune_app.engine.worker_team import Failure, Place, Team, Worker, WorkerError
from tune_app.training.checkpoint import WorkerDiedError
from tune_app.training.launch_settings import LaunchSettings

DATA: Any = None
PLAN = {"directory": "tune/001/one", "resources": {"CPU": 3.0}, "workers": 2}


class Actor:
    """An actor whose calls have their results at once."""

    def __init__(self, place: Place, answers: dict[str, list[Any]]) -> None:
        self.place, self.is_alive = place, True
        self.call = SimpleNamespace(remote=lambda method, *_: answers[method].pop(0))


def result_of(call: Any) -> Any:
    if isinstance(call, list):
        return [result_of(each) for each in call]
    if isinstance(call, Exception):
        raise call
    return call


class Cluster:
    """Stands for Ray: ``answers`` has what the next calls of each method return or raise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, session: Path) -> None:
        self.actors: list[Actor] = []
        self.answers: dict[str, list[Any]] = {}
        context = SimpleNamespace(
            get_temp_dir=lambda: str(session.parent), get_session_name=lambda: session.name
        )
        options = SimpleNamespace(options=lambda **_: SimpleNamespace(remote=self.start))
        functions: dict[str, Any] = {
            "get_runtime_context": lambda: context,
            "remote": {Worker: options}.__getitem__,
            "put": lambda value: value,
            "get": result_of,
            "wait": lambda calls, timeout: (calls[:1], calls[1:]),
            "kill": lambda actor: setattr(actor, "is_alive", False),
        }
        for name, function in functions.items():
            monkeypatch.setattr(ray, name, function)

    def start(self, place: Place) -> Actor:
        self.actors.append(Actor(place, self.answers))
        return self.actors[-1]

    def alive(self) -> Sequence[int]:
        """Return the numbers of the actors that run, in the order of their start."""
        return [number for number, actor in enumerate(self.actors) if actor.is_alive]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Failure("KeyError: 'weight'"), WorkerError),
        (ray.exceptions.RayActorError(), WorkerDiedError),
    ],
)
@pytest.mark.parametrize("method", ["begin", "load_packed"])
def test_after_an_error_new_workers_meet_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    method: str,
    answer: Any,
    error: type[Exception],
) -> None:
    cluster = Cluster(monkeypatch, tmp_path)
    cost = {"num_parameters": 3}
    first = [answer, cost] if method == "begin" else [cost, cost]
    cluster.answers |= {"begin": [*first, cost, cost], "load_packed": [None, answer]}
    with Team({"plan": PLAN}, LaunchSettings(str(tmp_path / "study")), None) as team:
        with pytest.raises(error):
            team.begin({}, DATA, 1)
            team.call("load_packed", b"")
        assert len(cluster.actors) == 2 and cluster.alive() == []
        assert list(tmp_path.iterdir()) == []
        assert team.begin({}, DATA, 1) == cost
        assert cluster.alive() == [2, 3]
        old, new = (cluster.actors[number].place.folder for number in (0, 3))
        assert old != new and [str(path) for path in tmp_path.iterdir()] == [new]
    assert cluster.alive() == [] and list(tmp_path.iterdir()) == [], "nothing is left"


def test_an_error_that_another_workers_death_caused_is_that_death(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The others lose their connection to it, and may say so before its end is known."""
    cluster = Cluster(monkeypatch, tmp_path)
    lost = Failure("RuntimeError: Connection closed by peer")
    cluster.answers["begin"] = [lost, ray.exceptions.RayActorError()]
    with (
        Team({"plan": PLAN}, LaunchSettings(str(tmp_path / "study")), None) as team,
        pytest.raises(WorkerDiedError),
    ):
        team.begin({}, DATA, 1)
