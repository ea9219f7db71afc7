"""Where the files of a data set are looked for, and the check of every one that is used.

``full`` is all 70,000 images: from the cache folder, from where Debian's package puts them, or
downloaded into the cache by torchvision. ``sample`` is the 10,000 images that come with the
package. Anything else is a folder. Each of these places may hold a data set in any of its
``folders``, torchvision's own layout among them.
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
from tune_app.study.idx import IMAGE_SIZE, PART_SIZES, images_stem, labels_stem, read_idx

LOGGER = logging.getLogger(__name__)

SAMPLE_FOLDER = Path(__file__).parent / "sample"
SYSTEM_FOLDER = Path("/usr/share/datasets")  # Debian's dataset-fashion-mnist
_DOWNLOAD_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, eq=False)
class PooledImages:
    """The parts of a data set one after the other, ``train`` first.

    Attributes:
        images: uint8, (N, 28, 28), read-only.
        labels: uint8, (N,), read-only.
        sha256: SHA-256 of each decompressed file that was read, by file name without ``.gz``.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    sha256: dict[str, str]


def num_pooled(spec: DatasetSpec, source: str) -> int:
    """Return how many images ``source`` has of a data set, without reading or downloading them.

    A file of another size is refused when it is read, so it is enough to see which parts are there.

    Raises:
        UserError: If ``source`` is a folder without the data set.
    """
    if source == "full":
        return sum(PART_SIZES.values())
    return sum(PART_SIZES[part] for part in _parts(_find_in_folder(spec, source)))


def read_pooled(spec: DatasetSpec, source: str) -> PooledImages:
    """Read and check every part of a data set that ``source`` holds.

    Args:
        spec: The data set.
        source: ``"full"``, ``"sample"`` or a folder; only ``full`` insists on both parts.

    Raises:
        UserError: If a file is missing, damaged or not what it should be.
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
    """Return the folder of downloaded data: ``$TUNE_APP_DATA``, or one in the user's cache."""
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
    """Read one file; check its structure, then its labels, and its checksum last.

    In this order the message is the most specific one.
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
    """Return the files of a data set in a folder the user names, or in the sample, by stem.

    The first of the data set's folders with any of its files counts. The named folder itself comes
    last, for someone who names the folder of the one data set that a study is about.
    """
    root = SAMPLE_FOLDER if source == "sample" else _expanded(source)
    where = f"--data {_one_line(source)}"
    if not _is_folder(root):
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
    """Return all four files of a data set: from the cache, the system, or a download."""
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
    socket.setdefaulttimeout(_DOWNLOAD_TIMEOUT_SECONDS)  # else a blocked network waits for minutes
    try:
        # Imported by name because it takes seconds and is seldom needed.
        datasets = importlib.import_module("torchvision.datasets")
        getattr(datasets, spec.torchvision_class)(root=cache, train=False, download=True)
    except Exception as error:  # torchvision lets through whatever the network or the disk raises
        return textwrap.shorten(f"{type(error).__name__}: {error}", 200, placeholder="…")
    finally:
        socket.setdefaulttimeout(timeout)
    return ""


def _parts(files: dict[str, Path]) -> list[str]:
    return [part for part in PART_SIZES if images_stem(part) in files]


def _files(folder: Path) -> dict[str, Path]:
    """Return the data files in a folder by stem, plain rather than compressed if both are there."""
    stems = [stem(part) for part in PART_SIZES for stem in (images_stem, labels_stem)]
    paths = {stem: (folder / stem, folder / f"{stem}.gz") for stem in stems}
    return {
        stem: next(filter(_is_file, pair))
        for stem, pair in paths.items()
        if any(map(_is_file, pair))
    }


def _remedy(spec: DatasetSpec, folder: str) -> str:
    names = choices(f"{stem}[.gz]" for stem in spec.sha256)
    return f"put {names} into {Path(folder) / spec.folders[0]}"


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise UserError(
            f"{_one_line(text)}: home folder unknown; write the full path"
            " (of the cache: in TUNE_APP_DATA)"
        ) from error


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that must not be entered has nothing for us
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _one_line(text: str) -> str:
    return " ".join(text.split())
