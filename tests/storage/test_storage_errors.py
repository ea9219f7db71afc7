"""What a user reads when the place of a study fails."""

from __future__ import annotations

import errno
import os
import socket
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.recorders import make_recorder
from tune_app.storage import local_store
from tune_app.storage.local_store import LocalStore
from tune_app.storage.open_store import store_at
from tune_app.storage.storage_errors import StorageError


def raised(root: Path, error: OSError) -> str:
    with pytest.raises(StorageError) as caught, LocalStore(root).guarded():
        raise error
    return str(caught.value)


def test_each_failure_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "study.json").touch()
    assert "the disk is full; make room" in raised(tmp_path, OSError(errno.ENOSPC, "x"))
    assert "the disk is full; make room" in raised(tmp_path, OSError(errno.EDQUOT, "x"))
    text = raised(tmp_path, OSError(errno.EROFS, "x", "/some/file"))
    assert text.startswith("/some/file: cannot be written (Read-only file system)")
    assert "odd" in raised(tmp_path, OSError("odd"))
    gone = FileNotFoundError(errno.ENOENT, "x", "/some/file")
    assert "cannot be written (No such file" in raised(tmp_path, gone)
    (tmp_path / "study.json").unlink()
    assert "the study was deleted or moved while it ran" in raised(tmp_path, gone)
    with pytest.raises(FileNotFoundError):
        LocalStore(tmp_path).check_held()


def test_a_study_that_shows_late_is_waited_for(tmp_path: Path) -> None:
    later = threading.Timer(0.3, (tmp_path / "study.json").touch)
    later.start()
    LocalStore(tmp_path).wait_until_visible()
    assert (tmp_path / "study.json").exists()
    later.join()


def test_a_node_without_the_study_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_store, "APPEARS_SECONDS", 0.0)
    with pytest.raises(FileNotFoundError) as caught:
        LocalStore(tmp_path).wait_until_visible()
    assert f"{tmp_path} is not there on {socket.gethostname()}: mount" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "number", [errno.ETIMEDOUT, errno.ECONNABORTED, errno.ECONNRESET, errno.EPIPE]
)
def test_what_nfs_or_fuse_says_of_a_lost_server_is_an_error_of_storage(
    tmp_path: Path, number: int
) -> None:
    """Python makes a TimeoutError or a ConnectionError of these numbers."""
    error = OSError(number, "x", "/some/file")
    assert isinstance(error, (TimeoutError, ConnectionError))
    assert f"/some/file: cannot be written ({os.strerror(number)})" in raised(tmp_path, error)


def test_the_recorder_keeps_the_error_of_a_lost_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def timed_out(_descriptor: int) -> None:
        raise OSError(errno.ETIMEDOUT, "x")

    (tmp_path / "study.json").touch()
    config = {"plan": {"name": "a", "directory": "tune/001/a", "milestones": [1]}, "seed": 0}
    trial: Any = SimpleNamespace(config=config, trial_id="t", last_result={}, error_file=None)
    recorder = make_recorder(LocalStore(tmp_path))
    monkeypatch.setattr(os, "fsync", timed_out)
    with pytest.raises(StorageError, match="Connection timed out") as caught:
        recorder.log_trial_result(1, trial, {"epoch": 1})
    assert recorder.failure is caught.value


def test_a_full_disk_is_noticed_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        LocalStore(tmp_path).write(tmp_path / "a", b"x")
    assert caught.value.filename == str(tmp_path / "a") and not list(tmp_path.iterdir())


def test_a_full_disk_under_the_working_copy_of_a_url_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the URL, where there is room, would be said to be full."""

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = store_at((tmp_path / "there").as_uri())
    store.root.mkdir()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="the disk is full") as caught, store.guarded():
        store.append_line(store.root / "result.json", "{}")
    assert str(caught.value).startswith(f"{store.root / 'result.json'}: ")


def test_the_recorder_keeps_the_first_failure_and_writes_no_more(tmp_path: Path) -> None:
    config = {"plan": {"name": "a", "directory": "tune/001/a", "milestones": [1]}, "seed": 0}
    trial: Any = SimpleNamespace(config=config, trial_id="t", last_result={}, error_file=None)
    recorder = make_recorder(LocalStore(tmp_path))
    with pytest.raises(StorageError, match="deleted or moved"):
        recorder.log_trial_result(1, trial, {"epoch": 1})
    first = recorder.failure
    assert first is not None and not (tmp_path / "tune").exists(), "nothing is created anew"
    (tmp_path / "study.json").touch()
    for call in (recorder.log_trial_start, recorder.log_trial_end):
        with pytest.raises(StorageError) as caught:
            call(trial)
        assert caught.value is first
    assert not (tmp_path / "tune").exists()
