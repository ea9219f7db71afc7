"""Gathered batches and their normalisation, against per-image arithmetic."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import DataLoader
from torchvision.transforms import functional

from search_spaces.errors import UserError
from tune_app.data.images import load_datasets
from tune_app.data.input_pipeline import ArrayDataset, BatchLoader, as_input, normalise
from tune_app.data.split_data import SplitData


@pytest.fixture(scope="module")
def mnist() -> SplitData:
    return load_datasets(["mnist"], "sample", num_images=200)["mnist"]


def hand_on(batch: Any) -> Any:
    return batch


def test_a_loader_gathers_the_images_its_sampler_names(mnist: SplitData) -> None:
    order = mnist.train[::-1].copy()
    loader = DataLoader(
        ArrayDataset(mnist), batch_size=32, sampler=order.tolist(), collate_fn=hand_on
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
    dataset = ArrayDataset(mnist)
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
        images, _ = ArrayDataset(mnist).__getitems__(np.array([0, 1]))
    images.fill_(255)
    assert np.array_equal(mnist.inputs[0], before)


def test_normalise_by_hand() -> None:
    images = torch.tensor([[[[0, 51], [102, 255]]]], dtype=torch.uint8)
    pixels = normalise(images, [0.2], [0.5])
    assert pixels.dtype == torch.float32
    expected = torch.tensor([[[[-0.4, 0.0], [0.4, 1.6]]]])
    torch.testing.assert_close(pixels, expected, rtol=0, atol=1e-6)
    assert images.flatten().tolist() == [0, 51, 102, 255]


def test_training_pixels_have_mean_0_and_deviation_1(mnist: SplitData) -> None:
    images, _ = ArrayDataset(mnist).__getitems__(mnist.train)
    pixels = normalise(images, mnist.mean, mnist.std)
    assert pixels.mean().item() == pytest.approx(0, abs=0.05)
    assert pixels.std().item() == pytest.approx(1, abs=0.05)


def test_as_input_resizes_and_repeats() -> None:
    """Bilinear with half-pixel centres: 0, 1 becomes 0, 1/4, 3/4, 1 along a row."""
    pixels = as_input(torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]]), channels=3, size=4)
    assert pixels.shape == (1, 3, 4, 4)
    row = torch.tensor([0.0, 0.25, 0.75, 1.0])
    torch.testing.assert_close(pixels, row.expand(1, 3, 4, 4), rtol=0, atol=1e-6)
    assert pixels.is_contiguous()


@pytest.mark.parametrize(("shape", "size"), [((9, 9), 4), ((12, 3), 5), ((5, 7), 8)])
def test_images_are_resized_as_torchvision_does(shape: tuple[int, int], size: int) -> None:
    images = torch.rand(2, 3, *shape, generator=torch.Generator().manual_seed(0))
    wanted = functional.resize(images, [size, size], antialias=True)
    torch.testing.assert_close(as_input(images, 3, size), wanted, rtol=0, atol=1e-6)


def test_a_smaller_image_has_something_of_every_pixel() -> None:
    """Of one bright pixel among nine, a third of the size keeps a part wherever it is."""
    for place in range(9):
        image = torch.zeros(1, 1, 3, 3)
        image.view(-1)[place] = 1.0
        assert as_input(image, 1, 1).item() > 0.05


def test_images_that_are_on_the_device_give_the_same_batches(mnist: SplitData) -> None:
    batches = np.array_split(mnist.train[::-1].copy(), 5)
    device = torch.device("cpu")
    copied = list(BatchLoader(mnist, device, channels=3, size=32)(batches))
    gathered = list(BatchLoader(mnist, device, channels=3, size=32, resident=True)(batches))
    assert len(copied) == len(gathered) == 5
    for (images, labels), (others, their_labels) in zip(copied, gathered, strict=True):
        assert images.shape == (28, 3, 32, 32) and labels.shape == (28,)
        assert torch.equal(images, others) and torch.equal(labels, their_labels)


class Copies(TorchDispatchMode):
    """Counts the copies to a device that are made while it is active."""

    def __init__(self) -> None:
        super().__init__()
        self.num = 0

    def __torch_dispatch__(
        self, function: Any, _types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        self.num += (kwargs or {}).get("device") is not None
        return function(*args, **(kwargs or {}))


def test_batches_on_the_device_need_one_copy_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each copy waits until a GPU has finished. The device of this test has no memory."""
    data = data_with(
        np.zeros((6, 4, 4, 3), dtype=np.uint8), np.arange(6), mean=(0.1,) * 3, std=(1.0,) * 3
    )
    loader = BatchLoader(data, torch.device("meta"), resident=True)
    as_tensor = torch.as_tensor
    made: list[Any] = []

    def watched(values: Any, **options: Any) -> torch.Tensor:
        made.extend([] if isinstance(values, torch.Tensor) else [values])
        return as_tensor(values, **options)

    monkeypatch.setattr(torch, "as_tensor", watched)
    monkeypatch.setattr(torch, "tensor", watched)
    with Copies() as copies:
        shapes = [inputs.shape for inputs, _ in loader(np.array_split(np.arange(6), 4))]
    assert shapes == [(n, 3, 4, 4) for n in (2, 2, 1, 1)]
    assert copies.num == 1 and made == []
    assert list(loader([])) == []


