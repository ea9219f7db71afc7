"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tune_app.storage.whole_file import is_partial, whole_file


def test_writers_with_one_process_id_do_not_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 7)
    path = tmp_path / "best.json"
    with whole_file(path) as one, whole_file(path) as other:
        assert not path.exists()
        assert [is_partial(found.name) for found in tmp_path.iterdir()] == [True, True]
        one.write(b"one")
        other.write(b"other")
    assert path.read_bytes() == b"one", "the last to be complete stays"
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "best.json"
    path.write_bytes(b"before")
    with pytest.raises(ValueError, match="half"), whole_file(path) as stream:
        stream.write(b"a")
        raise ValueError("half-way")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_the_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut could leave an empty file under the name."""
    path, synced = tmp_path / "best.json", []
    fsync = os.fsync

    def counting(number: int) -> None:
        synced.append((os.fstat(number).st_size, path.exists()))
        fsync(number)

    monkeypatch.setattr(os, "fsync", counting)
    with whole_file(path) as stream:
        stream.write(b"four")
    assert synced == [(4, False)] and path.read_bytes() == b"four"
