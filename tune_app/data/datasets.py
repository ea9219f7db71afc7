"""The data sets. To add one in MNIST's format, add an entry to ``DATASETS``.

A data set in MNIST's format has two parts of grey 28×28 images: 60,000 in ``train`` and 10,000 in
``t10k``. Each part consists of a file of images and a file of labels in the IDX format,
gzip-compressed or not. The checksums are those of the published files, so a result always comes
from the data set that it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from search_spaces.errors import UserError, choices, did_you_mean


@dataclass(frozen=True)
class DatasetSpec:
    """A data set in MNIST's format.

    Attributes:
        name: Its name in configurations and result files.
        title: Its name in messages and reports.
        folders: Names of the folders that may hold its files, inside a user's folder or the cache.
        class_names: The classes, in the order of their labels.
        mean: Mean of the training pixels divided by 255.
        std: Their standard deviation.
        sha256: File name without ``.gz`` -> SHA-256 of the decompressed file.
        torchvision_class: Name of the class in ``torchvision.datasets`` that downloads it.
        looks: What an image looks like, which a model expects of others, too.
        licence: Under which licence the images are, and who says so.
    """

    name: str
    title: str
    folders: tuple[str, ...]
    class_names: tuple[str, ...]
    mean: float
    std: float
    sha256: Mapping[str, str]
    torchvision_class: str
    looks: str
    licence: str


def _checksums(
    train_images: str, train_labels: str, t10k_images: str, t10k_labels: str
) -> dict[str, str]:
    return {
        "train-images-idx3-ubyte": train_images,
        "train-labels-idx1-ubyte": train_labels,
        "t10k-images-idx3-ubyte": t10k_images,
        "t10k-labels-idx1-ubyte": t10k_labels,
    }


_MNIST = DatasetSpec(
    name="mnist",
    title="MNIST",
    folders=("mnist", "MNIST/raw", "MNIST"),
    class_names=tuple("0123456789"),
    mean=0.1307,
    std=0.3081,
    sha256=_checksums(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    torchvision_class="MNIST",
    looks="one bright digit in the middle of a black background",
    licence=(
        "CC BY-SA 3.0 (https://creativecommons.org/licenses/by-sa/3.0/), Yann LeCun and Corinna "
        "Cortes. This is what the documentation of Keras says of MNIST; the files themselves name "
        "no licence"
    ),
)

_FASHION_MNIST = DatasetSpec(
    name="fashion_mnist",
    title="FashionMNIST",
    folders=("fashion-mnist", "fashion_mnist", "FashionMNIST/raw", "FashionMNIST"),
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    mean=0.2860,
    std=0.3530,
    sha256=_checksums(
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    torchvision_class="FashionMNIST",
    looks="one bright piece of clothing in the middle of a black background",
    licence=("MIT, copyright 2017 Zalando SE (https://github.com/zalandoresearch/fashion-mnist)"),
)

DATASETS: dict[str, DatasetSpec] = {spec.name: spec for spec in (_MNIST, _FASHION_MNIST)}


def dataset_spec(name: str) -> DatasetSpec:
    """Return the data set with this name.

    Raises:
        UserError: the name is unknown. The message lists the known ones.
    """
    if name not in DATASETS:
        hint = did_you_mean(name, DATASETS)
        raise UserError(f"data set {name!r}: unknown; choose from {choices(DATASETS)}{hint}")
    return DATASETS[name]
