"""The generators of random numbers in a trial.

Every generator is set anew at the start of each epoch, to a state that depends only on the seed and
the epoch. So nothing that ran before in the process (another trial, an evaluation, an epoch before
an interruption) changes what dropout or an augmentation draws, and a checkpoint after an epoch need
not hold the states: the next epoch would replace them.
"""

from __future__ import annotations

import hashlib
import random

import numpy as np
import torch

_NUMPY_SEEDS = 2**32


def seed_weights(seed: int) -> None:
    """Set the generators for building a model. torch's own gets the seed itself."""
    _set(seed)


def seed_epoch(seed: int, epoch: int, rank: int = 0) -> None:
    """Set the generators for an epoch of training and its evaluation.

    Args:
        seed: the trial's seed.
        epoch: counted from 1.
        rank: the number of this process among those that train the model. Each draws other numbers,
            because each has other items.
    """
    _set(derived_seed(seed, epoch, *([rank] if rank else [])))


def derived_seed(*parts: int) -> int:
    """Return a number below 2**63 that depends on all parts and on no library's version."""
    digest = hashlib.sha256(" ".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _set(number: int) -> None:
    """Set Python's, NumPy's global and torch's generators, those of every GPU included."""
    random.seed(number)
    np.random.seed(number % _NUMPY_SEEDS)
    torch.manual_seed(number)
