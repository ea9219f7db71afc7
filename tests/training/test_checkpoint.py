"""Checkpoints: read back exactly, refused when damaged."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from tune_app.storage.local_store import LocalStore
from tune_app.storage.open_store import open_store
from tune_app.storage.remote_folder import RemoteFolder
from tune_app.training.checkpoint import (
    STATE_FILE,
    WorkerDiedError,
    find_checkpoints,
    find_damaged,
    load_newest,
    write_checkpoint,
)


def make(directory: Path, number: int, key: str = "k") -> Path:
    path = directory / f"checkpoint_{number:06d}"
    path.mkdir()
    write_checkpoint(path, key, number, {"weights": torch.full((1000,), float(number))})
    return path


def test_a_state_comes_back_exactly(tmp_path: Path) -> None:
    path = make(tmp_path, 3)
    loaded = load_newest(LocalStore(tmp_path), [path], "k")
    assert loaded.state is not None and (loaded.epoch, loaded.note) == (3, "")
    assert torch.equal(loaded.state["weights"], torch.full((1000,), 3.0))


def test_the_newest_epoch_comes_first_and_strangers_are_left_out(tmp_path: Path) -> None:
    for number in (1, 10, 9):
        make(tmp_path, number)
    make(tmp_path, 11, key="another")
    (tmp_path / "checkpoint_junk").mkdir()
    assert [index.epoch for index in find_checkpoints(tmp_path, "k")] == [10, 9, 1]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def replace_by_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_endless(path: Path) -> None:
    """Make a sparse file of 60 GB."""
    os.truncate(path, 60 * 10**9)


def make_larger_than_any_memory(path: Path) -> None:
    """Make a sparse file of 8 TB whose index tells its size."""
    os.truncate(path, 8 * 10**12)
    index = json.loads((path.parent / "checkpoint.json").read_text())
    (path.parent / "checkpoint.json").write_text(json.dumps({**index, "num_bytes": 8 * 10**12}))


@pytest.mark.parametrize(
    "damage",
    [
        make_larger_than_any_memory,
        truncate,
        flip,
        Path.unlink,
        replace_by_fifo,
        replace_by_folder,
        make_endless,
    ],
)
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path: Path, damage: object) -> None:
    older, newer = make(tmp_path, 1), make(tmp_path, 2)
    damage(newer / STATE_FILE)  # type: ignore[operator]
    loaded = load_newest(LocalStore(tmp_path), [newer, older], "k")
    assert loaded.state is not None and loaded.epoch == 1
    assert loaded.note.startswith("checkpoint_000002 is not used: state.pt ")
    assert loaded.note.endswith("; goes on after epoch 1")


def test_at_a_url_no_state_of_another_size_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    with open_store((tmp_path / "mine").as_uri()) as store:
        older, newer = (make(tmp_path / "mine", epoch) for epoch in (1, 2))
        with (newer / "state.pt").open("r+b") as stream:
            stream.truncate(2**42)
        fetched: list[str] = []
        fetch = RemoteFolder.fetch

        def counted(folder: RemoteFolder, relative: str, path: Path) -> None:
            fetched.append(relative)
            fetch(folder, relative, path)

        monkeypatch.setattr(RemoteFolder, "fetch", counted)
        candidates = [store.root / newer.name, store.root / older.name]
        loaded = load_newest(store, candidates, "k")
    assert loaded.epoch == 1 and "checkpoint_000002 is not used: state.pt is damaged" in loaded.note
    assert "checkpoint_000001/state.pt" in fetched
    assert "checkpoint_000002/state.pt" not in fetched


def test_a_state_that_does_not_fit_falls_back_to_the_one_before(tmp_path: Path) -> None:
    older, newer = make(tmp_path, 1), make(tmp_path, 2)
    tried = []

    def use(state: dict[str, Any]) -> None:
        tried.append(int(state["weights"][0]))
        if tried[-1] == 2:
            raise KeyError("model")

    loaded = load_newest(LocalStore(tmp_path), [newer, older], "k", use)
    assert (loaded.epoch, tried) == (1, [2, 1])
    assert loaded.note == (
        "checkpoint_000002 is not used: its state does not fit this trial (KeyError); "
        "goes on after epoch 1"
    )


def test_a_dead_worker_does_not_make_a_state_unfit(tmp_path: Path) -> None:
    older, newer = make(tmp_path, 1), make(tmp_path, 2)
    tried = []

    def use(state: dict[str, Any]) -> None:
        tried.append(int(state["weights"][0]))
        raise WorkerDiedError("killed")

    with pytest.raises(WorkerDiedError, match="killed"):
        load_newest(LocalStore(tmp_path), [newer, older], "k", use)
    assert tried == [2], "no older state is tried"


@pytest.mark.parametrize(
    "index",
    [
        '{"trial_key": "k", "epoch": 1, "sha256": "x"}',
        '{"trial_key": "k", "epoch": 1, "num_bytes": true, "sha256": "x"}',
        '{"trial_key": "k", "epoch": 1, "num_bytes": 4, "sha256": "x", "a": "'
        + 10_000 * "x"
        + '"}',
        "[" * 5_000,
    ],
)
def test_an_index_that_does_not_say_what_it_should_is_none(tmp_path: Path, index: str) -> None:
    path = make(tmp_path, 1)
    (path / "checkpoint.json").write_text(index)
    assert find_damaged(tmp_path) == [path]


def test_nothing_usable_means_from_the_start(tmp_path: Path) -> None:
    path = make(tmp_path, 1)
    (path / "checkpoint.json").write_text("{")
    assert find_damaged(tmp_path) == [path]
    loaded = load_newest(LocalStore(tmp_path), [path, tmp_path / "nowhere"], "k")
    assert loaded.state is None and loaded.note.endswith("; starts from scratch")
    assert load_newest(LocalStore(tmp_path), [make(tmp_path, 2)], "another trial").state is None
    assert load_newest(LocalStore(tmp_path), [], "k").note == ""
