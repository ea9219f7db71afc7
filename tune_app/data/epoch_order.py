"""The order of the training images in an epoch, which no later version of NumPy changes.

NumPy guarantees the 64-bit integers that PCG64 returns for a seed, but not the result of
``Generator.permutation`` (NEP 19). Therefore this module has its own shuffle. It gives the same
order as ``Generator.permutation`` in NumPy 2.4, so older studies keep their numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def epoch_order(seed: int, epoch: int, num: int) -> NDArray[np.int64]:
    """Return the numbers 0 to ``num`` - 1 in an order that depends only on (seed, epoch).

    This is the shuffle of Fisher and Yates (Knuth, The Art of Computer Programming, volume 2,
    algorithm 3.4.2P). The place to swap with is the next draw, reduced to as many bits as the
    largest possible place has. A draw that is still too large is discarded, so that all places are
    equally likely.

    Args:
        seed: the trial's seed, 0 or more.
        epoch: counted from 1.
        num: the number of images, below 2**32.

    Returns:
        (num,) int64.
    """
    draws = _draws(np.random.PCG64([seed, epoch]), max(num, 1))
    order = list(range(num))
    for last in range(num - 1, 0, -1):
        mask = (1 << last.bit_length()) - 1
        while (place := next(draws) & mask) > last:
            pass
        order[last], order[place] = order[place], order[last]
    return np.array(order, dtype=np.int64)


def _draws(bits: np.random.PCG64, num_at_once: int) -> Iterator[int]:
    """Yield 32-bit integers: of each 64-bit draw the lower half, then the upper half."""
    while True:
        yield from bits.random_raw(num_at_once).astype("<u8").view("<u4").tolist()
