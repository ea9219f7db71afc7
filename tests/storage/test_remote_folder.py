from __future__ import annotations

import pickle
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pyarrow
import pytest

from search_spaces.errors import UserError
from tests.full_disk import no_file_larger_than
from tests.s3 import BUCKET, client, s3_server
from tune_app.storage.remote_folder import RemoteFolder, is_url

pytestmark = pytest.mark.xdist_group("s3")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with (
        s3_server(tmp_path_factory.mktemp("s3") / "log") as environment,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in environment.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(params=["s3", "file"])
def folder(request: pytest.FixtureRequest, server: None, tmp_path: Path) -> RemoteFolder:
    """Return an empty folder on an S3 server and one at a file URL."""
    if request.param == "file":
        return RemoteFolder((tmp_path / "there").as_uri())
    return RemoteFolder(f"s3://{BUCKET}/{tmp_path.name}")


def everything(_name: str) -> bool:
    return True


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


def test_a_pull_fetches_what_is_wanted_and_what_has_changed(
    folder: RemoteFolder, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    folder.write("study.json", b"one")
    folder.write("tune/big.pt", b"x" * 99)
    folder.pull(copy, lambda name: name == "study.json")
    assert (copy / "study.json").read_bytes() == b"one"
    assert (copy / "tune" / "big.pt").read_bytes() == b"", "there by name"
    (copy / "study.json").write_bytes(b"mine")
    folder.pull(copy, everything)
    assert (copy / "study.json").read_bytes() == b"mine", "unchanged there, not fetched again"
    folder.write("study.json", b"three")
    folder.remove(["tune/big.pt"])
    (copy / "own").write_bytes(b"here only")
    folder.pull(copy, everything)
    assert (copy / "study.json").read_bytes() == b"three"
    assert not (copy / "tune" / "big.pt").exists()
    assert (copy / "own").exists()


def test_a_file_that_is_too_large_is_not_fetched(folder: RemoteFolder, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for size in (10, 11):
        folder.write(f"{size}.json", b"x" * size)
    folder.pull(copy, everything, most_bytes=10)
    assert (copy / "10.json").read_bytes() == b"x" * 10
    assert (copy / "11.json").read_bytes() == b"\0" * 11, "its size says why"
    folder.write("11.json", b"small")
    folder.pull(copy, everything, most_bytes=10)
    assert (copy / "11.json").read_bytes() == b"small"


def test_a_large_file_is_not_read_into_memory(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    large = tmp_path / "there" / "large"
    with large.open("wb") as stream:
        stream.truncate(2**28)
    pool = pyarrow.default_memory_pool()
    before = pool.bytes_allocated()
    tracemalloc.start()
    RemoteFolder(large.parent.as_uri()).pull(tmp_path / "copy", everything, most_bytes=2**28)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "copy" / "large").stat().st_size == 2**28
    assert peak < 2**24 and pool.bytes_allocated() - before < 2**24


def test_part_of_a_folder_is_pulled(folder: RemoteFolder, tmp_path: Path) -> None:
    for name in ("a/1", "a/2", "ab/3"):
        folder.write(name, name.encode())
    folder.pull(tmp_path / "copy", everything)
    folder.remove(["a/1", "ab/3"])
    folder.pull(tmp_path / "copy", everything, "a")
    left = {p.relative_to(tmp_path / "copy").as_posix() for p in tmp_path.glob("copy/*/*")}
    assert left == {"a/2", "ab/3"}


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


def test_names_that_lead_out_are_left_out(server: None, tmp_path: Path) -> None:
    for key in ("mine/study.json", "mine/../../evil", "mine/./x", "mine/a//b"):
        client().put_object(Bucket=BUCKET, Key=f"{tmp_path.name}/{key}", Body=b"1")
    folder = RemoteFolder(f"s3://{BUCKET}/{tmp_path.name}/mine")
    folder.pull(tmp_path / "deep" / "copy", everything)
    found = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert found == [tmp_path / "deep" / "copy" / "study.json"]


@pytest.mark.parametrize("url", ["nothing://x/y", "s3://", "://", "s3:///"])
def test_what_is_no_url_is_refused(url: str) -> None:
    assert is_url(url)
    with pytest.raises(UserError, match=f"^{url}: (not the URL of a folder|cannot be opened)"):
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
