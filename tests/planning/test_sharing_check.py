"""One shared row is trained on its own, and its numbers are compared."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ray import tune

from analysis.frames.load import load_study
from search_spaces import SearchSpace
from search_spaces.errors import UserError
from tests.engine.real_studies import command, ledger_of, run, write_space
from tune_app.engine.housekeeping import tidy
from tune_app.engine.trial_configs import trial_configs
from tune_app.planning.checked_request import check_request
from tune_app.planning.plan import Plan
from tune_app.planning.prepared_study import PreparedStudy, prepare
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.sharing_check import (
    _is_same,
    check_lines,
    check_result,
    measures_of,
    with_check,
)
from tune_app.storage.local_store import LocalStore

CLUSTER = Cluster(({"CPU": 2.0},))


def train(config: dict[str, Any]) -> None:
    raise AssertionError("not called")


SPACE = SearchSpace(
    name="mine",
    trainable=train,
    metric="loss",
    mode="min",
    prefix_axis="epochs",
    param_space={"lr": tune.grid_search([1, 2]), "epochs": tune.grid_search([2, 3])},
)


def prepared(folder: Path, space: SearchSpace = SPACE, **options: Any) -> PreparedStudy:
    request = StudyRequest(space, LocalStore(folder / "mine"), check_sharing=True, **options)
    return prepare(check_request(request), CLUSTER)


def checked_plan(study: PreparedStudy) -> Plan:
    return with_check(study, study.plan(CLUSTER), CLUSTER)


def launch(study: PreparedStudy, plan: Plan, *, alone: dict[str, Any] | None) -> str:
    """Write what the trials of a plan leave; ``alone`` changes the rows of the check."""
    name = study.ledger.start_launch({})
    trials = plan.with_check().trials if alone is not None else plan.trials
    for config in trial_configs(trials, study.ledger, study.recorded, name):
        path = study.ledger.root / config["plan"]["directory"]
        (path / "weights").mkdir(parents=True)
        (path / "weights" / "g.epoch_2.pt").write_text("")
        (path / "params.json").write_text(json.dumps(config))
        changes = {} if config["plan"]["serves"] else (alone or {})
        milestones = config["plan"]["milestones"]
        rows = [
            {"epoch": e, "loss": 1 / e, "fit_seconds": 0.5}
            | ({"milestone": e} if e in milestones else {})
            | changes
            for e in range(1, milestones[-1] + 1)
        ]
        (path / "result.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return name


def outcome(study: PreparedStudy, plan: Plan, name: str) -> tuple[bool, str]:
    assert plan.check is not None
    recorded = study.recorded.with_launch(study.ledger.root, study.ledger.study, name)
    return check_result(plan.check, study.ledger.study, recorded, name)


def test_the_cheapest_shared_row_is_trained_on_its_own(tmp_path: Path) -> None:
    study = prepared(tmp_path)
    plan = checked_plan(study)
    assert plan.check is not None
    trial, (config_id, seed) = plan.check.trial, plan.check.row
    (config,) = [c.config for c in study.ledger.configurations() if c.config_id == config_id]
    assert trial.config == {**config, "seed": seed} and config == {"lr": 1, "epochs": 2}
    assert (trial.milestones, trial.serves, trial.resources) == ((2,), {}, {"CPU": 1.0})
    alone = prepared(tmp_path, sharing=False).plan(CLUSTER).trials
    assert trial.key not in {t.key for t in (*plan.trials, *alone)}
    assert plan.with_check().trials == (*plan.trials, trial)
    assert check_lines(plan.check) == [
        f"one more trial checks sharing: row {config_id} (lr=1-epochs=2) at seed 0 is trained on "
        "its own, 2 epochs"
    ]


def test_the_cheapest_model_is_checked(tmp_path: Path) -> None:
    axes = {"model": tune.grid_search(["resnet50", "resnet18"]), "epochs": tune.grid_search([1, 2])}
    axes |= {"dataset": "mnist", "batch_size": 16, "optimizer": "sgd", "lr": 0.1}
    space = SearchSpace(name="mine", trainable="resnet", param_space=axes)
    plan = checked_plan(prepared(tmp_path, space, source="sample", num_images=100))
    assert plan.check is not None
    assert [trial.config["model"] for trial in plan.trials] == ["resnet50", "resnet18"]
    found = plan.check.trial.config
    assert (found["model"], plan.check.trial.milestones) == ("resnet18", (1,))


def test_equal_numbers_are_exact_and_the_check_is_no_row_of_the_study(tmp_path: Path) -> None:
    study = prepared(tmp_path)
    plan = checked_plan(study)
    name = launch(study, plan, alone={"fit_seconds": 0.75, "elapsed_time": 3, "peak_memory_mb": 1})
    assert plan.check is not None
    assert outcome(study, plan, name) == (
        True,
        f"check of sharing: row {plan.check.row[0]} (lr=1-epochs=2) at seed 0, epoch 2: exact, "
        "1 measure is the same as on its own; not compared: elapsed_time, fit_seconds, "
        "peak_memory_mb",
    )
    read = load_study(tmp_path / "mine")
    assert sorted(read.trials["trial_key"]) == sorted(trial.key for trial in plan.trials)
    assert set(read.rows["status"]) == {"finished"} and len(read.rows) == 4


def test_the_check_leaves_no_weights(tmp_path: Path) -> None:
    study = prepared(tmp_path)
    plan = checked_plan(study)
    name = launch(study, plan, alone={})
    assert plan.check is not None
    folder = study.ledger.root / "tune" / name / plan.check.trial.name
    (folder / "checkpoint_000001").mkdir()
    tidy(study.ledger, prepared(tmp_path).recorded)
    left = {path.name for path in folder.rglob("*")}
    assert left == {"params.json", "result.json", "weights"}


def test_other_numbers_are_named(tmp_path: Path) -> None:
    study = prepared(tmp_path)
    plan = checked_plan(study)
    name = launch(study, plan, alone={"loss": 0.25, "extra": 1})
    is_exact, line = outcome(study, plan, name)
    assert not is_exact
    assert (
        "epoch 2: NOT exact: loss is 0.5 shared and 0.25 on its own (2 of 2 measures differ); "
        "remove prefix_axis from the space and begin anew with --fresh" in line
    )


def test_a_finished_study_can_be_checked(tmp_path: Path) -> None:
    study = prepared(tmp_path)
    launch(study, study.plan(CLUSTER), alone=None)
    again = prepared(tmp_path)
    plan = checked_plan(again)
    assert plan.trials == () and not plan.is_empty and again.plan(CLUSTER).is_empty
    assert plan.check is not None and plan.check.trial.config["epochs"] == 2
    assert outcome(again, plan, launch(again, plan, alone={}))[0]


def test_a_row_of_older_code_is_not_checked(tmp_path: Path) -> None:
    first = prepared(tmp_path, code={"my.py": "1" * 16})
    launch(first, first.plan(CLUSTER), alone=None)
    assert checked_plan(prepared(tmp_path, code={"my.py": "1" * 16})).check is not None
    other = prepared(tmp_path, code={"my.py": "2" * 16}, accept_code_change=True)
    with pytest.raises(UserError, match="nothing to check"):
        checked_plan(other)


def test_a_check_that_failed_is_not_taken_for_an_exact_one(tmp_path: Path) -> None:
    study = prepared(tmp_path)
    plan = checked_plan(study)
    name = launch(study, plan, alone={})
    assert plan.check is not None
    folder = study.ledger.root / "tune" / name / plan.check.trial.name
    (folder / "result.json").unlink()
    (folder / "error.txt").write_text("ValueError: no")
    is_exact, line = outcome(study, plan, name)
    assert not is_exact
    assert line.endswith("epoch 2: not known, its own trial has no result (ValueError: no)")


def test_nothing_to_check_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="with --no-sharing no row shares a trial"):
        checked_plan(prepared(tmp_path, sharing=False))
    unshared = replace(SPACE, prefix_axis=None)
    with pytest.raises(UserError, match="no row of mine is the beginning of a longer one"):
        checked_plan(prepared(tmp_path, unshared))


def test_times_alone_prove_nothing(tmp_path: Path) -> None:
    study = prepared(tmp_path)
    plan = checked_plan(study)
    name = launch(study, plan, alone={})
    for path in study.ledger.root.rglob("result.json"):
        path.write_text(path.read_text().replace('"loss"', '"loss_time"'))
    assert outcome(study, plan, name)[1].endswith("no number that two equal trainings share")


def test_lists_are_equal_only_with_as_many_numbers() -> None:
    assert _is_same([1.0, [math.nan]], [1, [math.nan]])
    assert not _is_same([1.0], [1.0, 2.0]) and not _is_same([1.0, 2.0], [1.0])
    assert not _is_same([math.nan], [1.0])


def test_which_measures_are_compared() -> None:
    row = {
        "epoch": 2,
        "loss": 0.5,
        "matrix": [[1, 2], [3, 4]],
        "ok": True,
        "name": "x",
        "empty": [],
    }
    row |= {"time_total_s": 1.0, "train_seconds": 2.0, "images_per_second": 3.0, "warm_up": False}
    row |= {"wall_time": 4.0, "peak_memory_mb": 5.0, "val_nan": math.nan, "num_threads": 1}
    row |= {"waited_share": 0.25}
    assert list(measures_of(row)) == ["loss", "matrix", "val_nan"]


@pytest.mark.parametrize(
    ("name", "is_compared"),
    [
        *[(name, True) for name in ("sentiment_accuracy", "second_order_error", "lifetime_mae")],
        *[(name, True) for name in ("val_secondary_f1", "times_tables", "memorized", "ms_ssim")],
        *[(name, False) for name in ("time", "fit_time_s", "walltime", "fitTime", "train/time")],
        *[(name, False) for name in ("cpu_seconds", "images_per_second", "steps_per_s", "fit_sec")],
        *[(name, False) for name in ("peak_memory_mb", "size_mb", "GPUMemory", "Memory")],
        *[(name, False) for name in ("latency_ms", "ms", "val_latency", "throughput")],
    ],
)
def test_only_whole_words_tell_of_times_and_memory(name: str, is_compared: bool) -> None:
    assert bool(measures_of({name: 1.0})) == is_compared


OWN = """
from ray import tune
from tune_app import SearchSpace

