"""The IDX reader against real files and against files that lie."""

from __future__ import annotations

import gzip
import hashlib
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search_spaces.errors import UserError
from tune_app.data.sources import SAMPLE_FOLDER
from tune_app.study.idx import read_idx

SHAPE = (3, 2, 2)
CONTENT = bytes(range(12))


def idx_bytes(shape: tuple[int, ...] = SHAPE, content: bytes = CONTENT) -> bytes:
    header = struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape)
    return header + content


def refused(path: Path, shape: tuple[int, ...] = SHAPE) -> str:
    with pytest.raises(UserError) as caught:
        read_idx(path, shape)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def test_first_image_of_mnist_is_the_seven() -> None:
    folder = SAMPLE_FOLDER / "mnist"
    labels = read_idx(folder / "t10k-labels-idx1-ubyte.gz", (10_000,)).array
    assert labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    images = read_idx(folder / "t10k-images-idx3-ubyte.gz", (10_000, 28, 28)).array
    # The bar of the seven starts in row 7, column 6; its foot ends in row 26.
    assert images[0, 7, 6:10].tolist() == [84, 185, 159, 151]
    assert np.flatnonzero(images[0].any(axis=1)).tolist() == list(range(7, 27))


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
def test_plain_and_compressed_files_read_alike(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(idx_bytes()) if name.endswith(".gz") else idx_bytes())
    idx = read_idx(path, SHAPE)
    assert idx.array.tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9], [10, 11]]]
    assert idx.array.dtype == np.uint8
    assert not idx.array.flags.writeable
    assert idx.sha256 == hashlib.sha256(idx_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "starts with nothing, expected 00000803000000030000000200000002"),
        (b"\x00\x00\x08", "starts with 000008, expected"),
        (
            b"<html>not found</html>",
            "not an IDX file of 3×2×2 unsigned bytes (starts with 3c",
        ),
        (struct.pack(">BBBB3I", 0, 0, 13, 3, *SHAPE) + CONTENT, "starts with 00000d03"),
        (gzip.compress(idx_bytes(), mtime=0), "starts with 1f8b"),
        (idx_bytes((12,)), "starts with 000008010000000c"),
        (idx_bytes()[:10], "starts with 00000803000000030000, expected"),
        (idx_bytes((3, 2, 3)), "starts with 00000803000000030000000200000003, expected"),
        (idx_bytes((0, 2, 2), b""), "starts with 0000080300000000"),
        (idx_bytes((2**32 - 1, 2, 2)), "starts with 00000803ffffffff"),
        (idx_bytes(content=CONTENT[:-1]), "ends after 27 of 28 bytes"),
        (idx_bytes(content=CONTENT + b"\x00"), "goes on after 28 bytes"),
    ],
)
def test_says_what_is_wrong(tmp_path: Path, content: bytes, expected: str) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed.gz"
    plain.write_bytes(content)
    assert expected in refused(plain)
    packed.write_bytes(gzip.compress(content))
    assert expected in refused(packed)


def test_gz_that_is_not_gzip(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(idx_bytes())
    assert "not a gzip file" in refused(path)


def test_missing_or_unreadable_file(tmp_path: Path) -> None:
    assert "cannot be read (No such file or directory)" in refused(tmp_path / "nothing")
    assert "cannot be read (Is a directory)" in refused(tmp_path)


def test_a_wrong_gzip_checksum_is_noticed(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(idx_bytes()))
    packed[-8] ^= 1
    path = tmp_path / "x.gz"
    path.write_bytes(packed)
    assert "CRC check failed" in refused(path)


@given(cut=st.integers(0, len(gzip.compress(idx_bytes(), mtime=0)) - 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_truncation_of_a_gzip_file_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(idx_bytes(), mtime=0)[:cut])
    refused(path)


@given(data=st.data(), packed=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_bytes_are_read_right_or_refused(
    tmp_path: Path, data: st.DataObject, packed: bool
) -> None:
    """Bytes overwritten anywhere: the header fields, the content, the gzip stream itself."""
    raw = bytearray(gzip.compress(idx_bytes(), mtime=0) if packed else idx_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / ("x.gz" if packed else "x")
    path.write_bytes(raw)
    try:
        idx = read_idx(path, SHAPE)
    except UserError as error:
        assert "\n" not in str(error)
        return
    content = gzip.decompress(raw) if packed else bytes(raw)
    assert content[:16] == idx_bytes()[:16]
    assert idx.array.tobytes() == content[16:]
    assert idx.sha256 == hashlib.sha256(content).hexdigest()


def peak_bytes_refusing(path: Path, shape: tuple[int, ...]) -> int:
    tracemalloc.start()
    try:
        refused(path, shape)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_nothing_is_allocated_for_what_a_header_claims(tmp_path: Path) -> None:
    """A megabyte or so is the chunk and gzip's own buffers; the claims are 3 TB and 55 MB."""
    huge = tmp_path / "huge.gz"
    huge.write_bytes(gzip.compress(idx_bytes((2**32 - 1, 28, 28), b"")))
    assert peak_bytes_refusing(huge, (70_000, 28, 28)) < 2e6
    short = tmp_path / "short.gz"
    short.write_bytes(gzip.compress(idx_bytes((70_000, 28, 28), b"few")))
    assert peak_bytes_refusing(short, (70_000, 28, 28)) < 4e6


def test_a_gzip_bomb_is_read_no_further_than_the_expected_size(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(idx_bytes(), mtime=0) + gzip.compress(bytes(100_000_000)))
    assert bomb.stat().st_size < 200_000
    assert peak_bytes_refusing(bomb, SHAPE) < 2e6
