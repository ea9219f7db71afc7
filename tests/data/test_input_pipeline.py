"""Gathered batches and their normalisation, against per-image arithmetic."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from tune_app.data.images import load_datasets
from tune_app.data.input_pipeline import ImageDataset, ImageLoader, normalise
from tune_app.data.split_data import SplitData


@pytest.fixture(scope="module")
def mnist() -> SplitData:
    return load_datasets(["mnist"], "sample", num_images=200)["mnist"]


def hand_on(batch: Any) -> Any:
    return batch


def test_a_loader_gathers_the_images_its_sampler_names(mnist: SplitData) -> None:
    order = mnist.train[::-1].copy()
    loader = DataLoader(
        ImageDataset(mnist), batch_size=32, sampler=order.tolist(), collate_fn=hand_on
    )
    batches = list(loader)
    assert [len(labels) for _, labels in batches] == [32, 32, 32, 32, 12]
    images, labels = (torch.cat(parts) for parts in zip(*batches, strict=True))
    assert images.shape == (140, 1, 28, 28)
    assert images.dtype == torch.uint8
    assert labels.dtype == torch.int64
    assert np.array_equal(images.numpy()[:, 0], mnist.inputs[order])
    assert np.array_equal(labels.numpy(), mnist.labels[order])


def test_one_image(mnist: SplitData) -> None:
    dataset = ImageDataset(mnist)
    image, label = dataset[7]
    assert len(dataset) == 200
    assert image.shape == (1, 28, 28)
    assert np.array_equal(image.numpy()[0], mnist.inputs[7])
    assert label.item() == mnist.labels[7]


def test_batches_of_read_only_arrays_are_fresh(mnist: SplitData) -> None:
    """Torch warns about tensors over read-only memory, and writing to one would be undefined."""
    before = mnist.inputs[0].copy()
    assert not mnist.inputs.flags.writeable
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images, _ = ImageDataset(mnist).__getitems__(np.array([0, 1]))
    images.fill_(255)
    assert np.array_equal(mnist.inputs[0], before)


def test_normalise_by_hand() -> None:
    images = torch.tensor([[[[0, 51], [102, 255]]]], dtype=torch.uint8)
    pixels = normalise(images, mean=0.2, std=0.5, size=2)
    assert pixels.dtype == torch.float32
    expected = torch.tensor([[[[-0.4, 0.0], [0.4, 1.6]]]])
    torch.testing.assert_close(pixels, expected, rtol=0, atol=1e-6)
    assert images.flatten().tolist() == [0, 51, 102, 255]


def test_training_pixels_have_mean_0_and_deviation_1(mnist: SplitData) -> None:
    images, _ = ImageDataset(mnist).__getitems__(mnist.train)
    pixels = normalise(images, mnist.mean[0], mnist.std[0])
    assert pixels.mean().item() == pytest.approx(0, abs=0.05)
    assert pixels.std().item() == pytest.approx(1, abs=0.05)


def test_normalise_resizes_and_repeats() -> None:
    """Bilinear with half-pixel centres: 0, 1 becomes 0, 1/4, 3/4, 1 along a row."""
    images = torch.tensor([[[[0, 255], [0, 255]]]], dtype=torch.uint8)
    pixels = normalise(images, mean=0.0, std=1.0, channels=3, size=4)
    assert pixels.shape == (1, 3, 4, 4)
    row = torch.tensor([0.0, 0.25, 0.75, 1.0])
    torch.testing.assert_close(pixels, row.expand(1, 3, 4, 4), rtol=0, atol=1e-6)
    assert pixels.is_contiguous()


def test_images_that_are_on_the_device_give_the_same_batches(mnist: SplitData) -> None:
    batches = np.array_split(mnist.train[::-1].copy(), 5)
    device = torch.device("cpu")
    copied = list(ImageLoader(mnist, device, channels=3, size=32)(batches))
    gathered = list(ImageLoader(mnist, device, channels=3, size=32, resident=True)(batches))
    assert len(copied) == len(gathered) == 5
    for (images, labels), (others, their_labels) in zip(copied, gathered, strict=True):
        assert images.shape == (28, 3, 32, 32) and labels.shape == (28,)
        assert torch.equal(images, others) and torch.equal(labels, their_labels)
