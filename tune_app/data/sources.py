"""Find the files of a data set, and check every file that is used.

``full`` means all 70,000 images. They come from the cache folder or from the folder of Debian's
package; otherwise torchvision downloads them into the cache. ``sample`` means the 10,000 images
that come with this package. Any other word is a folder. In each place the files may lie in any of
the data set's ``folders``, which include torchvision's own layout.
"""

from __future__ import annotations

import importlib
import logging
import os
import socket
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search_spaces.errors import UserError, choices
from tune_app.data.datasets import DATASETS, DatasetSpec
from tune_app.storage.user_path import is_file, is_folder, user_path
from tune_app.study.idx import IMAGE_SIZE, PART_SIZES, images_stem, labels_stem, read_idx

LOGGER = logging.getLogger(__name__)

SAMPLE_FOLDER = Path(__file__).parent / "sample"
SYSTEM_FOLDER = Path("/usr/share/datasets")  # Debian's dataset-fashion-mnist
_DOWNLOAD_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, eq=False)
class PooledImages:
    """The parts of a data set, joined, ``train`` first.

    Attributes:
        images: uint8, (N, 28, 28), read-only.
        labels: uint8, (N,), read-only.
        sha256: Name of each file that was read, without ``.gz`` -> SHA-256 of its content.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    sha256: dict[str, str]


def num_pooled(spec: DatasetSpec, source: str) -> int:
    """Return the number of images of a data set in ``source``, without reading or downloading.

    It is enough to see which parts are there, because a file of another size is refused when it is
    read.

    Raises:
        UserError: ``source`` is a folder without the data set.
    """
    if source == "full":
        return sum(PART_SIZES.values())
    return sum(PART_SIZES[part] for part in _parts(_find_in_folder(spec, source)))


def read_pooled(spec: DatasetSpec, source: str) -> PooledImages:
    """Read and check every part of a data set that ``source`` holds.

    Args:
        spec: The data set.
        source: ``"full"``, ``"sample"`` or a folder. Only ``full`` requires both parts.

    Raises:
        UserError: A file is missing, damaged, or of another data set.
    """
    files = _find_full(spec) if source == "full" else _find_in_folder(spec, source)
    images, labels = [], []
    for part in _parts(files):
        shape = (PART_SIZES[part], IMAGE_SIZE, IMAGE_SIZE)
        images.append(_read_checked(spec, images_stem(part), files, shape))
        labels.append(_read_checked(spec, labels_stem(part), files, shape[:1]))
    sha256 = {stem: spec.sha256[stem] for stem in files}
    return PooledImages(_pooled(images), _pooled(labels), sha256)


def cache_folder() -> Path:
    """Return the folder for downloads: ``$TUNE_APP_DATA``, or ``tune_app`` in the user's cache."""
    if folder := os.environ.get("TUNE_APP_DATA"):
        return _expanded(folder)
    return _expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "tune_app"


