"""``tune-app env`` says what a bug report needs, and leaves nothing behind."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path

import pytest

from tune_app.cli.main import main
from tune_app.study.provenance import num_usable_cpus


def test_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = tmp_path / "new" / "results"
    assert main(["env", "--results-dir", str(results)]) == 0
    lines = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert lines["python"] == platform.python_version()
    assert f"ray {version('ray')}" in lines["packages"].split(", ")
    assert lines["a local cluster has"].startswith(f"{num_usable_cpus()} CPU, ")
    assert lines["storage"].startswith(f"{results}: can be written and locked, ")
    assert list(tmp_path.iterdir()) == []


def test_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "results").write_text("a file")
    assert main(["env", "--json", "--results-dir", str(tmp_path / "results")]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["ray_resources"]["CPU"] == num_usable_cpus()
    assert "cannot be written" in facts["storage"]["problem"]
