"""A user's own data as arrays: inputs with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from search_spaces.errors import UserError
from tune_app.data.checked_arrays import checked_inputs
from tune_app.data.checked_labels import checked_labels

MIN_ITEMS = 10
"""With fewer items a split 70/10/20 would have an empty part."""


@dataclass(frozen=True, eq=False, init=False)
class ArrayData:
    """Inputs with their labels, which are classes or the targets of a regression.

    Attributes:
        inputs: (N, ...) numbers, booleans or text. Grey images are (N, H, W), images with C
            channels (N, H, W, C).
        labels: Classes are int64, (N,), from 0. Targets are floats, (N,) or (N, K).
        class_names: The classes, in the order of their labels; None for a regression.
        feature_names: The columns of a table; empty for other data.
    """

    inputs: NDArray[Any]
    labels: NDArray[Any]
    class_names: tuple[str, ...] | None
    feature_names: tuple[str, ...]

    def __init__(
        self,
        inputs: Any,
        labels: Any,
        class_names: Sequence[str] | None = None,
        feature_names: Sequence[str] = (),
    ) -> None:
        """Take arrays, lists, tensors or pandas objects, and check them.

        Args:
            inputs: one entry for each item, all of the same shape.
            labels: one entry for each item. Integers, booleans and text are classes, in ascending
                order; floats are targets. For a regression with whole numbers, give floats:
                ``labels.astype(float)``.
            class_names: the classes. Labels are then integers that count from 0, or these names.
            feature_names: the columns of a table.

        Raises:
            UserError: the arrays are ragged or empty, they hold NaN or infinity, there are more
                inputs than labels or the other way round, or labels are not of a class.
        """
        checked = checked_inputs(inputs)
        targets, names = checked_labels(labels, class_names)
        if len(checked) != len(targets):
            raise UserError(
                f"ArrayData: {len(checked):,} inputs, but {len(targets):,} labels; allowed: one "
                "label for each input"
            )
        object.__setattr__(self, "inputs", checked)
        object.__setattr__(self, "labels", targets)
        object.__setattr__(self, "class_names", names)
        object.__setattr__(self, "feature_names", tuple(str(name) for name in feature_names))

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def from_torchvision(cls, dataset: Any, *more: Any) -> ArrayData:
        """Return the images of a torchvision data set, or of several that are pooled.

        Every image is read once, here. A transform must therefore give the same image every time;
        random ones belong into the training.

        Args:
            dataset: for example ``torchvision.datasets.CIFAR10("data", train=True)``. An item is an
                image or a tensor (C, H, W), with its class or its target.
            more: further parts, for example the one with ``train=False``.

        Raises:
            UserError: images differ in size, or an item is not an image with a label.
        """
        from tune_app.data.image_sources import read_torchvision

        return cls(*read_torchvision((dataset, *more)))

    @classmethod
    def from_image_folder(
        cls,
        path: str | Path,
        *more: str | Path,
        size: int | tuple[int, int] | None = None,
    ) -> ArrayData:
        """Return the images of a folder whose subfolders are the classes.

        Images are grey, uint8 (N, H, W), or if one of them has colours, RGB, uint8 (N, H, W, 3).

        Args:
            path: the folder.
            more: further folders with the same classes, for example ``"flowers/test"``.
            size: height and width, to which every image is resized; one number stands for both.
                Without it all images must have the same size.

        Raises:
            UserError: there are no classes or images, images differ in size, or one is unreadable.
        """
        from tune_app.data.image_sources import read_folders

        return cls(*read_folders([Path(entry) for entry in (path, *more)], size))

    @classmethod
    def from_frame(cls, frame: Any, target: str) -> ArrayData:
        """Return a table: its columns of features as float64, (N, columns), and its target.

        Booleans become 0 and 1. Text and categories become codes from 0: text in alphabetical
        order, categories in their own.

        Args:
            frame: a pandas DataFrame.
            target: the column with the labels: classes if it holds integers, booleans, text or
                categories; targets of a regression if it holds floats.

        Raises:
            UserError: there is no such column, values are missing, or a column has another type.
        """
        from tune_app.data.frame_source import read_frame

        return cls(*read_frame(frame, target))