def _pooled(arrays: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    if len(arrays) == 1:
        return arrays[0]
    pooled = np.concatenate(arrays)
    pooled.flags.writeable = False
    return pooled


def _read_checked(
    spec: DatasetSpec, stem: str, files: dict[str, Path], shape: tuple[int, ...]
) -> NDArray[np.uint8]:
    """Read one file and check its structure, its labels and its checksum.

    In this order the first message is the most specific one.
    """
    path = files[stem]
    idx = read_idx(path, shape)
    max_label = len(spec.class_names) - 1
    is_labels = len(shape) == 1
    if is_labels and (label := int(idx.array.max())) > max_label:
        raise UserError(f"{path}: holds the label {label}, allowed 0 to {max_label}")
    if idx.sha256 == spec.sha256[stem]:
        return idx.array
    owner = next((o for o in DATASETS.values() if idx.sha256 in o.sha256.values()), None)
    if owner:
        fault = f"this is a file of {owner.title}, not {spec.title}"
        remedy = f"put {spec.title} into a folder of its own, {spec.folders[0]}"
    else:
        fault = f"damaged, or not {spec.title}'s {stem}"
        remedy = "put the original there, or remove this one"
    raise UserError(
        f"{path}: {fault} (SHA-256 of the content {idx.sha256[:12]}…,"
        f" expected {spec.sha256[stem][:12]}…); {remedy}"
    )


def _find_in_folder(spec: DatasetSpec, source: str) -> dict[str, Path]:
    """Return the files of a data set in a user's folder or in the sample: stem -> path.

    The first of the data set's ``folders`` that has any of its files is used. The user's folder
    itself is tried last, because it may be the folder of a single data set.
    """
    root = SAMPLE_FOLDER if source == "sample" else user_path(source)
    where = f"--data {source}"
    if not is_folder(root):
        raise UserError(f"{where}: no such folder; allowed: full, sample or a folder of data")
    for folder in (*(root / name for name in spec.folders), root):
        files = _files(folder)
        for part in PART_SIZES:
            pair = {images_stem(part), labels_stem(part)}
            if len(found := pair & files.keys()) == 1:
                raise UserError(
                    f"{where}: {folder} has {choices(found)} without {choices(pair - found)};"
                    " add the missing file, or remove the other"
                )
        if files:
            return files
    raise UserError(
        f"{where}: no files of {spec.title} in it or in its {choices(spec.folders)};"
        f" {_remedy(spec, source)}, or use --data sample"
    )


def _find_full(spec: DatasetSpec) -> dict[str, Path]:
    """Return all four files of a data set, from the cache, the system or a download."""
    cache = cache_folder()
    tried = []
    for folder in (root / name for root in (cache, SYSTEM_FOLDER) for name in spec.folders):
        files = _files(folder)
        if len(files) == len(spec.sha256):
            return files
        tried.append(f"{folder} (incomplete)" if files else str(folder))
    failure = _download(spec, cache)
    files = _files(cache / spec.torchvision_class / "raw")
    if len(files) == len(spec.sha256):
        return files
    raise UserError(
        f"--data full: {spec.title} not found in {choices(tried)}, and torchvision's download"
        f" failed ({failure or 'it left out files'}); {_remedy(spec, 'FOLDER')} and use"
        " --data FOLDER, or use --data sample, which works offline"
    )


def _download(spec: DatasetSpec, cache: Path) -> str:
    """Let torchvision download into the cache; return why it failed, or an empty string."""
    LOGGER.warning("%s is not on this machine: downloading it to %s", spec.title, cache)
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(
        _DOWNLOAD_TIMEOUT_SECONDS
    )  # otherwise a blocked network would wait for minutes
    try:
        # Imported here, because the import takes seconds and is seldom needed.
        datasets = importlib.import_module("torchvision.datasets")
        getattr(datasets, spec.torchvision_class)(root=cache, train=False, download=True)
    except Exception as error:  # any error of the network or the disk
        return textwrap.shorten(f"{type(error).__name__}: {error}", 200, placeholder="…")
    finally:
        socket.setdefaulttimeout(timeout)
    return ""


def _parts(files: dict[str, Path]) -> list[str]:
    return [part for part in PART_SIZES if images_stem(part) in files]


def _files(folder: Path) -> dict[str, Path]:
    """Return the data files in a folder: stem -> path; of two, the one that is not compressed."""
    stems = [stem(part) for part in PART_SIZES for stem in (images_stem, labels_stem)]
    paths = {stem: (folder / stem, folder / f"{stem}.gz") for stem in stems}
    return {
        stem: next(filter(is_file, pair)) for stem, pair in paths.items() if any(map(is_file, pair))
    }


def _remedy(spec: DatasetSpec, folder: str) -> str:
    names = choices(f"{stem}[.gz]" for stem in spec.sha256)
    return f"put {names} into {Path(folder) / spec.folders[0]}"


def _expanded(text: str) -> Path:
    try:
        return user_path(text)
    except UserError as error:
        raise UserError(f"{error} (of the cache: in TUNE_APP_DATA)") from None
