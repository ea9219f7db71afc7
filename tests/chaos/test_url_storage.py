"""A study at a URL survives what a study in a folder survives."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.harness import (
    Driver,
    check_equal,
    check_nothing_is_repeated,
    read_record,
    study_root,
    summary_row,
)
from tests.s3 import BUCKET, s3_server
from tune_app.storage.remote_folder import RemoteFolder
from tune_app.storage.working_copy import WorkingCopy

URL = f"s3://{BUCKET}/studies"
AT_URL = ("--storage-path", URL)

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    with s3_server(tmp_path / "s3.log") as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield environment


def copied(folder: Path) -> Path:
    """Return the study directory with everything that is at the URL now."""
    root = study_root(folder)
    shutil.rmtree(root, ignore_errors=True)
    WorkingCopy(RemoteFolder(f"{URL}/chaos"), root).pull()
    return root


def three_epochs_and_a_checkpoint() -> bool:
    there = RemoteFolder(f"{URL}/chaos")
    files = there.files("tune")
    results = [there.read(name) for name in files if name.endswith("result.json")]
    return any(name.endswith("state.pt") for name in files) and any(
        lines.count(b"\n") == 3 for lines in results
    )


def command(*words: str) -> str:
    """Run a module and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, env=os.environ, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_killed_driver_and_the_same_command_again(tmp_path: Path, server: dict[str, str]) -> None:
    with Driver(tmp_path, *AT_URL, environment=server) as driver:
        assert driver.wait_for(three_epochs_and_a_checkpoint)
        driver.process.send_signal(signal.SIGSTOP)  # its claim counts for another minute
        with Driver(tmp_path, *AT_URL, environment=server) as second:
            assert second.wait() == 2
        assert f"being run by process {driver.process.pid} on" in second.output
        said = command("tune_app.status", f"{URL}/chaos")
        assert f"driver: process {driver.process.pid} on" in said
        driver.kill()
    driver.wait_until_ray_is_gone()
    before = read_record(copied(tmp_path))
    assert before.finished and any(before.checkpoints.values())
    there = RemoteFolder(f"{URL}/chaos")
    [claim] = [name for name in there.files() if name.startswith(".lock/")]
    content = there.read(claim)
    there.write(claim, json.dumps({**json.loads(content), "machine": "another"}).encode())
    with Driver(tmp_path, *AT_URL, environment=server) as third:
        assert third.wait() == 2 and "if it was killed there, try again in 60 s" in third.output
    there.write(claim, content)
    with Driver(tmp_path, *AT_URL, environment=server) as last:
        assert last.wait(400) == 0, last.output
    root = copied(tmp_path)
    assert before.finished <= read_record(root).finished
    check_nothing_is_repeated(root, before)
    assert sorted(path.name for path in (root / "launches").iterdir()) == ["001.json", "002.json"]
    check_equal(tmp_path)
    assert not list(root.glob(".lock/*")), "the claim is given back"
    print(summary_row("study at a URL, driver SIGKILLed", 1, 1, 0, True))


def test_report_audit_and_a_second_start_at_a_url(tmp_path: Path, server: dict[str, str]) -> None:
    with Driver(tmp_path, *AT_URL, environment=server) as driver:
        assert driver.wait(400) == 0, driver.output
    assert f"report: python -m analysis.report {URL}/chaos" in driver.output
    assert str(tmp_path) not in driver.output, "no folder of this machine is spoken of"
    out = tmp_path / "out"
    command("analysis.report", f"{URL}/chaos", "--out", str(out), "--no-figures")
    copied(tmp_path)
    check_equal(tmp_path)
    command("analysis.report", str(study_root(tmp_path)), "--no-figures")
    local = study_root(tmp_path) / "report" / "tables" / "chaos.csv"
    assert (out / "tables" / "chaos.csv").read_text() == local.read_text()
    command("analysis.audit", f"{URL}/chaos", "--data", "tune_app/data/sample")
    assert "8 finished" in command("tune_app.status", f"{URL}/chaos")
    with Driver(tmp_path, *AT_URL, "--fresh", "--seeds", "1", environment=server) as fresh:
        assert fresh.wait(400) == 0, fresh.output
    names = {name.split("/")[0] for name in RemoteFolder(URL).files()}
    [aside] = names - {"chaos"}
    assert f"the old study is kept in {URL}/{aside}" in fresh.output
    kept = tmp_path / "kept" / "chaos"
    WorkingCopy(RemoteFolder(f"{URL}/{aside}"), kept).pull()
    assert read_record(kept).finished == read_record(study_root(tmp_path)).finished
