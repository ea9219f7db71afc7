from __future__ import annotations

import json
from pathlib import Path

from analysis.frames.load import load_study
from analysis.sections.environment import (
    environment,
    environment_table,
    parameters_data,
    parameters_table,
)
from tests.own_studies import own_study
from tests.studies import A2, launch_json, line, study_json, write_study, write_trial


def test_every_launch_counts_and_hosts_and_commands_are_named_once(tmp_path: Path) -> None:
    launches = [
        {"name": f"00{number}", "host": host, "command": f"run {number % 5}"}
        for number, host in enumerate(["a", "b", "a", "b", "a", "b", "a"])
    ]
    meta = study_json({"a2": A2}, launches=launches)
    facts = environment(load_study(write_study(tmp_path / "grid", meta)))
    assert facts["launches"] == "7" and facts["hosts"] == "a; b"
    assert facts["commands"] == "run 0; run 1; run 2; and 2 more"
    meta["launches"] = []
    study = load_study(write_study(tmp_path / "bare", meta))
    assert "launches" not in environment(study) and "commands" not in environment(study)
    assert environment_table({"bare": study}).notes == ()


def test_hyperparameters_are_what_trials_were_given_not_what_they_measured(tmp_path: Path) -> None:
    path = write_study(tmp_path / "grid", study_json({"a2": A2}))
    write_trial(path, "a", A2 | {"momentum": 0.9}, {2: ["a2"]}, [line(1)])  # not at its end yet
    frame = parameters_data({"grid": load_study(path)})
    assert list(frame["parameter"]) == [*A2, "momentum"]


def test_a_search_says_what_it_drew_from(tmp_path: Path) -> None:
    """``trees`` is no constant of the study because its first draws happen to be equal."""
    ranges = {
        "ridge": {"model": "ridge", "alpha": {"domain": "loguniform", "low": 1e-3, "high": 10.0}},
        "trees": {
            "model": "trees",
            "jobs": 1,
            "trees": {"domain": "choice", "options": [None, 20, 50]},
        },
        "net": {
            "model": "net",
            "jobs": 1,
            "alpha": 0,
            "size": {"domain": "randint", "low": 1, "high": 6},
        },
    }
    space = {"method": {"domain": "choice", "options": list(ranges.values())}, "epochs": 9}
    search = {"sampler": "tpe", "num_trials": 30, "seed": 1, "stopping": "asha"}
    configs = [{"model": "ridge", "alpha": 0.1}, {"model": "trees", "jobs": 1, "trees": 20}]
    configs.append({"model": "net", "jobs": 1, "alpha": 0, "size": 2})
    own_study(tmp_path / "own", [one | {"epochs": 9} for one in configs], param_space=space)
    meta = json.loads((tmp_path / "own" / "study.json").read_text())
    meta["search"] = search | {"rungs": [], "reduction": 3}
    (tmp_path / "own" / "study.json").write_text(json.dumps(meta))
    table = parameters_table({"own": load_study(tmp_path / "own")})
    names = table.cells["parameter"]
    assert dict(zip(names, table.cells["drawn from"], strict=True)) == {
        "model": "ridge, trees, net",
        "alpha": "0; 0.001 to 10, logarithmic",
        "trees": "None, 20, 50",
        "size": "whole numbers 1 to 5",
        "jobs": "–",
        "epochs": "–",
    }
    assert dict(zip(names, table.cells["role"], strict=True))["trees"] == "varied"
    [note] = table.notes
    assert note == (
        "Search: tpe, 30 configurations, seed 1; asha decides at epochs 1 and the powers of 3."
    )


def test_a_report_names_the_version_that_made_the_study(tmp_path: Path) -> None:
    packages = {"torch": "2.11.0", "tune-app": "0.2.0"}
    meta = study_json({"a2": A2}, launches=[launch_json(packages=packages)])
    facts = environment(load_study(write_study(tmp_path / "grid", meta)))
    assert facts["software"] == "Python 3.11.7, tune-app 0.2.0, torch 2.11.0"
    assert facts["commit of tune-app"] == "0123abc"
