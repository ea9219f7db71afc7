from __future__ import annotations

from pathlib import Path

from analysis.frames.load import load_study
from analysis.sections.environment import environment, environment_table, parameters_data
from tests.studies import A2, line, study_json, write_study, write_trial


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
