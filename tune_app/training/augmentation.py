"""The shipped augmentations of images. They change a training batch on its device.

Which one suits depends on the data: a mirrored piece of clothing is still one, a mirrored digit is
none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn import functional

from search_spaces.errors import UserError
from tune_app.data.split_data import SplitData
from tune_app.training.model_family import Function
from tune_app.training.randomness import derived_seed

MOST_SHIFTED = 2
"""The most pixels that an image is shifted, to each side."""
NO_AUGMENTATION = "none"


def shift(inputs: Tensor, generator: Generator) -> Tensor:
    """Shift each image by up to two pixels in both directions; its border is repeated.

    Args:
        inputs: images, (B, C, H, W).
        generator: what the shifts are drawn from, on the device of the images.
    """
    size, _, height, width = inputs.shape
    padded = functional.pad(inputs, (MOST_SHIFTED,) * 4, mode="replicate")
    first = torch.randint(
        2 * MOST_SHIFTED + 1, (2, size, 1), generator=generator, device=inputs.device
    )
    rows = first[0] + torch.arange(height, device=inputs.device)
    columns = first[1] + torch.arange(width, device=inputs.device)
    images = torch.arange(size, device=inputs.device)[:, None, None]
    shifted = padded[images, :, rows[:, :, None], columns[:, None, :]]  # (B, H, W, C)
    return shifted.permute(0, 3, 1, 2).contiguous()


def flip_and_shift(inputs: Tensor, generator: Generator) -> Tensor:
    """Mirror half of the images, the left for the right, and shift all of them.

    Args:
        inputs: images, (B, C, H, W).
        generator: what is drawn from, on the device of the images.
    """
    shape = (len(inputs), 1, 1, 1)
    mirrored = torch.rand(shape, generator=generator, device=inputs.device) < 0.5
    return shift(torch.where(mirrored, inputs.flip(3), inputs), generator)


AUGMENTATIONS: Mapping[str, Callable[[Tensor, Generator], Tensor]] = {
    "shift": shift,
    "flip_shift": flip_and_shift,
}
"""The augmentations by their names."""


class Augmentation:
    """Changes each training batch, by (seed, epoch, number of the batch) alone.

    Args:
        config: the trial's configuration, with ``seed``.
        data: the data set.
        device: the device of the batches.
        own: a user's ``augment(inputs, generator)``, or None for the one that ``config`` names.

    Attributes:
        is_none: whether batches stay as they are.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        data: SplitData,
        device: torch.device,
        own: Function | None,
    ) -> None:
        self._name = config.get("augmentation", NO_AUGMENTATION)
        self._augment = own or AUGMENTATIONS.get(self._name)
        self.is_none = self._augment is None
        self._is_shipped = own is None
        self._data_name = data.name
        self._seed = config["seed"]
        self._generator = torch.Generator(device)

    def __call__(self, inputs: Tensor, epoch: int, number: int) -> Tensor:
        """Return the changed batch.

        Raises:
            UserError: the augmentation does not fit the data, or a user's returns something else
                than a batch.
        """
        if self._augment is None:
            return inputs
        if self._is_shipped and inputs.ndim != 4:
            raise UserError(
                f"augmentation {self._name} is for images; {self._data_name} has items of shape "
                f"{tuple(inputs.shape[1:])}; leave the parameter out"
            )
        self._generator.manual_seed(derived_seed(self._seed, epoch, number))
        changed = self._augment(inputs, self._generator)
        if not isinstance(changed, Tensor) or changed.shape != inputs.shape:
            found = tuple(changed.shape) if isinstance(changed, Tensor) else type(changed).__name__
            raise UserError(
                f"augment returns {found}; it must return a tensor of the shape that it gets, "
                f"{tuple(inputs.shape)}"
            )
        return changed
