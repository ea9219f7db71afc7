"""The ledger: what is expected, what is finished, what may be continued."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from search_spaces import SearchSpace
from search_spaces.errors import UserError
from tune_app.storage.local_store import LocalStore
from tune_app.storage.store import StudyStore
from tune_app.study.history import resumable_checkpoints
from tune_app.study.ledger import Ledger, extend_ledger, new_ledger, open_ledger, put_aside
from tune_app.study.study_file import read_results
from tune_app.training.checkpoint import write_checkpoint

DATA = {
    "source": "sample",
    "num_images": 100,
    "split_seed": 0,
    "datasets": {"mnist": {"num_images": 100, "sha256": {"a": "1"}}},
}


def make_space(lrs: tuple[float, ...] = (0.1, 0.01), **changes: Any) -> SearchSpace:
    fields: dict[str, Any] = {
        "name": "mine",
        "question": "?",
        "trainable": "resnet",
        "param_space": {"lr": {"grid_search": list(lrs)}, "epochs": {"grid_search": [1, 3]}},
        "factors": ("lr", "epochs"),
    }
    return SearchSpace(**{**fields, **changes})


def make_ledger(place: Path | StudyStore, seeds: tuple[int, ...] = (0,), **changes: Any) -> Ledger:
    store = LocalStore(place) if isinstance(place, Path) else place
    data = changes.pop("data", DATA)
    device = changes.pop("device", "cpu")
    return new_ledger(store, make_space(**changes), seeds, device=device, data=data, provenance={})


def record(
    ledger: Ledger,
    launch: str,
    rows: list[dict[str, Any]],
    *,
    key: str = "k1",
    serves: dict[str, list[str]] | None = None,
    tail: str = "",
) -> Path:
    ids = [c.config_id for c in ledger.configurations()]
    directory = ledger.root / "tune" / launch / f"trial-{key}"
    directory.mkdir(parents=True)
    plan = {
        "trial_key": key,
        "milestones": [1, 3],
        "serves": serves or {"1": ids[:1], "3": ids[1:2]},
    }
    (directory / "params.json").write_text(json.dumps({"seed": 0, "plan": plan}))
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (directory / "result.json").write_text(lines + tail)
    return directory


def epoch(number: int, *, milestone: bool = False, status: str = "ok") -> dict[str, Any]:
    row: dict[str, Any] = {"epoch": number, "status": status}
    return {**row, "milestone": number} if milestone else row


def test_a_saved_ledger_is_read_back(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine", seeds=(2, 0))
    assert open_ledger(ledger.store) is None
    ledger.save()
    again = open_ledger(ledger.store)
    assert again is not None and again.study == json.loads(json.dumps(ledger.study))
    ids = [c.config_id for c in ledger.configurations()]
    assert again.row_keys() == [(i, seed) for i in ids for seed in (0, 2)]
    assert list(ledger.root.iterdir()) == [ledger.root / "study.json"]


def test_rows_are_finished_by_their_milestone(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ids = [c.config_id for c in ledger.configurations()]
    record(ledger, "001", [epoch(1, milestone=True), epoch(2)])
    assert ledger.finished() == {(ids[0], 0): "ok"}
    record(ledger, "002", [epoch(3, milestone=True)])
    assert ledger.finished() == {(ids[0], 0): "ok", (ids[1], 0): "ok"}
    history = ledger.histories()["k1"]
    assert history.epochs == {1, 2, 3}
    assert [d.parent.name for d in history.directories] == ["001", "002"]


def test_divergence_ends_the_rows_from_there_on(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ids = [c.config_id for c in ledger.configurations()]
    record(ledger, "001", [epoch(1, milestone=True), epoch(2, status="diverged")])
    assert ledger.finished() == {(ids[0], 0): "ok", (ids[1], 0): "diverged"}


def test_torn_and_foreign_lines_are_left_out(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    tail = '[1]\n{"epoch": "x"}\n\xff\n{"epoch": 3, "milest'
    directory = record(ledger, "001", [epoch(1, milestone=True)], tail=tail)
    assert [row["epoch"] for row in read_results(directory / "result.json")] == [1]
    assert len(ledger.finished()) == 1
    assert read_results(directory / "nothing.json") == []


def test_errors_of_the_newest_directory_count(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    first = record(ledger, "001", [])
    (first / "error.txt").write_text("Traceback\n  x\nValueError: bad\n\n")
    assert ledger.histories()["k1"].error == "ValueError: bad"
    record(ledger, "002", [epoch(1, milestone=True)])
    assert ledger.histories()["k1"].error is None


def test_only_checkpoints_with_all_their_epochs_recorded_are_continued(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    directory = record(ledger, "001", [epoch(1), epoch(2)])
    for number in (1, 2, 3):
        path = directory / f"checkpoint_{number:06d}"
        path.mkdir()
        write_checkpoint(path, "k1", number, {"epoch": number})
    (directory / "checkpoint_000009").mkdir()
    history = ledger.histories()["k1"]

    def names(first_milestone: int) -> list[str]:
        return [p.name for p in resumable_checkpoints(history, "k1", first_milestone)]

    damaged = "checkpoint_000009"  # the trial refuses it and says so
    assert names(5) == [damaged, "checkpoint_000002", "checkpoint_000001"]  # 3: never recorded
    assert names(2) == [damaged, "checkpoint_000001"]  # a missing milestone has to be passed
    assert names(1) == [damaged]
    (directory / damaged).rmdir()
    assert names(1) == [] and resumable_checkpoints(history, "another", 5) == []


def test_a_study_grows_by_seeds_and_by_a_wider_axis(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    ledger = make_ledger(root)
    assert extend_ledger(ledger, make_ledger(root)) == 0
    assert extend_ledger(ledger, make_ledger(root, seeds=(1, 2))) == 8
    assert ledger.study["seeds"] == [0, 1, 2]
    assert extend_ledger(ledger, make_ledger(root, lrs=(0.1, 0.01, 0.001))) == 6
    # A narrower space asks for nothing new and takes nothing away.
    assert extend_ledger(ledger, make_ledger(root, lrs=(0.1,))) == 0
    assert len(ledger.row_keys()) == 18


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"trainable": "svm"}, "trainable resnet, not svm"),
        ({"device": "cuda"}, "--device cpu, not cuda"),
        ({"lrs": (5.0,)}, "no configuration in common"),
        ({"data": {**DATA, "split_seed": 1}}, "split seed 0, not 1"),
        (
            {"data": {**DATA, "vary_split": True}},
            "images split once for all seeds, not anew for every seed (--vary-split); use --study",
        ),
        (
            {"data": {**DATA, "datasets": {"mnist": {"num_images": 200, "sha256": {"a": "1"}}}}},
            "mnist images 100, not 200",
        ),
        (
            {"data": {**DATA, "datasets": {"mnist": {"num_images": 100, "sha256": {"a": "2"}}}}},
            "mnist files ['1'], not ['2']",
        ),
    ],
)
def test_another_study_under_the_same_name_is_refused(
    tmp_path: Path, changes: dict[str, Any], part: str
) -> None:
    ledger = make_ledger(tmp_path / "mine")
    before = json.dumps(ledger.study)
    with pytest.raises(UserError) as error:
        extend_ledger(ledger, make_ledger(tmp_path / "mine", **changes))
    assert part in str(error.value) and "--fresh" in str(error.value)
    assert json.dumps(ledger.study) == before


@pytest.mark.parametrize(
    ("edit", "part"),
    [
        (lambda s: s.update(schema_version=2), "schema version 2, this program reads 1"),
        (lambda s: s.pop("schema_version"), "not a study file"),
        (lambda s: s.update(seeds="0"), "seeds is missing or damaged"),
        (lambda s: s.update(seeds=["x"]), "seeds must be whole numbers"),
        (lambda s: s["configurations"][0]["config"].update(lr=7), "was edited"),
        (lambda s: s["configurations"].append(3), "configurations is damaged"),
        (lambda s: s.update(study="../x"), "the study's name is damaged"),
        (lambda s: s.pop("launches"), "launches is missing"),
        (lambda s: s["data"].update(vary_split="yes"), "data: vary_split is damaged"),
    ],
)
def test_damaged_study_files_are_named(tmp_path: Path, edit: Any, part: str) -> None:
    ledger = make_ledger(tmp_path / "mine")
    edit(ledger.study)
    ledger.save()
    with pytest.raises(UserError) as error:
        open_ledger(ledger.store)
    assert part in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_a_study_file_that_is_not_json_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "study.json").write_bytes(content)
    with pytest.raises(UserError, match="not a study file"):
        open_ledger(LocalStore(tmp_path))


def test_putting_aside_keeps_everything(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ledger.save()
    aside = put_aside(ledger.store)
    assert not ledger.root.exists()
    assert aside.name.startswith("mine.") and (aside / "study.json").exists()


def test_launches_are_numbered(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    assert [ledger.start_launch({}), ledger.start_launch({"open": []})] == ["001", "002"]
    again = open_ledger(ledger.store)
    assert again is not None and [e["name"] for e in again.study["launches"]] == ["001", "002"]
