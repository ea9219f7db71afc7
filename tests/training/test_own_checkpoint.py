"""Checkpoints of a user's function: which one it goes on from, and which ones stay."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tune_app.storage.local_store import LocalStore
from tune_app.study.objective import Objective
from tune_app.training.checkpoint import OWN_INDEX_FILE, find_checkpoints, find_damaged, read_index
from tune_app.training.own_checkpoint import (
    newest_own,
    own_bytes,
    own_index,
    prune_checkpoints,
    write_own_index,
)


def make(directory: Path, number: int, *, epoch: int | None = None, key: str = "k") -> Path:
    """Make a checkpoint of ten bytes of text and, in a folder, five."""
    path = directory / f"checkpoint_{number:06d}"
    (path / "parts").mkdir(parents=True)
    (path / "state.json").write_text(f'{{"s": {number:03d}}}')
    (path / "parts" / "one.bin").write_bytes(b"12345")
    write_own_index(path, key, number if epoch is None else epoch, 0)
    return path


def found(root: Path, *candidates: Path, key: str = "k") -> tuple[Path | None, int, str]:
    """Return the folder, the epoch and the note of the checkpoint that is used."""
    with newest_own(LocalStore(root), candidates, key) as checkpoint:
        saved = checkpoint.saved
        return checkpoint.folder, saved.epoch if saved else 0, checkpoint.note


def test_a_checkpoint_comes_back_with_its_files(tmp_path: Path) -> None:
    path = make(tmp_path, 3)
    write_own_index(path, "k", 3, 1)
    with newest_own(LocalStore(tmp_path), [path], "k") as checkpoint:
        assert checkpoint.folder is not None and checkpoint.note == ""
        assert (checkpoint.folder / "state.json").read_text() == '{"s": 003}'
        assert checkpoint.saved is not None
        assert (checkpoint.saved.epoch, checkpoint.saved.shift) == (3, 1)
        assert checkpoint.saved.num_bytes == 15


def test_files_of_ray_and_of_this_package_are_not_counted(tmp_path: Path) -> None:
    path = make(tmp_path, 1)
    (path / ".metadata.json").write_text("{}")
    (path / ".is_checkpoint").touch()
    (path / "link").symlink_to(path / "state.json")
    assert own_bytes(path) == 15
    assert found(tmp_path, path) == (path, 1, "")


def test_an_empty_checkpoint_is_one_too(tmp_path: Path) -> None:
    (tmp_path / "checkpoint_000000").mkdir()
    write_own_index(tmp_path / "checkpoint_000000", "k", 1, 0)
    assert found(tmp_path, tmp_path / "checkpoint_000000")[1] == 1


def truncate(path: Path) -> None:
    (path / "state.json").write_text('{"s"')


def lose_a_file(path: Path) -> None:
    (path / "parts" / "one.bin").unlink()


def lose_the_index(path: Path) -> None:
    (path / OWN_INDEX_FILE).unlink()


def damage_the_index(path: Path) -> None:
    (path / OWN_INDEX_FILE).write_text('{"trial_key": "k", "epo')


def write_an_odd_index(path: Path) -> None:
    index = {"trial_key": "k", "epoch": 2, "num_bytes": 15, "shift": 7}
    (path / OWN_INDEX_FILE).write_text(json.dumps(index))


def link_the_index(path: Path) -> None:
    (path / OWN_INDEX_FILE).rename(path.parent / "elsewhere")
    (path / OWN_INDEX_FILE).symlink_to(path.parent / "elsewhere")


def give_to_another(path: Path) -> None:
    write_own_index(path, "another", 2, 0)


MISSING = ".tune_app.json is missing or damaged"
DAMAGES: list[tuple[Callable[[Path], None], str]] = [
    (truncate, "its files have 9 bytes of 15"),
    (lose_a_file, "its files have 10 bytes of 15"),
    (lose_the_index, MISSING),
    (damage_the_index, MISSING),
    (write_an_odd_index, MISSING),
    (link_the_index, MISSING),
    (give_to_another, "it belongs to trial another"),
]


@pytest.mark.parametrize(("damage", "problem"), DAMAGES)
def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    tmp_path: Path, damage: Callable[[Path], None], problem: str
) -> None:
    older, newer = make(tmp_path, 1), make(tmp_path, 2)
    damage(newer)
    note = f"checkpoint_000002 is not used: {problem}; goes on after epoch 1"
    assert found(tmp_path, newer, older) == (older, 1, note)


def test_without_one_that_is_whole_a_trial_starts_from_scratch(tmp_path: Path) -> None:
    paths = [make(tmp_path, 2), make(tmp_path, 1)]
    for path in paths:
        truncate(path)
    nowhere = tmp_path / "checkpoint_000009"
    assert found(tmp_path, nowhere, *paths) == (
        None,
        0,
        f"checkpoint_000009 is not used: {MISSING}; "
        "checkpoint_000002 is not used: its files have 9 bytes of 15; "
        "checkpoint_000001 is not used: its files have 9 bytes of 15; starts from scratch",
    )
    assert found(tmp_path) == (None, 0, "")


def test_a_checkpoint_that_was_being_copied_is_damaged(tmp_path: Path) -> None:
    make(tmp_path, 1)
    half = make(tmp_path, 2)
    lose_the_index(half)
    assert find_damaged(tmp_path) == [half]
    assert [index.epoch for index in find_checkpoints(tmp_path, "k")] == [1]


LOSSES = {1: 0.5, 2: 0.1, 3: 0.4, 4: 0.1, 5: None, 6: 0.3}


@pytest.mark.parametrize(
    ("keep", "mode", "kept"),
    [
        ("last", "min", [6]),
        ("none", "min", []),
        (1, "min", [6]),
        (3, "min", [4, 5, 6]),
        (4, "min", [3, 4, 5, 6]),
        (100, "min", [1, 2, 3, 4, 5, 6]),
        ("best", "min", [2]),  # of equal ones the earliest
        ("best", "max", [1]),
    ],
)
def test_what_stays_of_two_launches(
    tmp_path: Path, keep: str | int, mode: str, kept: list[int]
) -> None:
    """Ray counts checkpoints anew in every launch; epochs tell which is newer."""
    first, second = tmp_path / "001", tmp_path / "002"
    for number, epoch in enumerate((1, 2, 3)):
        make(first, number, epoch=epoch)
    for number, epoch in enumerate((4, 5, 6)):
        make(second, number, epoch=epoch)
    foreign, half = make(first, 8, key="another"), make(second, 9)
    lose_the_index(half)
    prune_checkpoints(
        LocalStore(tmp_path),
        [first, second],
        "k",
        keep=keep,
        score=LOSSES.get,
        objective=Objective("loss", mode),
    )
    left = [index.epoch for f in (first, second) for index in find_checkpoints(f, "k")]
    assert sorted(left) == kept
    assert foreign.exists() and not half.exists()


@pytest.mark.parametrize("keep", ["last", "best"])
def test_an_epoch_saved_in_two_launches_stays_from_the_newer_one(tmp_path: Path, keep: str) -> None:
    first, second = make(tmp_path / "001", 0, epoch=3), make(tmp_path / "002", 0, epoch=3)
    prune(tmp_path, keep)
    assert not first.exists() and second.exists()


@pytest.mark.parametrize(
    ("keep", "epochs"), [("last", [4]), ("best", [2]), (2, [3, 4]), (3, [2, 3, 4])]
)
def test_no_checkpoint_of_an_attempt_stays_that_was_begun_again(
    tmp_path: Path, keep: str | int, epochs: list[int]
) -> None:
    """The first attempt saved epochs 2 to 5; the next ones begin at epoch 3 and at epoch 4."""
    first = [make(tmp_path / "001", number, epoch=number) for number in (2, 3, 4, 5)]
    again = [make(tmp_path / "001", 10, epoch=3), make(tmp_path / "002", 0, epoch=4)]
    prune(tmp_path, keep)
    left = [i for f in ("001", "002") for i in find_checkpoints(tmp_path / f, "k")]
    assert sorted(index.epoch for index in left) == epochs
    assert {index.path for index in left} <= {first[0], *again}


def test_the_newest_stays_if_none_has_the_objective(tmp_path: Path) -> None:
    make(tmp_path / "001", 0, epoch=7)
    make(tmp_path / "001", 1, epoch=8)
    prune(tmp_path, "best")
    assert [index.epoch for index in find_checkpoints(tmp_path / "001", "k")] == [8]


def prune(root: Path, keep: str | int) -> None:
    prune_checkpoints(
        LocalStore(root),
        [root / "001", root / "002"],
        "k",
        keep=keep,
        score=LOSSES.get,
        objective=Objective("loss", "min"),
    )


def test_the_index_is_there_while_a_checkpoint_is_copied(tmp_path: Path) -> None:
    new, reported_again = tmp_path / "new", make(tmp_path, 1)
    new.mkdir()
    before = (reported_again / OWN_INDEX_FILE).read_bytes()
    for folder in (new, reported_again):
        with own_index(folder, "k", 5, 0):
            index = read_index(folder)
            assert index is not None and index.epoch == 5
    assert list(new.iterdir()) == []
    assert (reported_again / OWN_INDEX_FILE).read_bytes() == before
