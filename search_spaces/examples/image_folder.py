"""A folder of images, whose subfolders are the classes, with any network of torchvision.

tune-app run --space search_spaces.examples.image_folder                # digits, written below
tune-app run --space search_spaces.examples.image_folder --data FOLDER  # images of your own
"""

from pathlib import Path

import numpy as np
from PIL import Image
from ray import tune
from sklearn.datasets import load_digits

from tune_app import ArrayData, SearchSpace, classifier


def write_digits(folder):
    digits = load_digits()
    for place, (pixels, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        file = folder / str(digit) / f"{place:04}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((pixels * 15).astype(np.uint8)).save(file)
    return folder


def load(source):
    folder = Path("digit_images" if source == "full" else source)
    if source == "full" and not folder.exists():
        write_digits(Path("digit_images.part")).rename(folder)
    return ArrayData.from_image_folder(folder, size=(32, 32))


TRAINING = {"epochs": 2, "optimizer": "adam", "lr": 1e-3, "batch_size": 32}
SPACE = SearchSpace(
    name="image_folder",
    trainable=classifier(),
    datasets={"images": load},
    param_space=TRAINING | {"model": tune.grid_search(["resnet18", "squeezenet1_1"])},
)
