"""A network of your own in the shipped loop, on colour images: how much dropout helps?

tune-app run --space search_spaces.examples.rgb_cnn

The images are scikit-learn's digits, enlarged to 32×32 and each in a colour of its own.
"""

import numpy as np
from ray import tune
from sklearn.datasets import load_digits
from torch import nn

from tune_app import ArrayData, SearchSpace, classifier


def load():
    digits = load_digits()
    shapes = digits.images.repeat(4, axis=1).repeat(4, axis=2)[..., None] / 16
    colours = np.random.default_rng(0).integers(64, 256, (len(shapes), 1, 1, 3))
    return ArrayData((shapes * colours).astype(np.uint8), digits.target)


def build(config, data):
    return nn.Sequential(
        nn.Conv2d(3, 32, 5, stride=4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(config["dropout"]),
        nn.Linear(32 * 7 * 7, data.num_classes),
    )


TRAINING = {"epochs": 4, "optimizer": "adam", "lr": 3e-3, "batch_size": 32}
SPACE = SearchSpace(
    name="rgb_cnn",
    trainable=classifier(models={"cnn": build}),
    datasets={"coloured_digits": load},
    param_space=TRAINING | {"dropout": tune.grid_search([0.0, 0.5])},
)
