from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from analysis.compare.changes import changes_data, facts_of
from analysis.frames.load import load_study
from tests.compared import GRID, base, fitted, trained
from tests.studies import launch_json, study_json

RESULTS: dict[str, dict[str, Any]] = {"x": {}, "y": {}}


def changed(first: Path, second: Path) -> dict[tuple[str, str], tuple[str, str]]:
    frame = changes_data(load_study(first), load_study(second))
    return {
        (line["kind"], line["fact"]): (line["a"], line["b"])
        for line in frame[frame["differs"]].to_dict("records")
    }


def test_the_same_study_elsewhere_has_not_changed(tmp_path: Path) -> None:
    assert changed(trained(tmp_path / "a", RESULTS), trained(tmp_path / "b", RESULTS)) == {}


def test_machine_versions_and_commit_of_the_launches(tmp_path: Path) -> None:
    hardware = {"cpu": "B CPU", "num_cpus": 2, "memory_gb": 24.0, "gpus": ["H100"]}
    packages = {"torch": "2.15", "ray": "2.60.0", "tune-app": "0.2.0"}
    other = launch_json(hardware=hardware, packages=packages, git_commit="456", git_dirty=True)
    a, b = trained(tmp_path / "a", RESULTS), trained(tmp_path / "b", RESULTS, launches=[other])
    assert changed(a, b) == {
        ("code", "tune-app"): ("not recorded", "0.2.0"),
        ("code", "commit of tune-app"): ("0123abc", "456 with local changes"),
        ("packages", "torch"): ("2.14.1", "2.15"),
        ("hardware", "processor"): ("A CPU", "B CPU"),
        ("hardware", "GPUs"): ("none", "H100"),
    }


def test_launches_that_reported_nothing_do_not_count(tmp_path: Path) -> None:
    idle = launch_json("002", host="another", python="3.99")
    b = trained(tmp_path / "b", RESULTS, launches=[launch_json(), idle])
    assert changed(trained(tmp_path / "a", RESULTS), b) == {}


def test_parameters_seeds_and_objective(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", seeds=(0, 1))
    configs = [{**config, "drop": 0.5} for config in GRID[:2]]
    b = fitted(tmp_path / "b", base, configs=configs, seeds=(0,), measures={})
    assert changed(a, b) == {
        ("space", "objective"): (
            "validation rmse (mm), lower is better",
            "validation rmse, lower is better",
        ),
        ("space", "configurations"): ("4", "2"),
        ("space", "seeds"): ("0, 1", "0"),
        ("space", "parameter lr"): ("0.1, 0.5", "0.1"),
        ("space", "parameter drop"): ("not there", "0.5"),
    }


def test_a_default_that_changed(tmp_path: Path) -> None:
    a = trained(tmp_path / "a", RESULTS, space={"defaults": {"momentum": 0.9}})
    b = trained(tmp_path / "b", RESULTS, space={"defaults": {"momentum": 0.8}})
    facts = changed(a, b)
    assert facts[("space", "parameter momentum")] == ("0.9", "0.8")


def test_data_and_split(tmp_path: Path) -> None:
    data = study_json({})["data"]
    entry = {**data["datasets"]["mnist"], "num_train": 400, "sha256": {"images": "f" * 64}}
    other = data | {"split_seed": 3, "datasets": {**data["datasets"], "mnist": entry}}
    a, b = trained(tmp_path / "a", RESULTS), trained(tmp_path / "b", RESULTS, data=other)
    assert changed(a, b) == {
        ("data", "split seed"): ("0", "3"),
        ("data", "mnist, items"): (
            "490 train, 70 validation, 140 test",
            "400 train, 70 validation, 140 test",
        ),
        ("data", "mnist, SHA-256"): ("not there", "ffffffffffff"),
    }


def test_the_user_s_code_and_which_files_of_it(tmp_path: Path) -> None:
    places = []
    for name, digest in (("a", "1" * 16), ("b", "2" * 16)):
        code = {"code": {"files": {"my_space.py": "0", "model.py": digest}, "sha256": digest}}
        place = fitted(tmp_path / name)
        for file in (place / "study.json", *place.glob("launches/*.json")):
            file.write_text(json.dumps(json.loads(file.read_text()) | code))
        places.append(load_study(place))
    frame = changes_data(*places)
    [line] = frame[frame["differs"]].to_dict("records")
    assert (line["kind"], line["a"], line["b"]) == ("code", "1" * 16, "2" * 16)
    assert line["note"] == "model.py changed"


def test_a_hostile_study_is_one_line_a_fact(tmp_path: Path) -> None:
    launch = launch_json(host="a\nhost", packages={"x\ny": "1\n2"}, hardware=[], python=None)
    study = load_study(trained(tmp_path / "a", RESULTS, launches=[launch]))
    facts = facts_of(study)
    assert facts[("packages", "x y")] == "1 2" and facts[("hardware", "host")] == "a host"
    assert all(text.isprintable() for text in facts.values())
