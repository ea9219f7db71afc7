"""An error of a user's loss in the shipped loop ends its trial, and is not tried again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ray import tune

from tune_app.engine.own_errors import with_own_errors
from tune_app.engine.own_function import FAILURE
from tune_app.storage.storage_errors import FullDiskError
from tune_app.training.launch_settings import LaunchSettings

CONFIG = {"plan": {"directory": "tune/001/a"}}


def failing(config: dict[str, Any], *, data: Any, settings: LaunchSettings) -> None:
    print("computing")
    raise data


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(tune, "report", found.append)
    return found


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUNE_FUNCTION_THREAD_TIMEOUT_S", "2")  # set anew by the function
    (tmp_path / "study.json").write_text("{}")
    (tmp_path / "tune" / "001" / "a").mkdir(parents=True)
    return tmp_path


def test_the_error_is_reported_and_what_was_printed_is_kept(
    study: Path, reports: list[dict[str, Any]]
) -> None:
    settings = LaunchSettings(str(study))
    with_own_errors(failing)(CONFIG, data=ValueError("no\nmore"), settings=settings)
    [row] = reports
    assert row["epoch"] == 1
    assert row[FAILURE].splitlines()[-1].startswith("ValueError: no (test_own_errors.py, line ")
    assert "Traceback" in row[FAILURE] and 'own_errors.py"' not in row[FAILURE].split("failing")[1]
    assert (study / "tune/001/a/output.txt").read_text() == "computing\n"


@pytest.mark.parametrize(
    ("error", "retries"), [(ValueError("no"), True), (FullDiskError("full"), False)]
)
def test_it_is_raised_if_the_launch_retries_or_has_to_end(
    study: Path, reports: list[dict[str, Any]], error: Exception, retries: bool
) -> None:
    settings = LaunchSettings(str(study), retries_errors=retries)
    with pytest.raises(type(error)):
        with_own_errors(failing)(CONFIG, data=error, settings=settings)
    assert reports == []
