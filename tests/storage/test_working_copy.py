from __future__ import annotations

import tracemalloc
from pathlib import Path

import pyarrow
import pytest

from tests.s3 import BUCKET, client
from tune_app.storage.remote_folder import RemoteFolder
from tune_app.storage.working_copy import WorkingCopy

pytestmark = pytest.mark.xdist_group("s3")


def test_it_has_what_is_wanted_and_what_has_changed(folder: RemoteFolder, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    folder.write("study.json", b"one")
    folder.write("tune/big.pt", b"x" * 99)
    copied = WorkingCopy(folder, copy, lambda name: name == "study.json")
    copied.pull()
    assert (copy / "study.json").read_bytes() == b"one"
    assert (copy / "tune" / "big.pt").read_bytes() == b"", "there by name"
    (copy / "study.json").write_bytes(b"mine")
    copied.pull()
    assert (copy / "study.json").read_bytes() == b"mine", "unchanged there, not fetched again"
    folder.write("study.json", b"three")
    folder.remove(["tune/big.pt"])
    (copy / "own").write_bytes(b"here only")
    copied.pull()
    assert (copy / "study.json").read_bytes() == b"three"
    assert not (copy / "tune" / "big.pt").exists()
    assert (copy / "own").exists()


def test_a_file_that_is_too_large_is_not_fetched(folder: RemoteFolder, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for size in (10, 11):
        folder.write(f"{size}.json", b"x" * size)
    copied = WorkingCopy(folder, copy, most_bytes=10)
    copied.pull()
    assert (copy / "10.json").read_bytes() == b"x" * 10
    assert (copy / "11.json").read_bytes() == b"\0" * 11, "its size says why"
    folder.write("11.json", b"small")
    copied.pull()
    assert (copy / "11.json").read_bytes() == b"small"


def test_a_large_file_is_not_read_into_memory(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    large = tmp_path / "there" / "large"
    with large.open("wb") as stream:
        stream.truncate(2**28)
    pool = pyarrow.default_memory_pool()
    before = pool.bytes_allocated()
    tracemalloc.start()
    remote = RemoteFolder(large.parent.as_uri())
    WorkingCopy(remote, tmp_path / "copy", most_bytes=2**28).pull()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "copy" / "large").stat().st_size == 2**28
    assert peak < 2**24 and pool.bytes_allocated() - before < 2**24


def test_part_of_a_folder_is_pulled(folder: RemoteFolder, tmp_path: Path) -> None:
    for name in ("a/1", "a/2", "ab/3"):
        folder.write(name, name.encode())
    copied = WorkingCopy(folder, tmp_path / "copy")
    copied.pull()
    folder.remove(["a/1", "ab/3"])
    copied.pull("a")
    left = {p.relative_to(tmp_path / "copy").as_posix() for p in tmp_path.glob("copy/*/*")}
    assert left == {"a/2", "ab/3"}


def test_names_that_lead_out_are_left_out(server: None, tmp_path: Path) -> None:
    for key in ("mine/study.json", "mine/../../evil", "mine/./x", "mine/a//b"):
        client().put_object(Bucket=BUCKET, Key=f"{tmp_path.name}/{key}", Body=b"1")
    folder = RemoteFolder(f"s3://{BUCKET}/{tmp_path.name}/mine")
    WorkingCopy(folder, tmp_path / "deep" / "copy").pull()
    found = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert found == [tmp_path / "deep" / "copy" / "study.json"]
