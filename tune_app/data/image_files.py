"""Reads single image files as the items of a data set, for a model that is trained already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from search_spaces.errors import UserError, choices
from tune_app.data.image_sources import SUFFIXES, image_files, pixels
from tune_app.storage.user_path import is_folder, user_path

_BRIGHT = 127.5


@dataclass(frozen=True, eq=False)
class ReadImage:
    """An image as an item of a data set.

    Attributes:
        path: its file.
        item: uint8, of the shape of the data set's items.
        found: its height and width in the file.
        was_resized: whether that is another size than the data set's.
        was_coloured: whether its colours were turned into grey.
        has_bright_border: whether most of its outermost pixels are bright.
    """

    path: Path
    item: NDArray[np.uint8]
    found: tuple[int, int]
    was_resized: bool
    was_coloured: bool
    has_bright_border: bool


def find_images(places: Iterable[str]) -> list[Path]:
    """Return the image files that a user names; those of a folder in alphabetical order.

    A file that does not exist is returned, too, so that reading it says so.

    Raises:
        UserError: a folder has no images.
    """
    found: list[Path] = []
    for place in places:
        path = user_path(place)
        inside = list(image_files(path)) if is_folder(path) else [path]
        if not inside:
            raise UserError(f"{place}: no images in this folder; allowed: {choices(SUFFIXES)}")
        found += inside
    return found


def read_image(path: Path, shape: tuple[int, ...], *, invert: bool = False) -> ReadImage:
    """Return an image as an item of a data set.

    Args:
        path: the file.
        shape: of an item: (H, W) of a grey image, or (H, W, C). An image of another size is
            resized, without keeping its proportions; colours become grey, or grey becomes colours.
        invert: whether bright and dark are exchanged.

    Raises:
        UserError: it cannot be read as an image.
    """
    try:
        with Image.open(path) as image:
            read = pixels(image)
    except Exception as error:  # of any kind: a damaged file can break every decoder
        raise UserError(f"{path}: {_reason(error)}") from None
    if read.dtype != np.uint8:
        raise UserError(f"{path}: more than 8 bits a pixel; convert it to 8 bits")
    height, width, *channels = shape
    if channels not in ([], [1], [3]):
        raise UserError(f"{path}: the model takes images of {channels[0]} channels, not of 1 or 3")
    is_coloured = channels == [3]
    fitted = Image.fromarray(read).convert("RGB" if is_coloured else "L")
    if fitted.size != (width, height):
        fitted = fitted.resize((width, height), Image.Resampling.BILINEAR)
    item: NDArray[np.uint8] = np.asarray(fitted)
    item = (255 - item if invert else item).reshape(shape)
    return ReadImage(
        path=path,
        item=item,
        found=(read.shape[0], read.shape[1]),
        was_resized=read.shape[:2] != (height, width),
        was_coloured=read.ndim == 3 and not is_coloured,
        has_bright_border=bool(np.median(_border(item)) > _BRIGHT),
    )


def _border(item: NDArray[np.uint8]) -> NDArray[np.uint8]:
    edges = (item[0], item[-1], item[:, 0], item[:, -1])
    return np.concatenate([edge.reshape(-1) for edge in edges])


def _reason(error: Exception) -> str:
    known: Any = getattr(error, "strerror", None)
    if known:
        return str(known)
    return "not an image that can be read" if "identify" in str(error) else str(error)
