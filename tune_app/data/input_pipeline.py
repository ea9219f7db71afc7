"""Make batches of tensors from the arrays of a data set, a whole batch at a time.

Images are copied to the device as they are, as uint8 a quarter of the bytes of float32, and
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

from search_spaces.errors import UserError
from tune_app.data.split_data import SplitData

Batch = tuple[torch.Tensor, torch.Tensor]
Statistic = Sequence[float] | torch.Tensor
"""Of the training inputs: one number, or one for each channel."""


def is_image(data: SplitData) -> bool:
    """Return whether the inputs are images: (N, H, W, C), or grey ones, (N, H, W)."""
    return data.inputs.ndim in (3, 4)


def num_channels(data: SplitData) -> int:
    """Return the number of channels of images."""
    return int(data.inputs.shape[3]) if data.inputs.ndim == 4 else 1


class ArrayDataset(Dataset[Batch]):
    """The items of a data set for a ``DataLoader``, which gets a whole batch in one call.

    The ``DataLoader`` calls ``__getitems__`` once for each batch. Its sampler gives positions in
    ``data.inputs``, and its ``collate_fn`` must return the batch unchanged. The arrays of ``data``
    may be read-only, because a batch is a copy.
    """

    def __init__(self, data: SplitData) -> None:
        self._inputs = data.inputs
        self._labels = data.labels
        self._is_image = is_image(data)
        self._label_type = np.int64 if data.class_names is not None else np.float32

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> Batch:
        """Return one item and its label."""
        inputs, labels = self.__getitems__([index])
        return inputs[0], labels[0]

    def __getitems__(self, indices: Sequence[int] | NDArray[np.int64]) -> Batch:
        """Return a batch.

        Returns:
            Inputs: images (B, C, H, W), other inputs as in the data set; uint8 as it is, all else
            as float32. Labels: classes, int64 (B,), or the targets of a regression, float32.
        """
        positions = np.asarray(indices, dtype=np.int64)
        items = self._inputs[positions]
        if items.dtype != np.uint8:
            items = items.astype(np.float32)
        inputs = torch.from_numpy(items)
        if self._is_image:
            inputs = inputs.unsqueeze(1) if inputs.ndim == 3 else inputs.permute(0, 3, 1, 2)
        return inputs, torch.from_numpy(self._labels[positions].astype(self._label_type))


def normalise(inputs: torch.Tensor, mean: Statistic, std: Statistic, axis: int = 1) -> torch.Tensor:
    """Turn a batch into a network's input, on the device it is on.

    Args:
        inputs: uint8 or float32, (B, ...).
        mean: what is subtracted, one number for all or one for each entry of ``axis``; for uint8 in
            units of 255.
        std: what it is divided by afterwards.
        axis: the axis of the channels.

    Returns:
        float32, of the same shape: (pixel / 255 − mean) / std for uint8, else (value − mean) / std.
    """
    is_bytes = inputs.dtype == torch.uint8
    values = inputs.to(torch.float32, copy=True)
    if is_bytes:
        values.div_(255)
    if len(mean) == 1:
        return values.sub_(mean[0]).div_(std[0])
    shape = [-1 if i == axis % values.ndim else 1 for i in range(values.ndim)]
    subtracted, divided = (torch.as_tensor(n, device=values.device) for n in (mean, std))
    return values.sub_(subtracted.view(shape)).div_(divided.view(shape))


def as_input(images: torch.Tensor, channels: int, size: int | None) -> torch.Tensor:
    """Return normalised images with the channels and the size that a network takes.

    Args:
        images: float32, (B, C, H, W).
        channels: a grey image is repeated as often.
        size: height and width. Images of another size are resized by bilinear interpolation, with
            antialiasing where they shrink, as torchvision's ``Resize`` does. None keeps their size.
    """
    if size is not None and images.shape[-2:] != (size, size):
        # Resize before the channels are repeated, to do it only once.
        images = functional.interpolate(
            images, size=(size, size), mode="bilinear", antialias=size < max(images.shape[-2:])
        )
    return images.repeat(1, channels, 1, 1) if channels > images.shape[1] else images


class BatchLoader:
    """Loads batches of normalised inputs and their labels onto the device of the model.

    Args:
        data: the data set.
        device: the device of the model.
        channels: number of channels of the model's input, for images; None for those of the data.
        size: height and width of the model's input, for images; None for those of the data.
        pinned: whether batches are copied to a GPU from page-locked memory, without waiting for the
            copy.
        resident: whether all inputs are copied to the device at the start (one byte per pixel,
            55 MB for 70,000 grey images of 28×28), so that batches are gathered there.

    Attributes:
        input_shape: the shape of one input of the model.

    Raises:
        UserError: the images have several channels, but not as many as the model's input; or the
            inputs are text or complex.
    """

    def __init__(
        self,
        data: SplitData,
        device: torch.device,
        *,
        channels: int | None = None,
        size: int | None = None,
        pinned: bool = False,
        resident: bool = False,
    ) -> None:
        if data.inputs.dtype.kind not in "biuf":
            what = "complex numbers" if data.inputs.dtype.kind == "c" else "text"
            raise UserError(
                f"data set {data.name} has inputs of {what}; a network takes numbers; give other "
                "data"
            )
        self._data = data
        self._device = device
        self._pinned = pinned
        # Copied once: copying them for each batch would wait until the GPU has finished.
        self._mean, self._std = (
            torch.tensor(numbers, device=device) if len(numbers) > 1 else numbers
            for numbers in (data.mean, data.std)
        )
        self._is_image = is_image(data)
        self.input_shape: tuple[int, ...] = data.inputs.shape[1:]
        if self._is_image:
            found = num_channels(data)
            self._channels, self._size = channels or found, size
            if found not in (1, self._channels):
                raise UserError(
                    f"in_channels is {channels}, but the images of {data.name} have {found} "
                    f"channels; allowed: {found}"
                )
            height, width = data.inputs.shape[1:3]
            self.input_shape = (self._channels, size or height, size or width)
        self._resident: Batch | None = None
        if resident:
            inputs, labels = ArrayDataset(data).__getitems__(np.arange(len(data.labels)))
            self._resident = inputs.to(device), labels.to(device)

    def __call__(self, batches: Iterable[NDArray[np.int64]]) -> Iterator[Batch]:
        """Yield the inputs, float32 (B, *input_shape), and their labels, by batch."""
        gathered = self._on_device(batches) if self._resident else self._from_host(batches)
        for inputs, labels in gathered:
            axis = 1 if self._is_image else -1
            values = normalise(inputs, self._mean, self._std, axis)
            if self._is_image:
                values = as_input(values, self._channels, self._size)
                if self._device.type == "cuda":  # the layout of cuDNN's kernels for tensor cores
                    values = values.to(memory_format=torch.channels_last)
                else:
                    values = values.contiguous()
            yield values, labels

    def _from_host(self, batches: Iterable[NDArray[np.int64]]) -> Iterator[Batch]:
        loader = DataLoader(
            ArrayDataset(self._data),
            batch_sampler=[batch.tolist() for batch in batches],
            collate_fn=_unchanged,
            pin_memory=self._pinned,
        )
        for inputs, labels in loader:
            yield (
                inputs.to(self._device, non_blocking=self._pinned),
                labels.to(self._device, non_blocking=self._pinned),
            )

    def _on_device(self, batches: Iterable[NDArray[np.int64]]) -> Iterator[Batch]:
        assert self._resident is not None
        inputs, labels = self._resident
        given = list(batches)
        if not given:
            return
        # In one copy: a copy for each batch would wait until the GPU has finished.
        positions = torch.from_numpy(np.concatenate(given)).to(self._device)
        for indices in positions.split([len(batch) for batch in given]):
            yield inputs.index_select(0, indices), labels.index_select(0, indices)


def _unchanged(batch: Any) -> Any:
    return batch
