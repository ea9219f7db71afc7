"""The IDX file format of MNIST and its relatives, read without trusting the file.

An IDX file is a magic number (two zero bytes, a type byte: 8 for unsigned bytes, and the number of
dimensions), one big-endian uint32 per dimension, then the items row by row. Source of the format:
the page of MNIST, yann.lecun.com/exdb/mnist.

The caller names the shape it expects, so a header is only ever compared and never believed: nothing
is allocated for what it claims. The (decompressed) content is read in chunks and only as far as the
expected size plus one byte, so that neither a corrupt header nor a file that decompresses without
end takes more memory than the real file would.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from search_spaces.errors import UserError

_UNSIGNED_BYTE = 8
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class IdxFile:
    """What an IDX file holds.

    Attributes:
        array: The items, uint8 and read-only, in the shape that was asked for.
        sha256: Hexadecimal SHA-256 of the whole decompressed file, header included. Repackaged
            gzip files differ from each other; their content does not.
    """

    array: NDArray[np.uint8]
    sha256: str


def read_idx(path: Path, shape: tuple[int, ...]) -> IdxFile:
    """Read an IDX file of unsigned bytes, gzip-compressed if its name ends in ``.gz``.

    Args:
        path: The file.
        shape: The shape it has to have, for example ``(10_000, 28, 28)``.

    Raises:
        UserError: If the file cannot be read, is not gzip in spite of its name, is cut short, is
            not an IDX file of unsigned bytes, or has another shape.
    """
    try:
        with _open(path) as stream:
            header = _read_header(stream, path, shape)
            content, sha256 = _read_content(stream, path, math.prod(shape), header)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        message = f"{path}: not a gzip file, or a damaged one ({error}); put the original there"
        raise UserError(message) from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from error
    array = np.frombuffer(content, dtype=np.uint8).reshape(shape)
    array.flags.writeable = False
    return IdxFile(array, sha256)


def _open(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def _read_header(stream: BinaryIO, path: Path, shape: tuple[int, ...]) -> bytes:
    """Read the header and compare it with the one that a file of this shape has."""
    header = stream.read(4 + 4 * len(shape))
    magic = header[:4]
    if len(magic) < 4:
        raise UserError(f"{path}: holds {len(magic)} bytes, too few for an IDX file")
    if magic[:3] != bytes((0, 0, _UNSIGNED_BYTE)):
        raise UserError(
            f"{path}: not an IDX file of unsigned bytes"
            f" (starts with 0x{magic.hex()}, expected 0x000008{len(shape):02x})"
        )
    if magic[3] != len(shape):
        raise UserError(f"{path}: has {magic[3]} dimensions, expected {_shape_text(shape)}")
    if len(header) < 4 + 4 * len(shape):
        raise UserError(f"{path}: is cut short within its header")
    claimed = tuple(int(size) for size in np.frombuffer(header, dtype=">u4", offset=4))
    if claimed != shape:
        raise UserError(
            f"{path}: its header says {_shape_text(claimed)}, expected {_shape_text(shape)}"
        )
    return header


def _read_content(
    stream: BinaryIO, path: Path, num_bytes: int, header: bytes
) -> tuple[bytearray, str]:
    """Read exactly ``num_bytes`` up to the end of the stream; return them and the checksum."""
    digest = hashlib.sha256(header)
    content = bytearray()
    while len(content) <= num_bytes:
        # A chunk at a time: read(n) would reserve n bytes before it knows that they exist.
        chunk = stream.read(min(_CHUNK_BYTES, num_bytes + 1 - len(content)))
        if not chunk:
            break
        digest.update(chunk)
        content += chunk
    if len(content) < num_bytes:
        raise UserError(f"{path}: is cut short after {len(content):,} of {num_bytes:,} bytes")
    if len(content) > num_bytes:
        raise UserError(f"{path}: goes on after the {num_bytes:,} bytes that its header names")
    return content, digest.hexdigest()


def _shape_text(shape: tuple[int, ...]) -> str:
    return "×".join(f"{size:,}" for size in shape)
