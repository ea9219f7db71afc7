from __future__ import annotations

import pytest
import torch

from tune_app.training.augmentation import AUGMENTATIONS, MOST_SHIFTED, flip_and_shift, shift
from tune_app.training.classifier_parameters import AUGMENTATION_NAMES


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbered(num: int, channels: int = 2, size: int = 6) -> torch.Tensor:
    """Return images in which every pixel has a value of its own."""
    shape = (num, channels, size, size)
    return torch.arange(num * channels * size * size, dtype=torch.float32).reshape(shape)


def test_every_declared_augmentation_exists() -> None:
    assert set(AUGMENTATION_NAMES) == {"none", *AUGMENTATIONS}


def shifts_of(image: torch.Tensor, changed: torch.Tensor) -> list[tuple[int, int]]:
    """Return the shifts that explain a changed image: rows and columns of the padded image."""
    padded = torch.nn.functional.pad(image[None], (MOST_SHIFTED,) * 4, mode="replicate")[0]
    size = image.shape[1]
    return [
        (row, column)
        for row in range(2 * MOST_SHIFTED + 1)
        for column in range(2 * MOST_SHIFTED + 1)
        if torch.equal(padded[:, row : row + size, column : column + size], changed)
    ]


def test_a_shifted_image_is_a_window_of_the_image_with_its_border_repeated() -> None:
    images = numbered(400)
    changed = shift(images, generator())
    found = [shifts_of(a, b) for a, b in zip(images, changed, strict=True)]
    assert all(len(shifts) == 1 for shifts in found)
    # All 25 shifts occur: that one is missing in 400 draws has a chance below 25 * 0.96^400.
    assert {shifts[0] for shifts in found} == {(r, c) for r in range(5) for c in range(5)}


def test_about_half_of_the_images_are_mirrored() -> None:
    images = numbered(400)
    changed = flip_and_shift(images, generator())
    plain = [bool(shifts_of(a, b)) for a, b in zip(images, changed, strict=True)]
    mirrored = [bool(shifts_of(a.flip(2), b)) for a, b in zip(images, changed, strict=True)]
    assert all(a != b for a, b in zip(plain, mirrored, strict=True))
    # 200 of 400, with a standard deviation of 10.
    assert 160 < sum(mirrored) < 240


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_generator_decides(name: str) -> None:
    images = numbered(20)
    augment = AUGMENTATIONS[name]
    first = augment(images, generator(3))
    assert torch.equal(first, augment(images, generator(3)))
    assert not torch.equal(first, augment(images, generator(4)))
    assert first.shape == images.shape and first.is_contiguous()
    assert torch.equal(images, numbered(20))  # the batch itself is as it was
