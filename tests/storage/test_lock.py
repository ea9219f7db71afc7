"""One driver per study: refused while held, free once the holder is gone."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from search_spaces.errors import UserError
from tune_app.storage.lock import LOCK_FILE, FileLock, find_holder

HOLD = """
import sys, time
from pathlib import Path
from tune_app.storage.lock import FileLock
with FileLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def hold(root: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_a_held_study_is_refused_and_its_holder_named(tmp_path: Path) -> None:
    process = hold(tmp_path / "mine")
    try:
        with pytest.raises(UserError, match=rf"being run by process {process.pid} on \S+;"):
            FileLock(tmp_path / "mine").__enter__()
        with FileLock(tmp_path / "another"):
            pass
    finally:
        process.kill()
        process.wait()


def test_a_killed_holder_leaves_the_study_free(tmp_path: Path) -> None:
    process = hold(tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with FileLock(tmp_path):
        assert str(os.getpid()) in (tmp_path / LOCK_FILE).read_text()


def test_a_lock_is_given_back(tmp_path: Path) -> None:
    for _ in range(2):
        with FileLock(tmp_path), pytest.raises(UserError, match=f"process {os.getpid()} on"):
            FileLock(tmp_path).__enter__()


def test_who_asks_for_the_holder_turns_no_driver_away(tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text("{}")
    with FileLock(tmp_path):
        holder = find_holder(tmp_path)
        assert holder is not None and holder.pid == os.getpid()
    with (tmp_path / LOCK_FILE).open() as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)  # as find_holder has it for a moment
        timer = threading.Timer(0.1, fcntl.flock, (stream, fcntl.LOCK_UN))
        timer.start()
        with FileLock(tmp_path):
            timer.join()
    assert find_holder(tmp_path) is None


def test_a_damaged_lock_file_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_bytes(b"\xff{")
    with FileLock(tmp_path):
        assert str(os.getpid()) in (tmp_path / LOCK_FILE).read_text()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        UserError, match=r"/mine: cannot be written .*; make it writable, or name another place$"
    ):
        FileLock(tmp_path / "file" / "mine").__enter__()


@pytest.mark.parametrize("reason", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    asked = []

    def refuse(descriptor: int, _operation: int) -> None:
        asked.append(descriptor)
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(UserError) as caught:
        FileLock(tmp_path / "mine").__enter__()
    message = str(caught.value)
    assert f"{tmp_path / 'mine' / LOCK_FILE}: cannot be locked ({os.strerror(reason)})" in message
    assert "with flock" in message and f"--storage-path {tmp_path.as_uri()}" in message
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(asked[0])
    assert list(tmp_path.iterdir()) == [], "a refused command leaves nothing behind"


def test_a_lock_of_another_machine_may_outlive_it(tmp_path: Path) -> None:
    with FileLock(tmp_path):
        with pytest.raises(UserError) as caught:
            FileLock(tmp_path).__enter__()
        assert "NFS" not in str(caught.value), "a process of this machine leaves no lock"
        (tmp_path / LOCK_FILE).write_text(json.dumps({"host": "node-7", "pid": 12}))
        with pytest.raises(
            UserError, match="if node-7 itself went down, its lock is released about 90 s"
        ):
            FileLock(tmp_path).__enter__()


def test_a_lock_file_that_was_put_aside_meanwhile_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver with --fresh renames the folder between another one's open() and flock()."""
    root = tmp_path / "mine"
    flock = fcntl.flock
    renamed: list[Path] = []

    def late(descriptor: int, operation: int) -> None:
        if not renamed:
            renamed.append(root.rename(tmp_path / "mine.old"))
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with FileLock(root):
        assert renamed and str(os.getpid()) in (root / LOCK_FILE).read_text()
        with pytest.raises(UserError, match=f"process {os.getpid()} on"):
            FileLock(root).__enter__()
        with FileLock(tmp_path / "mine.old"):
            pass


def test_a_folder_that_another_driver_removes_meanwhile_is_created_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused command removes the folder it created between another one's mkdir() and open()."""
    root = tmp_path / "deep" / "mine"
    refused = FileLock(root)
    refused.__enter__()
    open_file = os.open
    removed: list[Path] = []

    def late(path: Path, flags: int, mode: int = 0o777) -> int:
        if not removed:
            removed.append(root)
            refused.__exit__()
        return open_file(path, flags, mode)

    monkeypatch.setattr(os, "open", late)
    with FileLock(root):
        assert removed and str(os.getpid()) in (root / LOCK_FILE).read_text()
    assert list(tmp_path.iterdir()) == [], "it is removed by the driver that created it again"


def test_a_folder_that_is_removed_all_the_time_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_path: Path, _flags: int, _mode: int) -> int:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    monkeypatch.setattr(os, "open", gone)
    with pytest.raises(UserError, match=r"cannot be written \(No such file .*name another place"):
        FileLock(tmp_path).__enter__()


def test_a_lock_file_that_is_replaced_all_the_time_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replaced(_descriptor: int, _operation: int) -> None:
        (tmp_path / LOCK_FILE).unlink()

    monkeypatch.setattr(fcntl, "flock", replaced)
    with pytest.raises(UserError, match=r"cannot be locked .*replaced again and again"):
        FileLock(tmp_path).__enter__()
    open_files = [p.resolve() for p in Path("/proc/self/fd").iterdir()]
    assert not any(LOCK_FILE in path.name for path in open_files)
