"""Reads images as arrays: from torchvision's data sets, and from a folder for each class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from search_spaces.errors import UserError, choices
from tune_app.storage.user_path import is_folder, user_path

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
_PARTS = {"test", "train", "training", "val", "valid", "validation"}
"""Names of folders that hold a part of a data set instead of a class."""
_GREY = ("1", "L", "LA", "La")
_WIDE = ("F", "I", "I;16", "I;16B", "I;16L")
"""Modes of grey images with more than 8 bits."""

Size = int | tuple[int, int] | None
Read = tuple[NDArray[Any], Any, tuple[str, ...] | None]
"""Inputs, labels and class names."""


def read_torchvision(datasets: Sequence[Any]) -> Read:
    """Return the images and labels of torchvision data sets, pooled, and their classes if known.

    Raises:
        UserError: images differ in size, or an item is not an image with a label.
    """
    where = "ArrayData.from_torchvision"
    class_names = {_class_names(dataset) for dataset in datasets}
    if len(class_names) > 1:
        raise UserError(f"{where}: the data sets have different classes; give parts of one")
    images: dict[str, NDArray[Any]] = {}
    labels: list[Any] = []
    for part, dataset in enumerate(datasets):
        of_part = f" of part {part + 1}" if len(datasets) > 1 else ""
        for number in range(_length(where, dataset)):
            name = f"item {number}{of_part}"
            item = dataset[number]
            if not isinstance(item, (tuple, list)) or len(item) != 2:
                raise UserError(f"{where}: {name} is no pair of an image and a label")
            images[name] = _array(where, name, item[0])
            labels.append(_label(where, name, item[1]))
    advice = "resize them: transform=torchvision.transforms.Resize((height, width))"
    return _stacked(where, images, advice), labels, class_names.pop()


def read_folders(folders: Sequence[Path], size: Size) -> Read:
    """Return the images of folders with a subfolder for each class, and the classes.

    Raises:
        UserError: there are no classes or images, images differ in size, or one is unreadable.
    """
    where = "ArrayData.from_image_folder"
    shape = _checked_size(where, size)
    folders = list(map(user_path, folders))
    class_names = sorted({name for folder in folders for name in _classes_of(where, folder)})
    images: dict[str, NDArray[Any]] = {}
    labels: list[str] = []
    for folder in folders:
        for name in class_names:
            for path in image_files(folder / name):
                images[str(path)] = _read_image(where, path, shape)
                labels.append(name)
    if not images:
        raise UserError(
            f"{where}: {folders[0]}: its subfolders hold no images; allowed: {choices(SUFFIXES)}"
        )
    empty = sorted({*class_names} - {*labels})
    if empty:
        raise UserError(
            f"{where}: {folders[0] / empty[0]} holds no images; add some, or remove the folder"
        )
    return _stacked(where, images, "give size=(height, width)"), labels, tuple(class_names)


def _class_names(dataset: Any) -> tuple[str, ...] | None:
    """Return the classes that a data set names, or the one that it is a subset of."""
    while getattr(dataset, "classes", None) is None:
        if not hasattr(dataset, "dataset"):
            return None
        dataset = dataset.dataset
    # ImageNet has several words for each class.
    several = (tuple, list)
    return tuple(", ".join(n) if isinstance(n, several) else str(n) for n in dataset.classes)


def _length(where: str, dataset: Any) -> int:
    if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
        raise UserError(
            f"{where}: {type(dataset).__name__} is no data set with a length and items; give a "
            "torchvision data set such as CIFAR10(...)"
        )
    return len(dataset)


def _array(where: str, name: str, image: Any) -> NDArray[Any]:
    """Return an image as an array, (H, W) or (H, W, C); a tensor is (C, H, W)."""
    if isinstance(image, Image.Image):
        return pixels(image)
    if hasattr(image, "detach"):
        array: NDArray[Any] = image.detach().cpu().numpy()
        if array.ndim == 3:
            return array[0] if len(array) == 1 else np.moveaxis(array, 0, -1)
        return array
    if isinstance(image, np.ndarray):
        return image
    raise UserError(f"{where}: {name} is a {type(image).__name__}, not an image or a tensor")


def pixels(image: Image.Image) -> NDArray[Any]:
    """Return an image as an array: grey ones are (H, W), all others RGB, (H, W, 3)."""
    if image.mode in _WIDE:
        return np.asarray(image)
    return np.asarray(image.convert("L" if image.mode in _GREY else "RGB"))


def _label(where: str, name: str, label: Any) -> Any:
    plain = label.tolist() if hasattr(label, "tolist") else label
    if isinstance(plain, (dict, tuple)) or plain is None:
        raise UserError(
            f"{where}: the label of {name} is a {type(label).__name__}; allowed: a class or a "
            "number; give the data set a target_transform"
        )
    return plain


def _stacked(where: str, images: dict[str, NDArray[Any]], advice: str) -> NDArray[Any]:
    """Return all images as one array; grey images among others in colour become RGB."""
    if not images:
        raise UserError(f"{where}: there are no images")
    if any(image.ndim == 3 for image in images.values()):
        images = {name: _with_colours(image) for name, image in images.items()}
    first = next(iter(images.values()))
    for name, image in images.items():
        if image.shape != first.shape:
            raise UserError(
                f"{where}: images have different sizes: the first is {_size(first)}, {name} is "
                f"{_size(image)}; {advice}"
            )
        if image.dtype != first.dtype:
            raise UserError(
                f"{where}: images have different types: the first is {first.dtype}, {name} is "
                f"{image.dtype}; convert them to one"
            )
    return np.stack(list(images.values()))


def _with_colours(image: NDArray[Any]) -> NDArray[Any]:
    return np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image


def _size(image: NDArray[Any]) -> str:
    return "×".join(map(str, image.shape))


def _checked_size(where: str, size: Size) -> tuple[int, int] | None:
    if size is None:
        return None
    shape = tuple(size) if isinstance(size, Sequence) else (size, size)
    if len(shape) != 2 or not all(isinstance(length, int) and length > 0 for length in shape):
        raise UserError(f"{where}: size is {size!r}; allowed: (height, width), or one number")
    return shape


def _classes_of(where: str, folder: Path) -> list[str]:
    if not is_folder(folder):
        raise UserError(f"{where}: {folder}: no such folder")
    names = sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.is_dir() and not entry.name.startswith((".", "__"))
    )
    if not names:
        raise UserError(f"{where}: {folder} has no subfolders; allowed: one for each class")
    if {name.lower() for name in names} <= _PARTS:
        parts = ", ".join(repr(str(folder / name)) for name in names)
        raise UserError(
            f"{where}: the subfolders of {folder} are parts, not classes; pool them: "
            f"from_image_folder({parts})"
        )
    return names


def image_files(folder: Path) -> Iterator[Path]:
    """Yield the images of a class, also those in folders within it, in alphabetical order."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
            yield path


def _read_image(where: str, path: Path, shape: tuple[int, int] | None) -> NDArray[Any]:
    try:
        with Image.open(path) as image:
            array = pixels(image)
            if shape is None:
                return array
            resized = Image.fromarray(array).resize((shape[1], shape[0]), Image.Resampling.BILINEAR)
            return np.asarray(resized)
    except Exception as error:  # of any kind: a damaged file can break every decoder
        raise UserError(
            f"{where}: {path} cannot be read ({type(error).__name__}: {error}); replace or remove "
            "it"
        ) from None
