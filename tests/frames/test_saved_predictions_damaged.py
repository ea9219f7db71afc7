"""Files of predictions that were damaged, or made to harm: one line that names the file, never
more memory than the file's own size allows."""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from analysis.checks.audit.command import main as audit
from analysis.frames.load import load_study
from analysis.frames.saved_predictions import read_predictions
from analysis.report import main as report
from search_spaces.errors import UserError
from tests.saved_predictions import LABELS, A, B, study_of
from tests.studies import QUICK

CLASSES = np.arange(200, dtype=np.uint8) % 10


def whole() -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, predictions=CLASSES)
    return stream.getvalue()


def npy(shape: str, data: bytes = b"\x01" * 8, dtype: str = "|u1", version: int = 1) -> bytes:
    """Return an array's file whose header says what it likes."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return (
        b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H", len(header)) + header.encode() + data
    )


def zipped(
    content: bytes, name: str = "predictions.npy", kind: int = zipfile.ZIP_DEFLATED
) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", kind) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def encrypted() -> bytes:
    content = bytearray(zipped(npy("(8,)"), kind=zipfile.ZIP_STORED))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + place] |= 1
    return bytes(content)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "shape of 10^14": lambda: zipped(npy("(100000000000000,)")),
    "shape of 10^30": lambda: zipped(npy(f"({10**30},)")),
    "shape below zero": lambda: zipped(npy("(-1,)")),
    "many axes": lambda: zipped(npy("(1, 8)")),
    "no shape": lambda: zipped(npy("'x'")),
    "header that is no dictionary": lambda: zipped(npy("[" * 40)),
    "unknown type": lambda: zipped(npy("(8,)", dtype="|Z9")),
    "objects": lambda: zipped(npy("(1,)", dtype="|O")),
    "structured": lambda: zipped(npy("(8,)", dtype="|V1")),
    "numbers with a fraction": lambda: zipped(npy("(1,)", dtype="<f8")),
    "another version": lambda: zipped(npy("(8,)", version=9)),
    "too short": lambda: zipped(npy("(9,)")),
    "too long": lambda: zipped(npy("(7,)")),
    "no array": lambda: zipped(b"hello"),
    "nothing": lambda: zipped(b""),
    "another member": lambda: zipped(npy("(8,)"), name="x.npy"),
    "a bomb": lambda: zipped(npy("(3000000000,)", bytes(200_000_000))),
    "a bomb of another compression": lambda: zipped(
        npy("(3000000000,)", bytes(200_000_000)), kind=zipfile.ZIP_BZIP2
    ),
    "encrypted": encrypted,
    "no archive": lambda: npy("(8,)"),
    "empty": lambda: b"",
}


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.npz"
    path.write_bytes(whole())
    assert read_predictions(path)["predictions"].tolist() == CLASSES.tolist()
    path.write_bytes(zipped(npy("(8,)")))
    assert read_predictions(path)["predictions"].tolist() == [1] * 8


def test_any_flipped_bit_is_read_or_refused_in_a_line(tmp_path: Path) -> None:
    path, content = tmp_path / "p.npz", whole()
    num_refused = 0
    for bit in range(8 * len(content)):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            read_predictions(path)
        except UserError as error:
            num_refused += 1
            assert str(error).startswith(f"{path}: no readable predictions (")
            assert not str(error).endswith("()")
    assert num_refused > 1_000


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_and_takes_no_memory(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "p.npz"
    path.write_bytes(HOSTILE[kind]())
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match="no readable predictions"):
            read_predictions(path)
        assert tracemalloc.get_traced_memory()[1] < 500_000_000
    finally:
        tracemalloc.stop()


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "p.npz"
    os.mkfifo(path)
    with pytest.raises(UserError, match="not a regular file"):
        read_predictions(path)
    path.unlink()
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(UserError, match="larger than"):
        read_predictions(path)


@pytest.mark.parametrize("kind", ["shape of 10^14", "no array", "encrypted", "a flipped bit"])
def test_report_and_audit_name_the_file_that_they_leave_out(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "grid"
    file = study_of(path, True, a=A, b=B, c=LABELS.copy()).predictions_path("b", 0)
    assert file is not None
    damaged = bytearray(file.read_bytes())
    damaged[70] ^= 4  # in the compressed data, which zlib then refuses
    file.write_bytes(HOSTILE[kind]() if kind in HOSTILE else damaged)
    assert report([str(path), *QUICK]) == 0
    text = (path / "report" / "report.md").read_text()
    assert "Left out: 1 finished trial" in text
    assert "tune/001/trial_b/predictions/epoch_2.npz" in text
    capsys.readouterr()
    assert audit([str(path)]) in (0, 1)
    said = capsys.readouterr().out
    assert said.count("no readable predictions") == 1 and str(file) in said


@pytest.mark.parametrize(
    "name", ["a\0b", "x" * 5_000, "../../study.json", ".", "", 7, None, "\udcff"]
)
def test_a_name_that_no_file_can_have_is_none(tmp_path: Path, name: object) -> None:
    study = study_of(tmp_path / "grid", True, a=A, b=B)
    for report_ in study._reports.values():
        report_.record["predictions_file"] = name
    assert study.predictions_path("a", 0) is None
    assert load_study(tmp_path / "grid").predictions_path("a", 0) is not None
