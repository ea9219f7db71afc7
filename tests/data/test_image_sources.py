"""Images from folders and from torchvision's data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Subset, TensorDataset
from torchvision.datasets import FakeData, ImageFolder
from torchvision.transforms import ToTensor

from tests.refused import refused
from tune_app.data.array_data import ArrayData


def write_image(path: Path, value: int, shape: tuple[int, ...] = (4, 6)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(shape, value, dtype=np.uint8)).save(path)


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Return a folder of grey images: two of cats (values 1 and 2), one of a dog (3)."""
    for name, value in (("cat/a.png", 1), ("cat/b.PNG", 2), ("dog/deep/c.png", 3)):
        write_image(tmp_path / "pets" / name, value)
    (tmp_path / "pets" / "cat" / "notes.txt").write_text("no image")
    (tmp_path / "pets" / ".cache").mkdir()
    return tmp_path / "pets"


def test_a_folder_is_a_class(pets: Path) -> None:
    data = ArrayData.from_image_folder(pets)
    assert data.inputs.shape == (3, 4, 6) and data.inputs.dtype == np.uint8
    assert data.inputs[:, 0, 0].tolist() == [1, 2, 3]
    assert data.labels.tolist() == [0, 0, 1] and data.class_names == ("cat", "dog")


def test_one_image_in_colour_makes_all_rgb(pets: Path) -> None:
    write_image(pets / "dog" / "d.png", 9, (4, 6, 3))
    data = ArrayData.from_image_folder(str(pets))
    assert data.inputs.shape == (4, 4, 6, 3)
    assert data.inputs[0, 0, 0].tolist() == [1, 1, 1]


def test_images_are_resized_if_asked(pets: Path) -> None:
    write_image(pets / "dog" / "d.png", 9, (5, 5))
    message = refused(lambda: ArrayData.from_image_folder(pets))
    assert "images have different sizes: the first is 4×6" in message
    assert "d.png is 5×5; give size=(height, width)" in message
    assert ArrayData.from_image_folder(pets, size=(3, 7)).inputs.shape == (4, 3, 7)
    assert ArrayData.from_image_folder(pets, size=8).inputs.shape == (4, 8, 8)
    for size in (0, 1.5, (1, 2, 3), "8"):
        wrong: Any = size
        assert "allowed: (height, width)" in refused(
            lambda size=wrong: ArrayData.from_image_folder(pets, size=size)
        )


def test_parts_are_pooled(pets: Path) -> None:
    pets.rename(pets.with_name("train"))
    write_image(pets.with_name("test") / "dog" / "x.png", 7)
    root = pets.parent
    message = refused(lambda: ArrayData.from_image_folder(root))
    assert "are parts, not classes; pool them: from_image_folder(" in message
    data = ArrayData.from_image_folder(root / "train", root / "test")
    assert data.labels.tolist() == [0, 0, 1, 1]
    assert data.inputs[:, 0, 0].tolist() == [1, 2, 3, 7]


def test_folders_that_are_refused(pets: Path) -> None:
    assert "no such folder" in refused(lambda: ArrayData.from_image_folder(pets / "x"))
    message = refused(lambda: ArrayData.from_image_folder(pets / "cat"))
    assert "has no subfolders; allowed: one for each class" in message
    (pets / "bird").mkdir()
    message = refused(lambda: ArrayData.from_image_folder(pets))
    assert "bird holds no images; add some, or remove the folder" in message
    (pets / "bird" / "x.jpg").write_bytes(b"abc")
    message = refused(lambda: ArrayData.from_image_folder(pets))
    assert f"{pets / 'bird' / 'x.jpg'} cannot be read (UnidentifiedImageError" in message


def test_a_truncated_image_is_named(pets: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)
    Image.fromarray(noise).save(pets / "cat" / "z.png")
    whole = (pets / "cat" / "z.png").read_bytes()
    (pets / "cat" / "z.png").write_bytes(whole[: len(whole) // 2])
    assert "z.png cannot be read" in refused(lambda: ArrayData.from_image_folder(pets))


def test_images_of_16_bits_stay_so(pets: Path) -> None:
    for path in sorted(pets.rglob("*.png")) + sorted(pets.rglob("*.PNG")):
        Image.fromarray(np.full((4, 6), 1_000, dtype=np.uint16)).save(path)
    data = ArrayData.from_image_folder(pets)
    assert data.inputs.dtype == np.uint16 and data.inputs.max() == 1_000
    write_image(pets / "cat" / "z.png", 1)
    assert "different types" in refused(lambda: ArrayData.from_image_folder(pets))


def test_torchvision_data_sets_are_pooled(pets: Path) -> None:
    (pets / ".cache").rmdir()  # torchvision takes it for a class
    dataset = ImageFolder(str(pets))
    data = ArrayData.from_torchvision(dataset)
    assert data.inputs.shape == (3, 4, 6, 3), "ImageFolder reads everything as RGB"
    assert data.labels.tolist() == [0, 0, 1] and data.class_names == ("cat", "dog")
    both = ArrayData.from_torchvision(dataset, Subset(dataset, [2]))
    assert both.labels.tolist() == [0, 0, 1, 1] and both.class_names == ("cat", "dog")
    assert both.inputs[:, 0, 0, 0].tolist() == [1, 2, 3, 3]


def test_tensors_become_channels_last() -> None:
    random = FakeData(12, (3, 5, 7), 3)
    tensors = FakeData(12, (3, 5, 7), 3, transform=ToTensor())
    as_bytes, as_floats = map(ArrayData.from_torchvision, (random, tensors))
    assert as_bytes.inputs.shape == as_floats.inputs.shape == (12, 5, 7, 3)
    assert as_floats.inputs.dtype == np.float32
    assert np.allclose(as_bytes.inputs / 255, as_floats.inputs)
    grey = TensorDataset(torch.zeros(4, 1, 5, 7), torch.tensor([0.5, 1, 2, 3]))
    data = ArrayData.from_torchvision(grey)
    assert data.inputs.shape == (4, 5, 7) and data.class_names is None


@pytest.mark.parametrize(
    ("dataset", "says"),
    [
        (5, "int is no data set with a length and items"),
        ([1, 2], "item 0 is no pair of an image and a label"),
        ([], "there are no images"),
        ([(Image.new("L", (3, 3)), {"a": 1})], "the label of item 0 is a dict; allowed: a class"),
        ([("text", 1)], "item 0 is a str, not an image or a tensor"),
        ([(Image.new("L", (3, 3)), 1), (Image.new("L", (3, 4)), 1)], "item 1 is 4×3; resize them"),
    ],
)
def test_data_sets_that_are_refused(dataset: Any, says: str) -> None:
    assert says in refused(lambda: ArrayData.from_torchvision(dataset))


def test_classes_may_be_named_by_numbers() -> None:
    images = TensorDataset(torch.zeros(4, 1, 5, 7), torch.tensor([0, 1, 2, 0]))
    images.classes = [0, 1, ("a", "b")]
    assert ArrayData.from_torchvision(images).class_names == ("0", "1", "a, b")


def test_parts_with_other_classes_are_refused(pets: Path, tmp_path: Path) -> None:
    (pets / ".cache").rmdir()
    write_image(tmp_path / "more" / "bird" / "a.png", 1)
    message = refused(
        lambda: ArrayData.from_torchvision(
            ImageFolder(str(pets)), ImageFolder(str(tmp_path / "more"))
        )
    )
    assert message.endswith("the data sets have different classes; give parts of one")
