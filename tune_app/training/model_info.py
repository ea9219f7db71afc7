"""What has to be known of a trained model, beside its weights, in order to use it.

It is written into a file of weights and read from one, which may come from somebody else.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tune_app.data.datasets import DATASETS
from tune_app.study.idx import IMAGE_SIZE

_VERSION = 1
_LONGEST_SIDE = 10_000


@dataclass(frozen=True)
class ItemInput:
    """How an item of a data set becomes the input of a model.

    Attributes:
        shape: of an item as the data set has it: (H, W) of a grey image, (H, W, C) of an image with
            C channels, anything else of other items.
        dtype: the type of its numbers, such as ``uint8``.
        mean: what is subtracted, for each channel; for uint8 after a division by 255.
        std: what it is divided by afterwards.
        channels: channels of the model's input, for images; a grey image is repeated.
        size: height and width of the model's input, for images; None for those of the data.
    """

    shape: tuple[int, ...]
    dtype: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    channels: int | None = None
    size: int | None = None

    @property
    def is_image(self) -> bool:
        """Whether items are images whose pixels are bytes."""
        return len(self.shape) in (2, 3) and self.dtype == "uint8"

    @property
    def of_model(self) -> tuple[int, ...]:
        """The shape of one input of the model: (C, H, W) for images."""
        if len(self.shape) not in (2, 3):
            return self.shape
        height, width, *rest = self.shape
        channels = self.channels or (rest[0] if rest else 1)
        return channels, self.size or height, self.size or width


@dataclass(frozen=True)
class ModelInfo:
    """A trained model without its weights.

    Attributes:
        model: its name: a classifier of torchvision, or a model of the user's.
        is_own: whether a function of the user's builds it.
        config: the configuration of its trial.
        dataset: the data set that it was trained on; empty if it has no name.
        class_names: the classes in the order of the outputs; None for a regression.
        item: how an item becomes an input; None if the study does not say.
        about: further facts, for people: study, row, metrics.
        targets: of a regression, the shape of the targets of one item: empty for one number.
    """

    model: str
    is_own: bool
    config: Mapping[str, Any]
    dataset: str = ""
    class_names: tuple[str, ...] | None = None
    item: ItemInput | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[int, ...] = ()

    def as_json(self) -> str:
        """Return the text that :func:`read_info` reads."""
        return json.dumps({"version": _VERSION, **asdict(self)}, allow_nan=False)


def read_info(text: str) -> ModelInfo:
    """Return what :meth:`ModelInfo.as_json` has written.

    Raises:
        ValueError: the text is something else.
    """
    try:
        entry = json.loads(text)
        if entry["version"] != _VERSION:
            raise ValueError(f"version {entry['version']!r}")
        names, item = entry["class_names"], entry["item"]
        return ModelInfo(
            model=str(entry["model"]),
            is_own=bool(entry["is_own"]),
            config=dict(entry["config"]),
            dataset=str(entry["dataset"]),
            class_names=None if names is None else tuple(map(str, names)),
            item=None if item is None else _item(item),
            about=dict(entry["about"]),
            targets=recorded_targets(entry),
        )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"no description of a model ({error})") from None


def _item(entry: Mapping[str, Any]) -> ItemInput:
    item = ItemInput(
        shape=tuple(map(int, entry["shape"])),
        dtype=str(entry["dtype"]),
        mean=tuple(map(float, entry["mean"])),
        std=tuple(map(float, entry["std"])),
        channels=None if entry.get("channels") is None else int(entry["channels"]),
        size=None if entry.get("size") is None else int(entry["size"]),
    )
    sides = (*item.shape, item.channels or 1, item.size or 1)
    are_finite = all(map(math.isfinite, (*item.mean, *item.std)))
    if not all(0 < side <= _LONGEST_SIDE for side in sides) or not are_finite or 0 in item.std:
        raise ValueError("an input that no model has")
    if not len(item.mean) == len(item.std) > 0:
        raise ValueError("means and deviations of different numbers of channels")
    return item


def recorded_targets(entry: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the shape of the targets of one item, as an entry of ``study.json`` has it.

    It is empty for one number, and if the entry does not say it.
    """
    try:
        found = tuple(map(int, entry["targets"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return ()
    return found if all(0 < size <= _LONGEST_SIDE for size in found) else ()


def recorded_item(
    data: Mapping[str, Any], dataset: str, config: Mapping[str, Any]
) -> ItemInput | None:
    """Return how an item of a data set becomes an input, from what a study recorded.

    Args:
        data: the entry ``data`` of ``study.json``.
        dataset: the name of the data set.
        config: the configuration of the trial.

    Returns:
        The :class:`ItemInput`; None if the study does not say.
    """
    network = {"channels": config.get("in_channels"), "size": config.get("image_size")}
    if dataset in DATASETS:
        spec = DATASETS[dataset]
        own = {"shape": (IMAGE_SIZE, IMAGE_SIZE), "dtype": "uint8"}
        return _item({**own, "mean": (spec.mean,), "std": (spec.std,), **network})
    try:
        return _item({**data["datasets"][dataset]["input"], **network})
    except (KeyError, TypeError, ValueError):
        return None
