"""The lines of a launch name commands as the user called this one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tune_app.cli.messages import estimate_lines, where_lines
from tune_app.planning.estimate import Estimate
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import Ledger
from tune_app.study.provenance import command_line


@pytest.mark.parametrize(
    ("called_as", "report", "run"),
    [
        ("/bin/tune-app", "tune-app report", "tune-app run"),
        ("/lib/tune_app/run.py", "python -m analysis.report", "python -m tune_app.run"),
    ],
)
def test_commands_are_named_as_the_user_called_this_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, called_as: str, report: str, run: str
) -> None:
    monkeypatch.setattr(sys, "argv", [called_as])
    monkeypatch.chdir(tmp_path)
    meta: dict[str, Any] = {}
    assert where_lines(Ledger(LocalStore(tmp_path / "q1a"), meta)) == [
        "study: q1a",
        f"report: {report} q1a",
    ]
    assert command_line(["--study", "my study"]) == f"{run} --study 'my study'"


def test_without_a_probe_only_what_is_known_is_said() -> None:
    assert estimate_lines(Estimate(None, 2, None, None)) == [
        "time: not known before the first epoch, 2 trials at once"
    ]
    assert estimate_lines(Estimate(None, 2, 0, 0, "a: too slow"))[0] == (
        "time: not known (a: too slow), 2 trials at once"
    )
