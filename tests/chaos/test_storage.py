"""The place where a study is kept fails: full, read-only, deleted, or with damaged files in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.frames.load import load_study
from analysis.render.writing import write_report
from tests.chaos.harness import (
    Driver,
    finish,
    study_root,
    summary_row,
)
from tests.recorded import read_rows
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import open_ledger
from tune_app.training.checkpoint import INDEX_FILE, STATE_FILE, find_checkpoints

LARGE = 700 * 2**20
NO_CHECKPOINTS = ("--checkpoint-seconds", "1000")
pytestmark = pytest.mark.timeout(900)


class Disk:
    """A file system of a chosen size at a test's results directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fill(self, room: int = 0) -> None:
        """Leave ``room`` bytes."""
        page = os.sysconf("SC_PAGE_SIZE")
        for _ in range(100):
            state = os.statvfs(self.path)
            used = (state.f_blocks - state.f_bfree) * state.f_frsize
            if self._remount(f"size={used + max(page, room)}"):
                return
        raise AssertionError("the disk could not be filled")

    def make_room(self) -> None:
        """Make it large again."""
        assert self._remount(f"size={LARGE}")

    def set_writable(self, writable: bool) -> None:
        """Mount it read-only, or not."""
        assert self._remount("rw" if writable else "ro")

    def _remount(self, options: str) -> bool:
        words = ["mount", "-o", f"remount,{options}", str(self.path)]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    path = tmp_path / "results"
    path.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={LARGE}", "tmpfs", str(path)]
    try:
        mounted = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield Disk(path)
    subprocess.run(["umount", "--lazy", str(path)], check=False)


def errors(driver: Driver) -> list[str]:
    """Return the lines in which the command gave up; no line may be of a traceback."""
    assert "Traceback" not in driver.output, driver.output
    return [line for line in driver.output.splitlines() if line.startswith("error: ")]


def num_rows(folder: Path) -> int:
    """Return how many epochs all trials have recorded so far."""
    return sum(len(read_rows(p)) for p in study_root(folder).glob("tune/*/*/result.json"))


@pytest.mark.xdist_group("ray")
def test_disk_full_before_anything_is_written(tmp_path: Path, disk: Disk) -> None:
    disk.fill()
    (disk.path / "ballast").write_bytes(b"x" * os.statvfs(disk.path).f_bavail * 4096)
    with Driver(tmp_path) as driver:
        assert driver.wait() == 2, driver.output
    [error] = errors(driver)
    assert "study.json: the disk is full; make room and run the same command" in error
    assert not (study_root(tmp_path) / "study.json").exists()
    driver.wait_until_ray_is_gone()


@pytest.mark.chaos
def test_disk_full_at_a_result(tmp_path: Path, disk: Disk) -> None:
    with Driver(tmp_path, *NO_CHECKPOINTS) as driver:
        assert driver.wait_for(lambda: list(study_root(tmp_path).glob("tune/*/*/params.json")))
        disk.fill()
        assert driver.wait() == 2, driver.output
    [error] = errors(driver)
    assert "the disk is full; make room and run the same command" in error
    driver.wait_until_ray_is_gone()
    study = (study_root(tmp_path) / "study.json").read_bytes()
    with Driver(tmp_path, *NO_CHECKPOINTS) as driver:
        assert driver.wait() == 2, driver.output
    [error] = errors(driver)
    assert "study.json: the disk is full" in error
    assert (study_root(tmp_path) / "study.json").read_bytes() == study
    disk.make_room()
    finish(tmp_path)
    print(summary_row("disk full at a result line, then at study.json", 2, 2, 0, True))


@pytest.mark.chaos
def test_disk_full_at_a_checkpoint(tmp_path: Path, disk: Disk) -> None:
    with Driver(tmp_path) as driver:
        assert driver.wait_for(lambda: num_rows(tmp_path) >= 2)
        disk.fill(room=5 * 2**20)
        assert driver.wait() == 2, driver.output
    [error] = errors(driver)
    assert "the disk is full; make room and run the same command" in error
    driver.wait_until_ray_is_gone()
    before = num_rows(tmp_path)
    disk.make_room()
    finish(tmp_path)
    assert num_rows(tmp_path) > before
    print(summary_row("disk full at a checkpoint", 1, 1, 0, True))


