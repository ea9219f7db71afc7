"""Make batches of tensors from arrays of images, a whole batch at a time.

Images are copied to the device as uint8, which is a quarter of the bytes of float32, and normalised
there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from tune_app.data.split_data import SplitData

Batch = tuple[torch.Tensor, torch.Tensor]


class ImageDataset(Dataset[Batch]):
    """The images of a data set for a ``DataLoader``, which gets a whole batch in one call.

    The ``DataLoader`` calls ``__getitems__`` once for each batch. Its sampler gives positions in
    ``data.inputs``, and its ``collate_fn`` must return the batch unchanged. The arrays of ``data``
    may be read-only, because a batch is a copy.
    """

    def __init__(self, data: SplitData) -> None:
        self._images = data.inputs
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
        channels: Number of channels of the network's input; the grey channel is repeated.
        size: Height and width of the network's input. Images of another size are resized by
            bilinear interpolation, as torchvision's ``Resize`` does.

    Returns:
        float32, (B, channels, size, size): (pixel / 255 − mean) / std.
    """
    pixels = images.to(torch.float32).div_(255).sub_(mean).div_(std)
    if pixels.shape[-2:] != (size, size):
        # Resize before the channels are repeated, to do it only once.
        pixels = functional.interpolate(pixels, size=(size, size), mode="bilinear")
    return pixels.repeat(1, channels, 1, 1) if channels > 1 else pixels


class ImageLoader:
    """Loads batches of normalised images and their labels onto the device of the model.

    Args:
        data: the images.
        device: the device of the model.
        channels: number of channels of the model's input.
        size: height and width of the model's input.
        pinned: whether batches are copied to a GPU from page-locked memory, without waiting for the
            copy.
        resident: whether all images are copied to the device at the start (one byte per pixel,
            55 MB for 70,000 images), so that batches are gathered there.
    """

    def __init__(
        self,
        data: SplitData,
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
            images, labels = ImageDataset(data).__getitems__(np.arange(len(data.labels)))
            self._resident = images.to(device), labels.to(device)

    def __call__(self, batches: Iterable[NDArray[np.int64]]) -> Iterator[Batch]:
        """Yield the images, float32 (B, channels, size, size), and labels, int64 (B,), by batch."""
        gathered = self._on_device(batches) if self._resident else self._from_host(batches)
        for images, labels in gathered:
            mean, std = self._data.mean[0], self._data.std[0]
            pixels = normalise(images, mean, std, self._channels, self._size)
            if self._device.type == "cuda":  # the layout of cuDNN's kernels for tensor cores
                pixels = pixels.to(memory_format=torch.channels_last)
            yield pixels, labels

    def _from_host(self, batches: Iterable[NDArray[np.int64]]) -> Iterator[Batch]:
        loader = DataLoader(
            ImageDataset(self._data),
            batch_sampler=[batch.tolist() for batch in batches],
            collate_fn=_unchanged,
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


def _unchanged(batch: Any) -> Any:
    return batch
