"""What both stores promise, and what a study at a URL has beside."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from search_spaces.errors import UserError
from tune_app.storage import local_store
from tune_app.storage.local_store import LocalStore
from tune_app.storage.open_store import open_store, worker_store
from tune_app.storage.remote_store import RemoteStore
from tune_app.storage.store import StudyStore


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """Return the folder that the study of each test is in."""
    return tmp_path / "studies" / "mine"


@pytest.fixture(params=["folder", "url"])
def place(request: pytest.FixtureRequest, there: Path) -> str:
    return str(there) if request.param == "folder" else there.as_uri()


@pytest.fixture
def store(place: str) -> Iterator[StudyStore]:
    with open_store(place) as opened:
        yield opened


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_what_is_written_is_at_the_place_at_once(store: StudyStore, there: Path) -> None:
    store.write(store.root / "study.json", b"{}")
    path = store.root / "tune" / "001" / "a" / "result.json"
    path.parent.mkdir(parents=True)
    for line in ("1", "2"):
        store.append_line(path, line)
    assert (there / "tune/001/a/result.json").read_text() == "1\n2\n"
    with store.open_whole(store.root / "weights" / "x.json") as stream:
        stream.write(b"3")
    assert files(there) == {"study.json", "tune/001/a/result.json", "weights/x.json"}
    with pytest.raises(ValueError, match="half"), store.open_whole(store.root / "y") as stream:
        stream.write(b"4")
        raise ValueError("half")
    assert "y" not in files(there) | files(store.root)


def test_what_others_wrote_is_seen(store: StudyStore, there: Path) -> None:
    trial = there / "tune" / "001" / "a"
    (trial / "checkpoint_000001").mkdir(parents=True)
    (trial / "checkpoint_000001" / "state.pt").write_bytes(b"large")
    (trial / "params.json").write_text("{}")
    store.refresh()
    inside = store.root / "tune" / "001" / "a"
    assert (inside / "params.json").read_text() == "{}"
    (trial / "params.json").write_text("[1]")
    assert store.current_text(inside / "params.json") == "[1]"
    with pytest.raises(OSError, match="nope"):
        store.current_text(inside / "nope")
    with store.fetched(inside / "checkpoint_000001", 100) as folder:
        assert (folder / "state.pt").read_bytes() == b"large"
    (trial / "params.json").unlink()
    store.refresh(inside)
    assert files(store.root) == {"tune/001/a/checkpoint_000001/state.pt"}


def test_files_and_folders_are_removed(store: StudyStore, there: Path) -> None:
    for name in ("a/checkpoint_1/x", "a/checkpoint_2/x", "a/other", "b"):
        store.write(store.root / name, b"")
    store.remove([store.root / "b", store.root / "never"])
    store.remove_folders(store.root / "a", "checkpoint_*")
    assert files(there) == files(store.root) == {"a/other"}


def test_a_lock_alone_leaves_nothing(store: StudyStore, place: str, there: Path) -> None:
    there.parent.mkdir()
    with store.lock(), open_store(place) as second, pytest.raises(UserError, match="being run by"):
        second.lock().__enter__()
    assert list(there.parent.iterdir()) == []
    with store.lock():
        store.write(store.root / "study.json", b"{}")
    assert files(there) - {".lock"} == {"study.json"}


def test_a_study_is_deleted_with_everything_in_it(store: StudyStore, there: Path) -> None:
    beside = there.with_name("other") / "study.json"
    beside.parent.mkdir(parents=True)
    beside.write_text("{}")
    with store.lock():
        store.write(store.root / "study.json", b"{}")
        store.write(store.root / "tune" / "001" / "x" / "checkpoint_000000" / "state.pt", b"large")
        store.delete()
        assert "study.json" not in files(there) | files(store.root)
    assert files(there.parent) == {"other/study.json"}


def test_a_linked_study_is_deleted_where_it_is(tmp_path: Path) -> None:
    kept = tmp_path / "disk" / "mine"
    kept.mkdir(parents=True)
    (kept / "study.json").write_text("{}")
    link = tmp_path / "mine"
    link.symlink_to(kept)
    store = LocalStore(link)
    with store.lock():
        store.delete()
    assert not os.path.lexists(link) and list(kept.parent.iterdir()) == []


def test_a_study_is_put_aside(store: StudyStore, there: Path) -> None:
    assert store.is_empty()
    with store.lock():
        assert store.is_empty(), "a lock is not a study"
        store.write(store.root / "study.json", b"{}")
        store.write(store.root / "tune" / "001" / "x", b"")
        assert not store.is_empty()
        store.put_aside("mine.old")
        assert store.is_empty() and all(name.startswith(".lock") for name in files(there))
        store.write(store.root / "study.json", b"[]")
    aside = there.with_name("mine.old")
    assert (aside / "study.json").read_text() == "{}" and (aside / "tune/001/x").exists()
    assert (there / "study.json").read_text() == "[]"


def test_the_old_name_stays_held_while_a_study_is_put_aside(store: StudyStore, place: str) -> None:
    with store.lock():
        store.write(store.root / "study.json", b"{}")
        store.put_aside("mine.old")
        with open_store(place) as second:
            with pytest.raises(UserError, match=f"being run by process {os.getpid()} on"):
                second.lock().__enter__()
            holder = second.holder()
            assert holder is not None and holder.pid == os.getpid()
        with open_store(f"{place}.old") as old:
            assert old.holder() is None, "nobody runs the study that was put aside"
    with open_store(place) as second:
        assert second.holder() is None
        with second.lock():
            pass


def test_a_driver_that_takes_the_free_name_first_keeps_it(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the renaming and the new lock, another driver begins a study of the old name."""
    first, second = LocalStore(there), LocalStore(there)
    locks = []
    rename = Path.rename

    def rename_then_be_late(self: Path, target: Path) -> Path:
        renamed = rename(self, target)
        locks.append(second.lock())
        locks[0].__enter__()
        return renamed

    with first.lock():
        first.write(there / "study.json", b"{}")
        monkeypatch.setattr(Path, "rename", rename_then_be_late)
        with pytest.raises(UserError, match="is being run by"):
            first.put_aside("mine.old")
    with pytest.raises(UserError, match="is being run by"):
        first.lock().__enter__()
    locks[0].__exit__(None, None, None)