@pytest.mark.xdist_group("ray")
def test_read_only_from_the_start(tmp_path: Path, disk: Disk) -> None:
    disk.set_writable(False)
    with Driver(tmp_path) as driver:
        assert driver.wait() == 2, driver.output
    [error] = errors(driver)
    assert "cannot be written (Read-only file system)" in error
    assert not list(disk.path.iterdir())


@pytest.mark.chaos
def test_study_deleted_while_it_runs(tmp_path: Path) -> None:
    root = study_root(tmp_path)
    with Driver(tmp_path) as driver:
        assert driver.wait_for(lambda: num_rows(tmp_path) >= 2)
        shutil.move(root, tmp_path / "moved")
        assert driver.wait(60) == 2, driver.output
    [error] = errors(driver)
    assert "the study was deleted or moved while it ran" in error
    driver.wait_until_ray_is_gone()
    shutil.rmtree(root, ignore_errors=True)
    shutil.move(tmp_path / "moved", root)
    finish(tmp_path)
    print(summary_row("study directory moved away while it ran", 1, 1, 0, True))


def interrupt(folder: Path, least_epochs: int) -> None:
    """Run the study and kill it once every trial has so many checkpointed epochs."""
    with Driver(folder) as driver:
        assert driver.wait_for(lambda: min(_epochs(folder), default=0) >= least_epochs)
        driver.kill()


def _epochs(folder: Path) -> list[int]:
    """Return the newest checkpoint's epoch for each of the two trials, if both have one."""
    ledger = open_ledger(LocalStore(study_root(folder)))
    epochs = []
    for key, trial in ledger.read_trials().trials.items() if ledger else ():
        folders = [d.path for d in trial.directories if d.path]
        found = [i.epoch for folder in folders for i in find_checkpoints(folder, key)]
        epochs.append(max((e for e in found if e in trial.history), default=0))
    return epochs if len(epochs) == 2 else []


def newest_checkpoint(folder: Path, trial: str) -> Path:
    """Return the newest checkpoint of the trial whose name holds a word."""
    return max(study_root(folder).glob(f"tune/*/*{trial}*/checkpoint_*"))


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


@pytest.mark.chaos
def test_damaged_files(tmp_path: Path) -> None:
    """Two interruptions; after each, other files are damaged."""
    root = study_root(tmp_path)
    interrupt(tmp_path, least_epochs=2)
    flip_a_byte(newest_checkpoint(tmp_path, "sgd") / STATE_FILE)
    for path in root.glob("tune/*/*adam*/checkpoint_*"):
        truncate(path / STATE_FILE)
        (path / INDEX_FILE).write_text("{")
    with Driver(tmp_path) as driver:
        assert driver.wait_for_output("starts from scratch"), driver.output
        assert driver.wait_for_output("state.pt is damaged (its SHA-256 differs)"), driver.output
        [adam] = root.glob("tune/002/*adam*/result.json")
        assert driver.wait_for(lambda: len(read_rows(adam)) >= 3)
        driver.kill()
    notes = [
        row["checkpoint_note"]
        for path in root.glob("tune/002/*/result.json")
        for row in read_rows(path)
        if "checkpoint_note" in row
    ]
    assert len(notes) == 2, "each trial says so once"

    [sgd] = root.glob("tune/002/*sgd*/result.json")
    truncate_last_line(sgd)
    [params] = root.glob("tune/002/*adam*/params.json")
    params.write_text(params.read_text()[:100])
    for path in root.glob("weights/*.json"):
        path.write_text("[]")
    for path in root.glob("tune/*/*/predictions/*"):
        path.unlink()
    driver = finish(tmp_path)
    assert "Traceback" not in driver.output
    print(summary_row("damaged checkpoints, result.json, params.json, weights", 6, 6, 0, True))


def truncate_last_line(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.chaos
def test_missing_predictions_do_not_hinder_the_report(tmp_path: Path) -> None:
    finish(tmp_path)
    for path in study_root(tmp_path).glob("tune/*/*/predictions/*"):
        path.unlink()
    (study_root(tmp_path) / "tune" / "001" / "stray").mkdir()
    with Driver(tmp_path) as driver:
        assert driver.wait() == 0, driver.output
    assert "nothing is missing" in driver.output
    assert write_report([study_root(tmp_path)], tmp_path / "report")
    assert set(load_study(study_root(tmp_path)).rows["status"]) == {"finished"}
