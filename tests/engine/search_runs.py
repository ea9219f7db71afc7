"""A study that searches, and a search run whose trials are played by hand."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from search_spaces import SearchSpace
from tests.engine.brains import Brain
from tune_app.engine.search_callback import SearchCallback
from tune_app.engine.search_run import SearchRun
from tune_app.planning.checked_request import check_request
from tune_app.planning.plan import PlannedTrial
from tune_app.planning.prepared_study import PreparedStudy, prepare
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.search_options import SearchOptions
from tune_app.planning.search_trials import SearchTrials
from tune_app.storage.local_store import LocalStore
from tune_app.study.stop import Stop
from tune_app.training.own_checkpoint import write_own_index

CLUSTER = Cluster(({"CPU": 2.0},))


def train(config: dict[str, Any]) -> None:
    """Stand for a user's function."""


def prepared(folder: Path, *, stopping: str = "asha", **space: Any) -> PreparedStudy:
    fields: dict[str, Any] = {
        "name": "mine",
        "trainable": train,
        "metric": "score",
        "prefix_axis": "epochs",
        "param_space": {"x": {"grid_search": [1, 2, 3]}, "epochs": 9},
    }
    request = StudyRequest(
        SearchSpace(**{**fields, **space}),
        LocalStore(folder / "mine"),
        search=SearchOptions("random", 3, stopping=stopping),
    )
    return prepare(check_request(request), CLUSTER)


class Run:
    """A search run whose trials are played by hand."""

    def __init__(self, study: PreparedStudy, brain: Brain) -> None:
        study.ledger.save()
        self.study, self.brain = study, brain
        self.stops: dict[str, Stop] = {}
        self.added: list[PlannedTrial] = []
        self.incomplete: dict[str, str] = {}
        search: Any = brain
        trials = SearchTrials(study, CLUSTER, study.asked())
        self.run = SearchRun(
            study, search, trials, "001", stops=self.stops, on_new=self.added.append
        )
        self.callback = SearchCallback(self.run, self.incomplete)

    def start(self) -> Any:
        """Return a trial of Tune with the next config, whose files are begun."""
        config = self.run.take()
        assert config is not None
        folder = self.study.ledger.root / config["plan"]["directory"]
        folder.mkdir(parents=True)
        (folder / "params.json").write_text(json.dumps(config))
        return SimpleNamespace(config=config, trial_id=config["plan"]["name"], folder=folder)

    def report(self, trial: Any, epoch: int, score: object, *, saved: bool = True) -> bool:
        row = {"epoch": epoch, "score": score}
        goes_on = self.run.on_result(trial, {**row, "should_checkpoint": saved})
        with (trial.folder / "result.json").open("a") as stream:
            stream.write(json.dumps(row) + "\n")
        if saved:
            checkpoint = trial.folder / f"checkpoint_{epoch:06d}"
            checkpoint.mkdir()
            write_own_index(checkpoint, trial.config["plan"]["trial_key"], epoch, 0)
        return goes_on

    def end(self, trial: Any) -> None:
        self.callback.on_trial_complete(0, [], trial)
