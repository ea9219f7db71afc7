"""``tune-app run --plan --json``: one object with the documented keys."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tune_app.cli.run_command import main
from tune_app.engine import connection
from tune_app.planning.resources import Cluster

SPACE = """
from ray import tune
from tune_app import SearchSpace

def train(config):
    tune.report({"loss": config["x"]})

SPACE = SearchSpace(name="mine", question="?", trainable=train, metric="loss", mode="min",
                    prefix_axis="epochs", param_space={"x": AXIS,
                    "epochs": tune.grid_search([2, 5])})
"""
NUMBER = {"type": ["number", "null"]}
COUNT = {"type": "integer", "minimum": 0}
ROW = {
    "type": "object",
    "required": ["config_id", "seed"],
    "properties": {"config_id": {"type": "string"}, "seed": COUNT, "reason": {"type": "string"}},
}
SCHEMA: dict[str, Any] = {
    "study": {"type": "string"},
    "place": {"type": "string"},
    "space": {"type": "string"},
    "question": {"type": "string"},
    "rows": {
        "type": "object",
        "additionalProperties": False,
        "required": ["all", "finished", "to_run", "open", "left_out"],
        "properties": dict.fromkeys(["all", "finished", "to_run", "open", "left_out"], COUNT),
    },
    "num_trials": COUNT,
    "num_epochs": {"type": ["integer", "null"]},
    "num_epochs_without_sharing": {"type": ["integer", "null"]},
    "seconds": NUMBER,
    "seconds_unknown": {"type": "string"},
    "estimate_basis": {"type": "string"},
    "trials_at_once": COUNT,
    "disk_bytes": NUMBER,
    "memory_bytes": NUMBER,
    "cluster": {"type": "object", "required": ["CPU", "GPU"]},
    "order": {"type": ["object", "null"], "required": ["name", "seed"]},
    "limits": {
        "type": "object",
        "required": ["seconds", "trial_seconds", "target", "cost_hours", "trials_at_once"],
    },
    "smallest_difference": {
        "type": ["object", "null"],
        "required": ["num_seeds", "fewest_seeds", "standard_deviations", "accuracy_points"],
    },
    "search": {"type": ["object", "null"]},
    "data": {"type": "object", "additionalProperties": {"required": ["train", "val", "test"]}},
    "trials": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "config", "num_epochs", "resources", "rows"],
            "properties": {"rows": {"type": "array", "minItems": 1, "items": ROW}},
        },
    },
    "open": {"type": "array", "items": {**ROW, "required": [*ROW["required"], "reason"]}},
    "notes": {"type": "array", "items": {"type": "string"}},
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(connection, "local_cluster", lambda: Cluster(({"CPU": 2.0},)))


def planned(
    capsys: pytest.CaptureFixture[str], *arguments: str, axis: str = "tune.grid_search([1, 2])"
) -> dict[str, Any]:
    Path("my_space.py").write_text(SPACE.replace("AXIS", axis))
    capsys.readouterr()
    assert main(["--space", "./my_space.py", "--plan", "--json", *arguments]) == 0
    record: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(
        record,
        {
            "type": "object",
            "additionalProperties": False,
            "required": list(SCHEMA),
            "properties": SCHEMA,
        },
    )
    assert not Path("results").exists(), "a plan writes nothing"
    return record


def test_a_plan_of_an_own_function(capsys: pytest.CaptureFixture[str]) -> None:
    record = planned(capsys, "--seeds", "0-5", "--time-limit", "1h", "--max-cost", "3cpuh")
    assert record["rows"] == {"all": 24, "finished": 0, "to_run": 24, "open": 0, "left_out": 0}
    assert (record["num_trials"], record["num_epochs"]) == (12, 60)
    assert record["num_epochs_without_sharing"] == 84
    assert (record["seconds"], record["trials_at_once"]) == (None, 2)
    assert record["seconds_unknown"] == "not known before the first epoch"
    assert record["cluster"] == {"CPU": 2.0, "GPU": 0.0}
    assert record["limits"]["seconds"] == 3600 and record["limits"]["cost_hours"] == {"CPU": 3.0}
    assert record["order"] == {"name": "longest", "seed": 0}
    power = record["smallest_difference"]
    assert power["standard_deviations"] == pytest.approx(1.43, abs=0.01), "two parameters vary"
    assert power["accuracy_points"] is None, "there are no test images"
    first = record["trials"][0]
    assert first["resources"] == {"CPU": 1.0} and first["config"]["epochs"] == 5
    assert [row["epoch"] for row in first["rows"]] == [2, 5]


def test_rows_that_are_left_out_are_open_with_the_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = planned(capsys, "--where", "x=2", "--order", "random:3", "--add", "x=7,epochs=1")
    assert record["rows"] == {"all": 5, "finished": 0, "to_run": 2, "open": 0, "left_out": 3}
    assert {row["reason"] for row in record["open"]} == {"left out by --where x=2"}
    assert record["order"] == {"name": "random", "seed": 3}
    assert record["smallest_difference"]["standard_deviations"] is None, "one seed"


def test_a_search_has_yet_to_choose(capsys: pytest.CaptureFixture[str]) -> None:
    search = ("--search", "random", "--num-trials", "4")
    record = planned(capsys, *search, axis="tune.uniform(0, 1)")
    assert (record["num_trials"], record["seconds"], record["order"]) == (0, None, None)
    assert record["seconds_unknown"] == "not known before the first epoch"
    assert record["search"]["num_trials"] == 4 and record["trials_at_once"] == 2
    assert record["estimate_basis"] == "", "nothing is estimated"


def test_the_shipped_loop_is_measured_and_only_json_is_on_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["--space", "svm_scaling", "--data", "sample", "--images", "200", "--set"]
    words += ["num_train_images=100", "--set", "dataset=mnist", "--plan", "--json"]
    assert main(words) == 0
    said = capsys.readouterr()
    record = json.loads(said.out)
    assert record["seconds"] > 0 and record["memory_bytes"] > 0 and record["num_epochs"] is None
    assert record["data"] == {"mnist": {"train": 140, "val": 20, "test": 40}}
    assert "measuring the speed" in said.err


def test_without_a_plan_there_is_nothing_to_print(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--space", "q1a", "--json"]) == 2
    assert "--json prints a plan or a list; add --plan or --list" in capsys.readouterr().err


def test_the_guide_describes_every_key() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "guide.md").read_text()
    table = guide.partition("## The plan for programs")[2].partition("\n## ")[0]
    described = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
    assert described == list(SCHEMA)
