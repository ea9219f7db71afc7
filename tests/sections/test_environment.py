from __future__ import annotations

from pathlib import Path

from analysis.frames.load import load_study
from analysis.sections.environment import environment, environment_table
from tests.studies import (
    A2,
    study_json,
    write_study,
)


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
