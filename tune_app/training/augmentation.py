"""The shipped augmentations of images. They change a training batch on its device.

Which one suits depends on the data: a mirrored piece of clothing is still one, a mirrored digit is
none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Generator, Tensor
from torch.nn import functional

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
