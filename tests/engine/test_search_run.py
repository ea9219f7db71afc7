"""What the engine makes of a search's decisions: trials, their directories, and what is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.brains import Brain, new, promote
from tests.engine.search_runs import CLUSTER, Run, prepared
from tune_app.engine.own_function import FAILURE
from tune_app.planning.search_trials import SearchTrials, plan_search
from tune_app.storage.local_store import LocalStore
from tune_app.storage.storage_errors import StorageError
from tune_app.study.objective import Objective
from tune_app.study.search_log import append_event, ask_event
from tune_app.study.stop import Stop


def test_a_stopped_trial_goes_on_in_a_directory_of_its_own_from_its_rung(tmp_path: Path) -> None:
    first = new(0, {"x": 1, "epochs": 9}, rungs=(1, 3))
    config_id = first.configuration.config_id
    run = Run(prepared(tmp_path), Brain([first, promote(first, 1, rungs=(3,))], [(config_id, 1)]))
    trial = run.start()
    assert trial.config["plan"]["rungs"] == [1, 3] and "after_epoch" not in trial.config["plan"]
    assert not run.report(trial, 1, 0.5)
    assert run.stops == {trial.trial_id: Stop("stopped", 1, "asha")}
    run.end(trial)
    assert run.brain.ends == [(config_id, "stopped", 0.5, {1: 0.5})]
    further = run.start()
    plan = further.config["plan"]
    assert plan["trial_key"] == trial.config["plan"]["trial_key"]
    assert plan["name"] == f"{trial.config['plan']['name']}-e1" and plan["after_epoch"] == 1
    assert plan["resume_from"] == [f"tune/001/{trial.config['plan']['name']}/checkpoint_000001"]
    assert plan["rungs"] == [3] and plan["milestones"] == [9]
    for epoch in range(2, 10):
        assert run.report(further, epoch, epoch / 10)
    run.end(further)
    told = run.brain.ends[1]
    assert told[:3] == (config_id, "finished", 0.9) and list(told[3]) == list(range(1, 10))
    assert [trial.name for trial in run.added] == [trial.trial_id, further.trial_id]
    assert run.run.is_done


def test_a_storage_that_does_not_answer_when_a_trial_is_taken_further_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = new(0, {"x": 1, "epochs": 9}, rungs=(1,))
    run = Run(prepared(tmp_path), Brain([first, promote(first, 1)]))
    run.start()

    def refresh(_store: LocalStore, _folder: Path) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(LocalStore, "refresh", refresh)
    with pytest.raises(StorageError, match="no route to host"):
        run.run.take()


def test_proposals_become_rows_of_the_study_once(tmp_path: Path) -> None:
    one, two = new(0, {"x": 1, "epochs": 9}), new(1, {"x": 2, "epochs": 9})
    run = Run(prepared(tmp_path), Brain([one, two, promote(one, 1)]))
    assert run.study.ledger.row_keys() == [], "the grid of the space is not expanded"
    for _ in range(3):
        run.start()
    keys = [(step.configuration.config_id, 0) for step in (one, two)]
    assert run.study.ledger.row_keys() == keys


@pytest.mark.parametrize(
    ("row", "state", "value"),
    [
        ({"epoch": 9, "score": 0.5}, "finished", 0.5),
        ({"epoch": 9, "score": float("nan"), "status": "diverged"}, "diverged", None),
        ({"epoch": 2, "status": "diverged", "score": 0.1}, "diverged", None),
        ({"epoch": 9, "status": "diverged", "score": 0.1}, "diverged", 0.1),
        ({"epoch": 1, FAILURE: "ValueError: no"}, "failed", None),
        ({"epoch": 1, "milestone": 7}, "failed", None),
    ],
)
def test_how_a_trial_ended_is_told(
    tmp_path: Path, row: dict[str, Any], state: str, value: float | None
) -> None:
    run = Run(prepared(tmp_path), Brain([new(0, {"x": 1, "epochs": 9})]))
    trial = run.start()
    assert run.run.on_result(trial, row)
    if state == "failed":
        run.incomplete[trial.trial_id] = "as the recorder says"
    run.end(trial)
    assert run.brain.results == [], "at its end there is nothing to decide"
    assert run.brain.ends[0][1:3] == (state, value)


@pytest.mark.parametrize(
    ("row", "state", "told"),
    [
        ({"score": 0.5, "cost": 12.0}, "finished", (0.5, 12.0)),
        ({"score": 0.5}, "diverged", ()),
        ({"score": 0.5, "cost": float("inf")}, "diverged", ()),
    ],
)
def test_every_objective_is_told(
    tmp_path: Path, row: dict[str, Any], state: str, told: tuple[float, ...]
) -> None:
    objectives = {"score": "max", "cost": "min"}
    study = prepared(tmp_path, stopping="none", objectives=objectives)
    both = tuple(Objective(*entry) for entry in objectives.items())
    run = Run(study, Brain([new(0, {"x": 1, "epochs": 9})], objectives=both))
    trial = run.start()
    assert run.run.on_result(trial, {"epoch": 9, **row})
    run.end(trial)
    assert (run.brain.ends[0][1], run.brain.told_objectives) == (state, [told])


def test_a_retry_repeats_no_result_and_a_row_without_a_checkpoint_says_so(tmp_path: Path) -> None:
    run = Run(prepared(tmp_path), Brain([new(0, {"x": 1, "epochs": 9}, rungs=(1,))]))
    trial = run.start()
    run.report(trial, 1, 0.5, saved=False)
    run.run.on_result(trial, {"epoch": 1, "score": 0.5})
    run.run.on_result(trial, {"epoch": 2, "score": float("nan")})
    run.run.on_result(trial, {"epoch": 3})  # the objective is reported now and then
    config_id = run.brain.results[0][0]
    assert run.brain.results == [(config_id, 1, 0.5, False), (config_id, 2, None, False)]


@pytest.mark.parametrize("launches", [1, 2])
def test_of_a_function_that_begins_again_the_new_rows_count(tmp_path: Path, launches: int) -> None:
    """The same rule as for the recorded rows, in a retry and in a later launch."""
    space = {"prefix_axis": None, "param_space": {"x": {"grid_search": [1, 2]}}}
    first = new(0, {"x": 1})
    run = Run(prepared(tmp_path, **space), Brain([first]))
    append_event(
        run.study.ledger.store, ask_event(0, first.configuration.config_id, {"x": 1}, "random")
    )
    trial = run.start()
    for epoch in (1, 2, 3, 4):
        run.report(trial, epoch, epoch / 10, saved=False)
    if launches == 2:
        run = Run(prepared(tmp_path, **space), Brain([]))
    run.callback.on_trial_start(0, [], trial)
    for epoch in (1, 2):
        run.report(trial, epoch, epoch / 20, saved=False)
    assert [value for _, _, value, _ in run.brain.results][-2:] == [0.05, 0.1]
    run.end(trial)
    assert run.brain.ends == [(first.configuration.config_id, "finished", 0.1, {1: 0.05, 2: 0.1})]


def test_configurations_that_need_the_same_training_have_trials_of_their_own(
    tmp_path: Path,
) -> None:
    """With a prefix axis, 3 epochs are the beginning of 9: in a grid both share a trial."""
    run = Run(
        prepared(tmp_path),
        Brain([new(0, {"x": 1, "epochs": 3}), new(1, {"x": 1, "epochs": 9}), new(2, {"x": 2})]),
    )
    short, long = run.start(), run.start()
    keys = {trial.config["plan"]["trial_key"] for trial in (short, long)}
    assert len(keys) == 2
    again = prepared(tmp_path)
    store = again.ledger.store
    for number, trial in enumerate((short, long)):
        config = {name: trial.config[name] for name in ("x", "epochs")}
        config_id = new(number, config).configuration.config_id
        append_event(store, ask_event(number, config_id, config, "random"))
    later = prepared(tmp_path)
    planned = SearchTrials(later, CLUSTER, later.asked()).planned.values()
    assert {trial.key for trial in planned} == keys, "the next launch finds both again"


def test_what_cannot_run_here_is_open_and_told_as_failed(tmp_path: Path) -> None:
    study = prepared(tmp_path, resources={"gpu": 1})
    run = Run(study, Brain([new(0, {"x": 1, "epochs": 9})]))
    assert run.run.take() is None
    assert [row.reason for row in run.run.open_rows] == ["no GPU in the cluster"]
    assert [end[1] for end in run.brain.ends] == ["failed"]


def test_a_trial_that_a_killed_launch_had_decided_to_stop_is_stopped(tmp_path: Path) -> None:
    first = new(0, {"x": 1, "epochs": 9}, rungs=(1,))
    config_id = first.configuration.config_id
    run = Run(prepared(tmp_path), Brain([first]))
    append_event(run.study.ledger.store, ask_event(0, config_id, {"x": 1, "epochs": 9}, "random"))
    trial = run.start()
    run.report(trial, 1, 0.5)
    run.study.ledger.save()
    brain = Brain([])
    brain.to_stop[config_id] = 1
    Run(prepared(tmp_path), brain)
    stopped = json.loads((trial.folder / "stopped.json").read_text())
    assert stopped == {"status": "stopped", "epoch": 1, "by": "asha"}
    assert brain.ends == [(config_id, "stopped", 0.5, {1: 0.5})]


@pytest.mark.parametrize(("result", "value"), [("last", 0.2), ("best", 0.7)])
def test_a_function_without_epochs_is_told_by_the_result_of_its_space(
    tmp_path: Path, result: str, value: float
) -> None:
    space = {"prefix_axis": None, "result": result, "param_space": {"x": {"grid_search": [1, 2]}}}
    run = Run(prepared(tmp_path, **space), Brain([new(0, {"x": 1})]))
    trial = run.start()
    for epoch, score in ((1, 0.3), (2, 0.7), (3, 0.2)):
        assert run.report(trial, epoch, score)
    run.end(trial)
    assert run.brain.ends[0][1:3] == ("finished", value)
    assert [epoch for _, epoch, *_ in run.brain.results] == [1, 2, 3], "any may be the last"


def test_what_the_trials_of_a_space_request_is_known_before_it_is_asked(tmp_path: Path) -> None:
    study = prepared(tmp_path, resources={"cpu": 1})
    assert SearchTrials(study, CLUSTER).kinds() == ([{"CPU": 1.0}], [])
    on_gpus = prepared(tmp_path / "gpus", resources={"cpu": 1, "gpu": 1})
    assert SearchTrials(on_gpus, CLUSTER).kinds() == ([], [{"CPU": 1.0, "GPU": 1.0}])
    assert plan_search(on_gpus, CLUSTER).lacking == ({"CPU": 1.0, "GPU": 1.0},)
