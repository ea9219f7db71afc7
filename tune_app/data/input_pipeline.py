"""Batches of tensors from arrays of images: one gather a batch, no work per image.

Images stay uint8 until they are on the device, a quarter of the bytes to move there, and are
normalised there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from tune_app.data.images import ImageData

Batch = tuple[torch.Tensor, torch.Tensor]


class GatheredImages(Dataset[Batch]):
    """The images of a data set, gathered a whole batch at a time.

    A ``DataLoader`` calls ``__getitems__`` once for each batch. Its sampler gives positions in
    ``data.images``, those of a split in any order, and its ``collate_fn`` has to hand on the batch
    as it is. The arrays may be read-only: what is gathered is fresh.
    """

    def __init__(self, data: ImageData) -> None:
        self._images = data.images
        self._labels = data.labels

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> Batch:
        """Return one image, uint8 (1, 28, 28), and its label, int64 ()."""
        images, labels = self.__getitems__([index])
        return images[0], labels[0]

    def __getitems__(self, indices: Sequence[int] | NDArray[np.int64]) -> Batch:
        """Return a batch: images, uint8 (B, 1, 28, 28), and labels, int64 (B,)."""
        positions = np.asarray(indices, dtype=np.int64)
        images = torch.from_numpy(self._images[positions]).unsqueeze(1)
        labels = torch.from_numpy(self._labels[positions].astype(np.int64))
        return images, labels


def normalise(
    images: torch.Tensor, mean: float, std: float, channels: int = 1, size: int = 28
) -> torch.Tensor:
    """Turn grey uint8 images into a network's input, on the device they are on.

    Args:
        images: uint8, (B, 1, H, W).
        mean: Mean of the data set's pixels divided by 255.
        std: Their standard deviation.
        channels: How many channels the network takes; the grey one is repeated.
        size: Height and width it takes; smaller images are enlarged by bilinear interpolation,
            as torchvision's ``Resize`` does it.

    Returns:
        float32, (B, channels, size, size): (pixel / 255 − mean) / std.
    """
    pixels = images.to(torch.float32).div_(255).sub_(mean).div_(std)
    if pixels.shape[-2:] != (size, size):
        # Before the channels are repeated: interpolation is linear, and once is enough.
        pixels = functional.interpolate(pixels, size=(size, size), mode="bilinear")
    return pixels.repeat(1, channels, 1, 1) if channels > 1 else pixels


class ImageFeed:
    """Batches of normalised images and their labels, on the device of the model.

    Args:
        data: the images.
        device: where the model is.
        channels: how many channels it takes.
        size: height and width that it takes.
        pinned: whether batches go to a GPU from page-locked memory, without waiting for the copy.
        resident: whether all images are on the device from the start (one byte a pixel, 55 MB for
            70,000 images), so that a batch is gathered there and nothing is copied.
    """

    def __init__(
        self,
        data: ImageData,
        device: torch.device,
        *,
        channels: int = 1,
        size: int = 28,
        pinned: bool = False,
        resident: bool = False,
    ) -> None:
        self._data = data
        self._device = device
        self._channels, self._size = channels, size
        self._pinned = pinned
        self._resident: Batch | None = None
        if resident:
            images, labels = GatheredImages(data).__getitems__(np.arange(len(data.labels)))
            self._resident = images.to(device), labels.to(device)

    def __call__(self, batches: Iterable[NDArray[np.int64]]) -> Iterator[Batch]:
        """Yield images, float32 (B, channels, size, size), and labels, int64 (B,), per batch."""
        gathered = self._on_device(batches) if self._resident else self._from_host(batches)
        for images, labels in gathered:
            mean, std = self._data.mean, self._data.std
            pixels = normalise(images, mean, std, self._channels, self._size)
            if self._device.type == "cuda":  # what cuDNN's kernels for tensor cores read
                pixels = pixels.to(memory_format=torch.channels_last)
            yield pixels, labels

    def _from_host(self, batches: Iterable[NDArray[np.int64]]) -> Iterator[Batch]:
        loader = DataLoader(
            GatheredImages(self._data),
            batch_sampler=[batch.tolist() for batch in batches],
            collate_fn=_as_gathered,
            pin_memory=self._pinned,
        )
        for images, labels in loader:
            yield (
                images.to(self._device, non_blocking=self._pinned),
                labels.to(self._device, non_blocking=self._pinned),
            )

    def _on_device(self, batches: Iterable[NDArray[np.int64]]) -> Iterator[Batch]:
        assert self._resident is not None
        images, labels = self._resident
        for batch in batches:
            indices = torch.tensor(batch, dtype=torch.int64, device=self._device)
            yield images.index_select(0, indices), labels.index_select(0, indices)


def _as_gathered(batch: Any) -> Any:
    return batch