def data_with(
    inputs: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], **changes: Any
) -> SplitData:
    """Return a data set whose items are all training items."""
    every, none = np.arange(len(labels)), np.arange(0)
    described = {"mean": (0.0,), "std": (1.0,), "class_names": ("a", "b")} | changes
    return SplitData("own", inputs, labels, every, none, none, **described)


def only_batch(loader: BatchLoader, num: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    (batch,) = loader([np.arange(num)])
    return batch


CPU = torch.device("cpu")


def test_colours_are_normalised_by_channel() -> None:
    pixels = np.array([[[[0, 51, 255]]], [[[102, 0, 51]]]], dtype=np.uint8)  # (2, 1, 1, 3)
    data = data_with(pixels, np.array([0, 1]), mean=(0.2, 0.0, 0.5), std=(0.5, 1.0, 0.25))
    loader = BatchLoader(data, CPU)
    images, labels = only_batch(loader)
    assert loader.input_shape == (3, 1, 1) and images.shape == (2, 3, 1, 1)
    expected = torch.tensor([[-0.4, 0.2, 2.0], [0.4, 0.0, -1.2]])
    torch.testing.assert_close(images[:, :, 0, 0], expected, rtol=0, atol=1e-6)
    assert labels.tolist() == [0, 1] and labels.dtype == torch.int64
    assert images.is_contiguous()


def test_a_table_of_floats_is_normalised_by_column_and_has_float_targets() -> None:
    table = np.array([[1.0, 10.0], [3.0, 20.0]])
    data = data_with(
        table, np.array([0.5, 1.5]), mean=(2.0, 10.0), std=(1.0, 5.0), class_names=None
    )
    loader = BatchLoader(data, CPU, channels=3, size=28)
    inputs, targets = only_batch(loader)
    assert loader.input_shape == (2,) and inputs.dtype == targets.dtype == torch.float32
    assert inputs.tolist() == [[-1.0, 0.0], [1.0, 2.0]] and targets.tolist() == [0.5, 1.5]
    assert table[0, 0] == 1.0, "the shared array is left as it is"


def test_float_images_are_not_divided_by_255() -> None:
    data = data_with(np.full((2, 4, 4), 0.5), np.array([0, 1]))
    images, _ = only_batch(BatchLoader(data, CPU, size=8))
    assert images.shape == (2, 1, 8, 8) and bool((images == 0.5).all())


def test_text_is_refused() -> None:
    with pytest.raises(UserError, match="data set own has inputs of text"):
        BatchLoader(data_with(np.array(["one", "two"]), np.array([0, 1])), CPU)
    with pytest.raises(UserError, match="data set own has inputs of complex numbers"):
        BatchLoader(data_with(np.array([1j, 2j]), np.array([0, 1])), CPU)


def test_colours_cannot_become_other_channels() -> None:
    data = data_with(np.zeros((2, 4, 4, 3), dtype=np.uint8), np.array([0, 1]))
    with pytest.raises(UserError, match="in_channels is 1, but the images of own have 3 channels"):
        BatchLoader(data, CPU, channels=1)
