"""Studies are run from a script, and inside the cluster of an existing ``ray.init``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from search_spaces import SearchSpace
from search_spaces.errors import UserError
from tune_app import run_study
from tune_app.api import run
from tune_app.api.run import _call, _words
from tune_app.cli.run_display import RunDisplay
from tune_app.engine.launch_end import LaunchEnd
from tune_app.engine.launch_record import launch_record
from tune_app.engine.signals import StopSignals
from tune_app.planning.checked_request import check_request
from tune_app.planning.prepared_study import prepare
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import ray
from ray import tune
from tune_app import SearchSpace, load_study, run_study

def fit(config):
    for step in range(2):
        tune.report({"loss": (config["x"] - 2) ** 2 + config["seed"] / 10 - step})

def space(*values):
    return SearchSpace(name="parabola", trainable=fit, metric="loss", mode="min",
                       param_space={"x": tune.grid_search(list(values))})

study = run_study(space(1, 3))
print("rows", sorted(study.rows["loss"]), len(study.epochs), study)
ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR")
study = run_study(space(1, 2, 3), seeds=range(2), max_concurrent=1)
print("still connected", ray.is_initialized())
best = study.best().iloc[0]
print("best", best["x"], round(best["loss"], 3), best["num_seeds"])
print("read", len(load_study("results/parabola").rows))
again = run_study(space(1, 2, 3), best_of="parabola", seeds=range(4))
print("again", again, sorted(again.rows["seed"]), set(again.rows["x"]))
"""


def test_a_script_and_an_existing_cluster(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=environment, capture_output=True,
        text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "rows [0.0, 0.0] 4 <study parabola: 2 finished; by loss>" in lines
    assert "still connected True" in lines
    assert "best 2 -0.95 2" in lines
    assert "read 6" in lines
    assert (
        "again <study parabola_best: 2 finished; by loss> [2, 3] {2}" in lines
    )  # seeds 0 and 1 are those of the study
    assert any("6 rows, 2 finished; 4 trials to run" in line for line in lines), done.stdout


def test_the_study_is_judged_by_the_objective_that_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def record(request: StudyRequest, display: object) -> None:
        study = prepare(check_request(request), Cluster(({"CPU": 2.0},)))
        study.ledger.start_launch({"open": []})

    monkeypatch.setattr(run, "_launch", record)
    space = SearchSpace(
        name="mine", trainable=fit, param_space={"x": 1}, metric="val_err", mode="min"
    )
    where = {"results_dir": tmp_path}
    assert run_study(space, **where).frames.metric == "val_err"
    named = run_study(space, objective="hits:max", **where).frames
    assert (named.metric, named.mode) == ("hits", "max")
    kept = run_study(space, seeds=range(2), **where).frames
    assert (kept.metric, kept.mode) == ("hits", "max"), "until another one is named"
    both = run_study(space, objective="val_err,hits:max", **where).frames
    assert both.meta["space"]["objectives"] == {"val_err": "min", "hits": "max"}


def test_a_call_that_no_command_can_repeat_is_named_as_a_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[LaunchEnd] = []

    def record(request: StudyRequest, display: RunDisplay) -> None:
        study = prepare(check_request(request), Cluster(({"CPU": 2.0},)))
        plan = study.plan(Cluster(({"CPU": 2.0},)))
        study.ledger.start_launch(launch_record(study, plan))
        begun.append(LaunchEnd(request, display, StopSignals()))

    monkeypatch.setattr(run, "_launch", record)
    monkeypatch.chdir(tmp_path)
    made = run_study(space(fit), seeds=range(2), fresh=True, notify="https://a.test/secret")
    (end,) = begun
    assert end.again() == "run_study(mine, seeds=range(0, 2), fresh=True)"
    assert made.meta["launches"][0]["command"] == end.again()
    end.has_begun = True
    assert end.again() == "run_study(mine, seeds=range(0, 2))"
    run_study("search_spaces.examples.tune_function")
    assert begun[1].again().endswith(" --space search_spaces.examples.tune_function")


def test_an_option_that_is_a_word_of_python_stands_in_a_mapping() -> None:
    given = {"continue": "3fa9c1", "epochs": 9}
    assert _words(given) == ["--continue", "3fa9c1", "--epochs", "9"]
    call = _call(space(fit), given)
    assert call == "run_study(mine, **{'continue': '3fa9c1'}, epochs=9)"
    compile(call, "call", "eval")


def test_options_are_those_of_the_command() -> None:
    given = {"seeds": range(3), "images": 500, "fresh": True, "study": None, "check_sharing": False}
    assert _words(given) == ["--seeds", "0,1,2", "--images", "500", "--fresh"]


def test_parameters_are_named_by_mappings() -> None:
    given = {"set": {"lr": [1e-3, 0.1], "name": "a,b"}, "where": {"model": "resnet18"}}
    assert _words(given) == [
        *("--set", "lr=0.001,0.1", "--set", "name=a,b", "--where", "model=resnet18")
    ]
    one, two = {"lr": 3e-4, "on": True}, {"name": "a,b"}
    assert _words({"add": one}) == ["--add", "lr=0.0003,on=True"]
    assert _words({"add": [one, two]}) == ["--add", "lr=0.0003,on=True", "--add", '"name=a,b"']
    assert _words({"set": ["lr=1", "x=2"], "order": "random:3"}) == [
        *("--set", "lr=1", "--set", "x=2", "--order", "random:3")
    ]
    assert _words({"notify": ["a", "b"]}) == ["--notify", "a", "--notify", "b"]
    assert _words({"notify": "a"}) == ["--notify", "a"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": 1}, "run_study: no option 'seed'; did you mean 'seeds'?; allowed: study, "),
        ({"plan": True}, "run_study: no option 'plan'; allowed: "),
        ({"objective": {"val_loss": "max"}}, "run_study: objective is a mapping; write it as on"),
        ({"images": -1}, "-1 is not a whole number >= 0"),
        ({"images": 10, "budget": "1h"}, "--images and --budget both choose the subset"),
    ],
)
def test_a_mistake_is_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(UserError) as raised:
        run_study("q1a", **options)
    assert message in str(raised.value)


def fit(config: dict[str, int]) -> None:
    """Train."""


def space(trainable: object) -> SearchSpace:
    return SearchSpace(
        name="mine", trainable=trainable, metric="loss", param_space={"x": {"grid_search": [1]}}
    )


def test_a_space_is_an_object_a_name_or_a_path(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the space is a function; allowed: a SearchSpace, the"):
        run_study(fit)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"--space .*nothing\.py: no such file"):
        run_study(tmp_path / "nothing.py")
