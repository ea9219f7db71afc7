"""What a few measured steps say of one kind of trial.

A probe is measured in a process of its own and sent to the command, so its times are plain numbers
and this module imports neither torch nor scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


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
class PairTimes:
    """The time of a trial that compares all pairs of its training images once.

    Attributes:
        per_square: seconds of the fit, divided by the square of the number of training images.
        per_pair: seconds for each pair of a training image and one that is evaluated.
        most_train: the largest number of training images that the trial uses, or None for all.
    """

    per_square: float
    per_pair: float
    most_train: int | None

    def __call__(self, _epochs: int, train: int, evaluated: int) -> float:
        """Return the seconds of a trial."""
        size = min(self.most_train or train, train)
        return self.per_square * size**2 + self.per_pair * size * evaluated


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
