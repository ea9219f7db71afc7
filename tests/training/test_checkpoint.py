"""Checkpoints: read back exactly, refused when damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tune_app.storage.local_store import LocalStore
from tune_app.training.checkpoint import (
    STATE_FILE,
    find_checkpoints,
    find_damaged,
    load_newest,
    remove_checkpoints,
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


@pytest.mark.parametrize("damage", [truncate, flip, Path.unlink])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path: Path, damage: object) -> None:
    older, newer = make(tmp_path, 1), make(tmp_path, 2)
    damage(newer / STATE_FILE)  # type: ignore[operator]
    loaded = load_newest(LocalStore(tmp_path), [newer, older], "k")
    assert loaded.state is not None and loaded.epoch == 1
    assert loaded.note.startswith("checkpoint_000002 is not used: state.pt ")
    assert loaded.note.endswith("; goes on after epoch 1")


def test_nothing_usable_means_from_the_start(tmp_path: Path) -> None:
    path = make(tmp_path, 1)
    (path / "checkpoint.json").write_text("{")
    assert find_damaged(tmp_path) == [path]
    loaded = load_newest(LocalStore(tmp_path), [path, tmp_path / "nowhere"], "k")
    assert loaded.state is None and loaded.note.endswith("; starts from scratch")
    assert load_newest(LocalStore(tmp_path), [make(tmp_path, 2)], "another trial").state is None
    assert load_newest(LocalStore(tmp_path), [], "k").note == ""


def test_removal_takes_checkpoints_only(tmp_path: Path) -> None:
    make(tmp_path, 1)
    (tmp_path / "result.json").touch()
    remove_checkpoints(LocalStore(tmp_path), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]
