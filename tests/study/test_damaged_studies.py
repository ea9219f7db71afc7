"""Studies whose files were edited, torn or sent by someone else: never a traceback, never a row
that counts although it is damaged, and always the same rows for the command and for the report."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.frames.load import ENDED, load_study
from analysis.report import main as report
from search_spaces.errors import UserError
from tests.recorded import ended
from tests.refusals import FEWER, JSON_VALUES, SPACE, outcome, snapshot
from tests.small_study import COMMAND
from tests.studies import QUICK, line
from tune_app.cli.status_command import main as status_main
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import Ledger, open_ledger
from tune_app.study.study_file import read_study
from tune_app.study.trials import RowKey

TRIAL = "tune/001/trial-k1"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value inside of a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, (dict, list)):
            yield from places(inner, (*path, key))


@st.composite
def changes(draw: st.DrawFn, value: Any) -> Any:
    """Return a JSON value with one to three places deleted or replaced by anything."""
    value = json.loads(json.dumps(value))
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(value))
        if not found:
            break
        *parents, last = draw(st.sampled_from(found))
        inner = value
        for key in parents:
            inner = inner[key]
        if draw(st.booleans()):
            del inner[last]
        else:
            inner[last] = draw(JSON_VALUES)
    return value


def read_both(root: Path) -> tuple[set[RowKey] | None, set[RowKey] | None]:
    """Return the ended rows as the ledger and as the report see them, None for a refusal."""
    by_ledger = by_report = None
    try:
        ledger = open_ledger(LocalStore(root))
        assert ledger is not None
        by_ledger = set(ended(ledger))
    except UserError as error:
        assert "\n" not in str(error)
    try:
        rows = load_study(root).rows
        done = rows[rows["status"].isin(ENDED)]
        by_report = set(zip(done["config_id"], done["seed"], strict=True))
    except UserError as error:
        assert "\n" not in str(error)
    return by_ledger, by_report


def check_readers(root: Path) -> set[RowKey]:
    """Run the command and the report over a study; return the rows that count as finished."""
    before = snapshot(root.parent)
    status, said = outcome(COMMAND)
    assert status == 2 or "rows, " in said
    assert snapshot(root.parent) == before, "--plan writes nothing"
    by_ledger, by_report = read_both(root)
    assert by_ledger is None or by_report is None or by_ledger == by_report
    target = root.parent.parent / "out"
    status, _ = outcome([str(root), "--out", str(target), *QUICK], report)
    assert (status == 0) == (by_report is not None)
    for words in ([str(root)], [str(root), "--json"]):
        assert (outcome(words, status_main)[0] == 0) == (by_ledger is not None)
    assert snapshot(root.parent) == before
    return (by_ledger or set()) | (by_report or set())


def test_the_study_of_these_tests_is_whole(root: Path) -> None:
    study = json.loads((root / "study.json").read_text())
    ids = [c["config_id"] for c in study["configurations"]]
    assert check_readers(root) == {(ids[0], 0), (ids[1], 0)}
    assert outcome(COMMAND)[1].count("4 rows, 2 finished; 1 trial to run") == 1


@FEWER
@given(data=st.data())
def test_any_change_of_study_json(root: Path, data: st.DataObject) -> None:
    file = root / "study.json"
    whole = file.read_text()
    try:
        file.write_text(json.dumps(data.draw(changes(json.loads(whole)))))
        finished = check_readers(root)
        known = {c["config_id"] for c in json.loads(whole)["configurations"][:2]}
        assert {config_id for config_id, _ in finished} <= known
    finally:
        file.write_text(whole)


@FEWER
@given(data=st.data(), name=st.sampled_from(["params.json", "result.json"]))
def test_any_change_of_a_trials_files(root: Path, data: st.DataObject, name: str) -> None:
    file = root / "tune" / "001" / "trial-k1" / name
    whole = file.read_text()
    before = set(ended(Ledger(LocalStore(root), _study(root))))
    try:
        lines = whole.splitlines() if name == "result.json" else [whole]
        index = data.draw(st.integers(0, len(lines) - 1))
        lines[index] = json.dumps(data.draw(changes(json.loads(lines[index]))))
        file.write_text("\n".join(lines) + "\n")
        assert check_readers(root) <= before | _served(lines if name == "params.json" else [], root)
    finally:
        file.write_text(whole)


def _study(root: Path) -> dict[str, Any]:
    study = read_study(LocalStore(root))
    assert study is not None
    return study


def _served(params: Sequence[str], root: Path) -> set[RowKey]:
    """Return the rows that an edited plan names: what it serves is what the trial says it does."""
    text = "".join(params)
    return {(c["config_id"], 0) for c in _study(root)["configurations"] if c["config_id"] in text}


@FEWER
@given(
    name=st.sampled_from(["study.json", f"{TRIAL}/params.json", f"{TRIAL}/result.json"]),
    edits=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=3)), min_size=1, max_size=3),
    cut=st.none() | st.floats(0, 1),
)
def test_any_bytes_in_any_file(
    root: Path, name: str, edits: list[tuple[float, bytes]], cut: float | None
) -> None:
    file = root / name
    whole = file.read_bytes()
    content = bytearray(whole)
    for place, new in edits:
        start = int(place * len(content))
        content[start : start + len(new)] = new
    if cut is not None:
        del content[int(cut * len(content)) :]
    try:
        file.write_bytes(content)
        check_readers(root)
    finally:
        file.write_bytes(whole)


@pytest.mark.parametrize(
    "key",
    ["epoch", "milestone", "status", "test_accuracy", "val_accuracy", "val_loss", "test_f1"],
)
@pytest.mark.parametrize("value", ["x", "2", [], {}, True, -2, 0, 1.5, 1e300, 7])
def test_a_damaged_row_is_not_finished(root: Path, key: str, value: Any) -> None:
    if key not in ("epoch", "milestone", "status") and isinstance(value, (int, float)):
        value = True  # any number may be a measurement
    file = root / "tune" / "001" / "trial-k1" / "result.json"
    rows = [line(1, milestone=True), line(2, milestone=True) | {key: value}]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    first = _study(root)["configurations"][0]["config_id"]
    assert read_both(root) == ({(first, 0)}, {(first, 0)})


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1.5", "true", '"0"'])
@pytest.mark.parametrize("key", ["split_seed", "num_images", "num_images of a data set"])
def test_a_count_of_the_data_that_is_no_whole_number(root: Path, key: str, value: str) -> None:
    study = json.loads((root / "study.json").read_text())
    data: dict[str, Any] = {"split_seed": 0, "num_images": 100}
    entry = {"num_images": 100, "sha256": {"file": "0" * 64}}
    study["data"] |= {**data, "datasets": {"mnist": entry}}
    (entry if key.endswith("set") else study["data"])[key.split(maxsplit=1)[0]] = "VALUE"
    (root / "study.json").write_text(json.dumps(study).replace('"VALUE"', value))
    config = {"dataset": "mnist", "plan": {"trial_key": "k1"}}
    (root / TRIAL / "params.json").write_text(json.dumps(config))
    for status, said in (
        outcome(COMMAND),
        outcome([str(root)], report),
        outcome([str(root)], status_main),
    ):
        assert status == 2 and "study.json: data: " in said and "is damaged; " in said


def _link(path: Path) -> None:
    other = path.with_name("elsewhere.json")
    path.rename(other)
    path.symlink_to(other)


def test_what_stands_in_the_place_of_study_json(root: Path) -> None:
    file = root / "study.json"
    whole = file.read_bytes()
    _link(file)
    assert outcome(COMMAND)[0] == 0, "a link to a whole file is read"
    for content in (b"", b"\xff\xfe", b"[" * 100_000, b"1" * 10_000, b"\0", b'{"a":' * 5_000):
        file.unlink()
        file.write_bytes(content)
        assert outcome(COMMAND)[0] == outcome([str(root)], report)[0] == 2
    file.unlink()
    for make in (Path.mkdir, os.mkfifo):
        make(file)
        assert outcome(COMMAND)[0] == outcome([str(root)], report)[0] == 2
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    file.symlink_to(file)
    assert outcome(COMMAND)[0] in (0, 2) and outcome([str(root)], report)[0] == 2
    file.unlink()
    file.write_bytes(whole.replace(b'"schema_version": 2', b'"schema_version": 1'))
    assert "schema version 1" in outcome(COMMAND)[1]
    assert "schema version 1" in outcome([str(root)], report)[1]


def test_another_space_under_the_same_name(root: Path) -> None:
    (root.parent.parent / "my_space.py").write_text(SPACE)
    before = snapshot(root)
    status, said = outcome(COMMAND)
    assert status == 2 and "made with trainable resnet, not counting" in said
    assert snapshot(root) == before


def test_a_report_that_cannot_be_written(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for out in (
        tmp_path / "file",
        tmp_path / "file" / "x",
        Path("/proc/x"),
        tmp_path / ("a" * 300),
    ):
        status, said = outcome([str(root), "--out", str(out)], report)
        assert status == 2 and "cannot be written" in said and "--out" in said
    assert (tmp_path / "file").read_text() == "x"
    for name in ("", "a\0b", "\udcff", "x" * 5_000, "no/such"):
        assert outcome([name], report)[0] == outcome([f"{root}/{name}x"], report)[0] == 2
