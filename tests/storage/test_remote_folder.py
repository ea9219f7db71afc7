from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from search_spaces.errors import UserError
from tests.full_disk import no_file_larger_than
from tests.s3 import BUCKET
from tune_app.storage.remote_folder import RemoteFolder, is_url

pytestmark = pytest.mark.xdist_group("s3")


def test_what_is_written_is_listed_and_read(folder: RemoteFolder, tmp_path: Path) -> None:
    assert folder.files() == {}
    (tmp_path / "local").write_bytes(b"from a file")
    folder.write("study.json", b"{}")
    folder.write("tune/001/a/result.json", tmp_path / "local")
    assert {name: size for name, (size, _) in folder.files().items()} == {
        "study.json": 2,
        "tune/001/a/result.json": 11,
    }
    assert list(folder.files("tune/001")) == ["tune/001/a/result.json"]
    assert folder.files("tune/002") == {}
    assert folder.read("tune/001/a/result.json") == b"from a file"
    folder.write("study.json", b"[]!")
    assert folder.read("study.json") == b"[]!"
    with pytest.raises(FileNotFoundError):
        folder.read("nothing")


def test_a_large_file_arrives_whole(folder: RemoteFolder) -> None:
    content = bytes(range(256)) * 80_000
    folder.write("weights.pt", content)
    assert folder.read("weights.pt") == content


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    folder = RemoteFolder((tmp_path / "there").as_uri())
    folder.write("study.json", b"old")
    with pytest.raises(OSError, match="File too large"), no_file_larger_than(100):
        folder.write("study.json", b"new" * 100)
    assert folder.read("study.json") == b"old"
    assert list(folder.files()) == ["study.json"]


def test_removing_twice_is_no_error(folder: RemoteFolder) -> None:
    folder.write("a", b"1")
    folder.write("b", b"2")
    folder.remove(["a", "never"])
    folder.remove(["a"])
    assert list(folder.files()) == ["b"]


def test_what_is_inside_moves_to_another_folder(folder: RemoteFolder) -> None:
    folder.write("study.json", b"{}")
    folder.write("tune/001/x", b"1")
    folder.write("launches/001.json", b"3")
    folder.write(".lock/claim.json", b"2")
    folder.move_contents("aside", leave=".lock")
    assert list(folder.files()) == [".lock/claim.json"]
    folder.write("study.json", b"[]")
    with pytest.raises(FileExistsError) as caught:
        folder.move_contents("aside", leave=".lock")
    assert caught.value.filename == folder.sibling_url("aside")
    moved = RemoteFolder(folder.url.rsplit("/", 1)[0] + "/aside")
    assert sorted(moved.files()) == ["launches/001.json", "study.json", "tune/001/x"]


def test_it_travels_to_another_process(folder: RemoteFolder) -> None:
    folder.write("a", b"1")
    assert pickle.loads(pickle.dumps(folder)).read("a") == b"1"


def test_options_stay_with_the_url(server: None) -> None:
    options = "?region=eu-central-1&scheme=http"
    folder = RemoteFolder(f"s3://{BUCKET}/studies{options}")
    assert folder.child_url("q1a/tune") == f"s3://{BUCKET}/studies/q1a/tune{options}"
    assert (folder.name, folder.child_url("")) == ("studies", folder.url)


@pytest.mark.parametrize("url", ["nothing://x/y", "s3://", "://", "s3:///", "s3://[::1/x"])
def test_what_is_no_url_is_refused(url: str) -> None:
    assert is_url(url)
    with pytest.raises(
        UserError, match=f"^{re.escape(url)}: (not the URL of a folder|cannot be opened)"
    ):
        RemoteFolder(url)


def test_a_bucket_that_is_not_there_is_an_error_of_storage(server: None) -> None:
    with pytest.raises(OSError, match="NO_SUCH_BUCKET"):
        RemoteFolder("s3://no-such-bucket/x").write("a", b"1")


def test_credentials_in_a_url_are_refused_and_not_repeated() -> None:
    with pytest.raises(UserError) as refused:
        RemoteFolder("s3://key:hunter2@lab/studies")
    assert str(refused.value).startswith(
        "s3://***@lab: a URL must not hold credentials"
    ) and "hunter2" not in str(refused.value)
    with pytest.raises(UserError, match=r"^\[lab/x: not the URL of a folder"):
        RemoteFolder("s3://key:hunter2@[lab/x")
