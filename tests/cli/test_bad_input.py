"""Anything at all on the command line, in a search space's file, in a folder of images."""

from __future__ import annotations

import gzip
import os
import shutil
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces import SearchSpace
from tests.refusals import FEW, ODD_VALUES, ODD_WORDS, SPACE, WORDS, isolate, outcome, snapshot
from tune_app.cli.run_parser import build_parser
from tune_app.data.sources import SAMPLE_FOLDER
from tune_app.engine import connection

FIELDS: dict[str, Any] = {}
"""What the search space of ``FIELDS_SPACE`` is built from; tests put odd values there."""
FIELDS_SPACE = """
from search_spaces import SearchSpace
from tests.cli.test_bad_input import FIELDS
SPACE = SearchSpace(**FIELDS)
"""

FLAGS = [f for f in build_parser()._option_string_actions if f not in ("--address", "-h")]
VALUED = ["--seeds", "--images", "--budget", "--study", "--data", "--results-dir", "--device"]
VALUED += ["--storage-path", "--max-concurrent", "--trials-per-gpu", "--checkpoint-seconds"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    isolate(monkeypatch, tmp_path)
    (tmp_path / "my_space.py").write_text(SPACE)
    (tmp_path / "fields.py").write_text(FIELDS_SPACE)
    return tmp_path


def check_ends_well(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run ``--plan`` with these arguments and see that nothing was written."""
    before = sorted(folder.rglob("*"))
    result = outcome([*arguments, "--plan"])
    assert sorted(folder.rglob("*")) == before
    return result


@FEW
@given(st.lists(st.sampled_from(FLAGS) | WORDS, max_size=6))
def test_any_words(folder: Path, words: list[str]) -> None:
    check_ends_well(folder, *words)


@FEW
@given(st.lists(st.tuples(st.sampled_from(VALUED), WORDS), min_size=1, max_size=3))
def test_any_values_of_known_flags(folder: Path, pairs: list[tuple[str, str]]) -> None:
    check_ends_well(
        folder, "--space", "./my_space.py", *(f"{flag}={value}" for flag, value in pairs)
    )


@FEW
@given(ODD_WORDS | st.text(st.characters(), max_size=70) | st.from_regex(r"[a-z.0-9_-]{1,66}"))
def test_a_study_is_one_plain_directory(folder: Path, name: str) -> None:
    plain = name.isascii() and len(name) <= 64 and name[:1].isalnum()
    plain = plain and all(c.isalnum() or c in "._-" for c in name)
    status, _ = check_ends_well(folder, "--space", "./my_space.py", f"--study={name}")
    assert (status == 0) == plain


@FEW
@given(st.text("0123456789,- x\n", max_size=12) | ODD_WORDS)
def test_seeds(folder: Path, text: str) -> None:
    status, said = check_ends_well(folder, "--space", "./my_space.py", f"--seeds={text}")
    assert status == 2 or "rows, 0 finished" in said


@pytest.fixture
def not_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are counted before there are any."""

    def expand(*_: object) -> None:
        raise AssertionError("what is refused was built first")

    monkeypatch.setattr(SearchSpace, "expand", expand)


@pytest.mark.usefixtures("not_expanded")
def test_many_seeds_are_refused_unbuilt(folder: Path) -> None:
    ranges = ",".join(f"{i}0000-{i}9999" for i in range(1, 1000))
    for seeds in (ranges, "0-9999999", "0-99999"):
        status, said = check_ends_well(folder, "--space", "./my_space.py", "--seeds", seeds)
        assert status == 2 and "10,000" in said
    status, said = check_ends_well(folder, "--space", "q1a", "--seeds", "0-9999")
    assert status == 2 and "128 configurations at 10,000 seeds are 1,280,000 rows" in said


def test_typos_are_no_abbreviations(folder: Path) -> None:
    assert "did you mean '--seeds'" in check_ends_well(folder, "--space", "q1a", "--sedes", "1")[1]
    assert (
        "unrecognized arguments: --stud"
        in check_ends_well(folder, "--space", "q1a", "--stud", "x")[1]
    )
    assert outcome(["--help"])[0] == 0


@pytest.mark.parametrize("address", ["", "x", "x:99999", "[::1", "é:1", "ray://u:p@h:1", "a\nb:1"])
def test_addresses(folder: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError("nobody there")

    def check(address: str | None) -> None:
        connection._check_reachable(address or "")
        raise AssertionError("an address that nobody answers at was taken")

    monkeypatch.setattr(connection, "connect", check)
    if ":99999" not in address:
        monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    status, said = check_ends_well(folder, "--space", "./my_space.py", f"--address={address}")
    assert status == 2 and "--address" in said


TOKENS = ["SPACE", "=", "SearchSpace(", ")", "1", "\n", " ", "tune", ".grid_search(", "[", "]"]
TOKENS += ["None", "raise", ":", "def f", "lambda", "'", '"""', "\\", "\t", "é", "\0", "name=", ","]
TOKENS += [
    "from search_spaces import SearchSpace\n",
    "SystemExit",
    "exit()",
    "import nothing",
    "**{}",
]


@FEW
@given(st.lists(st.sampled_from(TOKENS), max_size=12).map("".join).map(str.encode) | st.binary())
def test_any_text_as_a_space(folder: Path, text: bytes) -> None:
    (folder / "my_space.py").write_bytes(text)
    before = [p for p in snapshot(folder) if "__pycache__" not in p]
    assert outcome(["--space", str(folder / "my_space.py"), "--plan"])[0] == 2
    assert [p for p in snapshot(folder) if "__pycache__" not in p] == before


def fields(**changes: Any) -> None:
    FIELDS.clear()
    FIELDS.update(name="mine", question="?", trainable="counting", factors=("x",))
    FIELDS.update(param_space={"x": {"grid_search": [1, 2]}, "word": "w"}, metric="val_accuracy")
    FIELDS.update(mode="max", resources={"cpu": 1})
    FIELDS.update(changes)


def test_the_space_of_these_tests_is_valid(folder: Path) -> None:
    fields()
    assert check_ends_well(folder, "--space", "./fields.py")[0] == 0


@FEW
@given(st.sampled_from(["name", "question", "trainable", "factors", "metric", "mode", "resources",
                        "param_space"]), ODD_VALUES)  # fmt: skip
def test_any_value_in_any_field(folder: Path, name: str, value: Any) -> None:
    fields(**{name: value})
    check_ends_well(folder, "--space", "./fields.py")


@FEW
@given(
    st.sampled_from(["x", "y", "word", "other"]),
    ODD_VALUES | st.builds(lambda value: {"grid_search": value}, ODD_VALUES)
    | st.builds(lambda values: {"grid_search": values}, st.lists(ODD_VALUES, max_size=3))
    | st.dictionaries(st.sampled_from(["x", "y", "grid_search", "tied"]), ODD_VALUES),
)  # fmt: skip
def test_any_value_of_a_parameter(folder: Path, name: str, value: Any) -> None:
    fields(param_space={"x": {"grid_search": [1, 2]}, name: value}, factors=())
    check_ends_well(folder, "--space", "./fields.py")


@FEW
@given(st.sampled_from(["cpu", "gpu", "CPU", "", "node"]), ODD_VALUES | st.floats())
def test_any_value_of_a_resource(folder: Path, name: str, value: Any) -> None:
    fields(resources={name: value})
    check_ends_well(folder, "--space", "./fields.py")


@pytest.mark.parametrize(
    "space",
    [
        {"x": {"grid_search": range(10**7)}},
        {"x": {"grid_search": list(range(10**4))}, "y": {"grid_search": list(range(10**3))}},
        {"x": {"grid_search": list(range(400))}, "y": {"grid_search": list(range(400))}},
    ],
)
@pytest.mark.usefixtures("not_expanded")
def test_huge_grids_are_refused_unbuilt(folder: Path, space: Any) -> None:
    fields(param_space=space)
    status, said = check_ends_well(folder, "--space", "./fields.py")
    assert status == 2 and "allowed: at most 100,000" in said


MNIST = SAMPLE_FOLDER / "mnist"
IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def _labels(changed: int | None = None) -> bytes:
    content = bytearray(gzip.decompress((MNIST / f"{LABELS}.gz").read_bytes()))
    content[100] = (content[100] + 1) % 10 if changed is None else changed
    return bytes(content)


DATA_FAULTS: list[tuple[Callable[[Path], Any], str]] = [
    (shutil.rmtree, "no such folder"),
    (lambda p: (shutil.rmtree(p), p.write_text("x")), "no such folder"),
    (lambda p: (shutil.rmtree(p), p.symlink_to(p)), "no such folder"),
    (lambda p: [f.unlink() for f in p.iterdir()], "no files of MNIST"),
    (lambda p: (p / f"{LABELS}.gz").unlink(), "add the missing file"),
    (lambda p: ((p / f"{LABELS}.gz").unlink(), os.mkfifo(p / LABELS)), "add the missing file"),
    (lambda p: ((p / f"{LABELS}.gz").unlink(), (p / LABELS).mkdir()), "add the missing file"),
    (lambda p: (p / IMAGES).write_bytes(b"\0\0\x08\x03"), "starts with 00000803, expected"),
    (lambda p: (p / IMAGES).write_bytes(b"<html>" * 9), "not an IDX file"),
    (
        lambda p: (p / IMAGES).write_bytes(struct.pack(">4B3I", 0, 0, 8, 3, 2**32 - 1, 28, 28)),
        "starts with 00000803ffffffff",
    ),
    (lambda p: (p / f"{IMAGES}.gz").write_bytes(b"no gzip"), "not a gzip file"),
    (lambda p: (p / f"{IMAGES}.gz").write_bytes(b"\x1f\x8b"), "not a gzip file"),
    (lambda p: (p / LABELS).write_bytes(_labels(10)), "holds the label 10, allowed 0 to 9"),
    (lambda p: (p / LABELS).write_bytes(_labels()), "damaged, or not MNIST's"),
]


@pytest.mark.parametrize(("fault", "part"), DATA_FAULTS)
def test_faulty_folders_of_images(folder: Path, fault: Callable[[Path], Any], part: str) -> None:
    images = folder / "images"
    shutil.copytree(MNIST, images)
    fault(images)
    fields(trainable="resnet", param_space={**RESNET, "lr": 0.1}, factors=("lr",))
    before = sorted(folder.rglob("*"))
    status, said = outcome(["--space", "./fields.py", "--data", str(images), "--plan"])
    assert status == 2 and part in said and str(images) in said
    assert sorted(folder.rglob("*")) == before


RESNET = {
    "dataset": "mnist",
    "model": "resnet18",
    "batch_size": 16,
    "optimizer": "sgd",
    "epochs": 1,
}


@FEW
@given(
    st.sampled_from([*RESNET, "lr", "momentum", "image_size", "in_channels", "device"]), ODD_VALUES
)
def test_any_value_of_a_hyperparameter(folder: Path, name: str, value: Any) -> None:
    fields(trainable="resnet", param_space={**RESNET, "lr": 0.1, name: value}, factors=())
    check_ends_well(folder, "--space", "./fields.py", "--data", "sample", "--images", "100")


def report(arguments: Sequence[str]) -> int:
    from analysis.report import main

    return main(arguments)


@FEW
@given(st.lists(st.sampled_from(["--out", "--ou", "-h", "--help", "."]) | WORDS, max_size=4))
def test_any_words_for_the_report(folder: Path, words: list[str]) -> None:
    before = sorted(folder.rglob("*"))
    outcome(words, report)
    assert sorted(folder.rglob("*")) == before
