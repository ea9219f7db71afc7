"""Reads IDX files, the format of MNIST and similar data sets, and checks them.

A data set has two parts, each a file of images and one of labels. An IDX file is a magic number
(two zero bytes, a type byte: 8 for unsigned bytes, and the number of dimensions), one big-endian
uint32 per dimension, then the items row by row. Source: yann.lecun.com/exdb/mnist.

The caller gives the expected shape, and the header is only compared with it. The content is read in
chunks, up to the expected size plus one byte. A corrupt header, or a file that decompresses without
end, therefore takes no more memory than a correct file. (torchvision's reader allocates the size
that the header claims, and needs torch.)
"""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search_spaces.errors import UserError

IMAGE_SIZE = 28
PART_SIZES = {"train": 60_000, "t10k": 10_000}
_CHUNK_BYTES = 1 << 20


def images_stem(part: str) -> str:
    """Return the name, without ``.gz``, of the file with a part's images."""
    return f"{part}-images-idx3-ubyte"


def labels_stem(part: str) -> str:
    """Return the name, without ``.gz``, of the file with a part's labels."""
    return f"{part}-labels-idx1-ubyte"


@dataclass(frozen=True, eq=False)
class IdxFile:
    """The content of an IDX file.

    Attributes:
        array: The items, uint8 and read-only, in the expected shape.
        sha256: Hexadecimal SHA-256 of the whole decompressed file, header included. Gzip files of
            the same content can differ, so the compressed file is not hashed.
    """

    array: NDArray[np.uint8]
    sha256: str


def read_idx(path: Path, shape: tuple[int, ...]) -> IdxFile:
    """Read an IDX file of unsigned bytes, gzip-compressed if its name ends in ``.gz``.

    Args:
        path: The file.
        shape: The expected shape, for example ``(10_000, 28, 28)``.

    Raises:
        UserError: The file cannot be read, is named ``.gz`` and is not gzip, is too short or too
            long, is not an IDX file of unsigned bytes, or has another shape.
    """
    header = struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape)
    num_bytes = len(header) + math.prod(shape)
    try:
        content = _read(path, num_bytes + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        message = f"{path}: not a gzip file, or a damaged one ({error}); put the original there"
        raise UserError(message) from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from error
    if not content.startswith(header):
        found = bytes(content[: len(header)]).hex() or "nothing"
        raise UserError(
            f"{path}: not an IDX file of {'×'.join(f'{size:,}' for size in shape)} unsigned bytes"
            f" (starts with {found}, expected {header.hex()})"
        )
    if len(content) != num_bytes:
        fault = "goes on after" if len(content) > num_bytes else f"ends after {len(content):,} of"
        raise UserError(f"{path}: {fault} {num_bytes:,} bytes; put the original there")
    array = np.frombuffer(content, dtype=np.uint8, offset=len(header)).reshape(shape)
    array.flags.writeable = False
    return IdxFile(array, hashlib.sha256(content).hexdigest())


def _read(path: Path, most: int) -> bytearray:
    """Return at most ``most`` bytes of the decompressed content of a file."""
    content = bytearray()
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        # read(n) reserves n bytes at once, even if the file is shorter. So read in chunks.
        while chunk := stream.read(min(_CHUNK_BYTES, most - len(content))):
            content += chunk
    return content