def test_it_is_called_as_its_user_does(store: StudyStore, place: str) -> None:
    assert store.place == place
    assert store.place_of(store.root / "study.json") == f"{place}/study.json"
    assert store.place_of(store.root.with_name("mine.old")) == f"{place}.old"


def test_ray_writes_to_the_place_itself(store: StudyStore, there: Path) -> None:
    assert store.ray_storage("tune")["storage_path"] == str(there / "tune")
    assert ("storage_filesystem" in store.ray_storage("tune")) == store.at_url


def test_a_store_stays_in_its_process(store: StudyStore) -> None:
    with pytest.raises(TypeError, match="send its place"):
        pickle.dumps(store)


def test_a_worker_opens_it_by_its_place(store: StudyStore, there: Path) -> None:
    store.write(store.root / "study.json", b"{}")
    worker = worker_store(store.place)
    path = worker.root / "tune" / "001" / "a" / "predictions.npz"
    worker.write(path, b"x")
    assert (there / "tune/001/a/predictions.npz").read_bytes() == b"x"
    assert path.exists() != store.at_url, "of a URL's study a worker keeps nothing"


def test_a_worker_that_does_not_see_the_folder_says_so(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_store, "APPEARS_SECONDS", 0.0)
    with pytest.raises(FileNotFoundError, match="is not there on"):
        worker_store(str(there))


def test_a_working_copy_goes_with_its_store(there: Path) -> None:
    with open_store(there.as_uri()) as opened:
        opened.write(opened.root / "study.json", b"{}")
        copy = opened.root
        assert copy.exists()
    assert not copy.parent.exists()
    store = RemoteStore(there.as_uri())
    store.refresh()
    copy = store.root
    assert (copy / "study.json").exists()
    del store
    gc.collect()
    assert not copy.parent.exists() and (there / "study.json").exists()


def test_a_fork_leaves_the_working_copy_to_its_owner(there: Path) -> None:
    store = RemoteStore(there.as_uri())
    store.write(store.root / "study.json", b"{}")
    fork = multiprocessing.get_context("fork").Process(target=store.close)
    fork.start()
    fork.join()
    assert fork.exitcode == 0 and (store.root / "study.json").exists()
    store.close()
    assert not store.root.exists()


def test_two_stores_of_one_place_know_nothing_of_each_other(there: Path) -> None:
    one, two = RemoteStore(there.as_uri()), RemoteStore(there.as_uri())
    one.write(one.root / "study.json", b"{}")
    assert one.root != two.root and not (two.root / "study.json").exists()
    two.refresh()
    assert (two.root / "study.json").exists()


def test_a_url_that_does_not_answer_is_one_line() -> None:
    url = "data://lab/mine"  # that storage has no listings
    with pytest.raises(UserError, match=rf"^{url}: cannot be read \(\w+Error"), open_store(url):
        pass


def test_another_driver_sees_what_a_search_has_written(tmp_path: Path) -> None:
    url = (tmp_path / "there" / "mine").as_uri()
    names = (
        "search.jsonl",
        "tune/001/a/stopped.json",
        "tune/001/a/checkpoint_000000/.tune_app.json",
    )
    with open_store(url) as store:
        for name in names:
            (store.root / name).parent.mkdir(parents=True, exist_ok=True)
            store.write(store.root / name, b'{"epoch": 1}\n')
        store.append_line(store.root / "search.jsonl", "more")
    with open_store(url) as store:
        found = {name: (store.root / name).read_text() for name in names}
    assert found == {**dict.fromkeys(names, '{"epoch": 1}\n'), names[0]: '{"epoch": 1}\nmore\n'}
