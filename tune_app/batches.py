"""Batches of tensors from arrays of images: one gather a batch, no work per image.

Images stay uint8 until they are on the device, a quarter of the bytes to move there, and are
normalised there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from torch.utils.data import Dataset

from tune_app.data import ImageData

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