def train(config):
    for epoch in range(1, config["epochs"] + 1):
        rate = 1 - epoch / (config["epochs"] + 1) if config["schedule"] else 0.5
        tune.report({"loss": rate ** epoch})

SPACE = SearchSpace(
    name="own", trainable=train, metric="loss", mode="min", prefix_axis="epochs",
    param_space={"epochs": tune.grid_search([2, 4]), "schedule": SCHEDULE},
)
"""


@pytest.mark.xdist_group("ray")
@pytest.mark.parametrize(("schedule", "status"), [(False, 0), (True, 1)])
def test_a_wrong_claim_is_caught(tmp_path: Path, schedule: bool, status: int) -> None:
    space = write_space(tmp_path, OWN.replace("SCHEDULE", str(schedule)))
    done = command("--space", space, "--results-dir", str(tmp_path), "--check-sharing")
    assert done.returncode == status, done.stderr
    said = "exact, 1 measure" if status == 0 else "NOT exact: loss is 0.36 shared and 0.1111"
    assert said in done.stdout
    assert len(ledger_of(tmp_path / "own").read_trials().trials) == 1


@pytest.mark.xdist_group("ray")
def test_the_shipped_networks_share_exactly(tmp_path: Path) -> None:
    text = (
        "from dataclasses import replace\nfrom ray import tune\n"
        "from search_spaces.q1a import SPACE\n"
        "SPACE = replace(SPACE, name='two', factors=('epochs',), param_space={**SPACE.param_space, "
        "'dataset': 'mnist', 'model': 'resnet18', 'batch_size': 16, 'optimizer': 'adam', "
        "'lr': 1e-3, 'pin_memory': False, 'epochs': tune.grid_search([1, 2])})\n"
    )
    status, printed = run(tmp_path, write_space(tmp_path, text), "--check-sharing")
    assert status == 0 and ": exact, " in printed
