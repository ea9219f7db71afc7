"""What a few measured steps say of one kind of trial.

A probe is measured in a process of its own and sent to the command, so its times are plain numbers
and this module imports neither torch nor scikit-learn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

FIT_POWER = 1.2
"""By which the fit of a kernel machine grows where not all pairs are compared."""
SUPPORT_POWER = 0.8
"""By which the number of support vectors grows with the number of training images."""


@dataclass(frozen=True)
class EpochTimes:
    """The time of a trial that trains epoch by epoch.

    Attributes:
        per_train: seconds for each image of each epoch.
        per_eval: seconds for each image that is evaluated.
        per_epoch: seconds of each epoch besides.
    """

    per_train: float
    per_eval: float
    per_epoch: float = 0.0

    def __call__(self, epochs: int, train: int, evaluated: int) -> float:
        """Return the seconds of a trial."""
        return epochs * (self.per_train * train + self.per_epoch) + self.per_eval * evaluated


@dataclass(frozen=True)
class KernelTimes:
    """The time of a trial that fits a kernel machine to its training images once.

    The fit compares all pairs of images, so its time grows with the square of their number. A
    solver of working sets (Wen et al., ThunderSVM, 2018) leaves out most pairs of a large number:
    from ``most_squared`` images on its time grows with the power 1.2. A prediction compares with
    the support vectors, whose number grows with the power 0.8. Both powers are those of SVMs on
    2,000 to 49,000 images of MNIST and FashionMNIST, with oneDAL on one core.

    Attributes:
        per_square: seconds of the fit, divided by the square of the number of training images.
        per_eval: seconds for each image that is evaluated, divided by the number of training images
            to the power 0.8.
        most_squared: the largest number of training images up to which the square holds; None for
            any number.
        most_train: the largest number of training images that the trial uses, or None for all.
    """

    per_square: float
    per_eval: float
    most_squared: int | None = None
    most_train: int | None = None

    def __call__(self, _epochs: int, train: int, evaluated: int) -> float:
        """Return the seconds of a trial."""
        size = min(self.most_train or train, train)
        squared = min(self.most_squared or size, size)
        fit = self.per_square * squared**2 * math.pow(size / max(1, squared), FIT_POWER)
        return fit + self.per_eval * math.pow(size, SUPPORT_POWER) * evaluated


@dataclass(frozen=True)
class Probe:
    """The result of a few measured steps of a trial; it can be pickled.

    Attributes:
        seconds: (epochs, training images, images evaluated in the whole trial) -> seconds.
        begin_seconds: time before the first epoch, in which the model is built.
        save_seconds: time to write one checkpoint.
        checkpoint_bytes: size of one checkpoint.
        weights_bytes: size of the weights of one milestone.
        memory_bytes: growth of a process that runs such a trial.
    """

    seconds: Callable[[int, int, int], float]
    begin_seconds: float = 0.0
    save_seconds: float = 0.0
    checkpoint_bytes: int = 0
    weights_bytes: int = 0
    memory_bytes: int = 0
