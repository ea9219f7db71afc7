"""The order in which an epoch visits the training images, the same for ever.

NumPy guarantees the stream of 64-bit integers that PCG64 gives for a seed, but not what
``Generator.permutation`` makes of it (NEP 19). So the shuffle is written out here. It is the one
that NumPy 2.4 does: a study that was begun with ``Generator.permutation`` keeps its numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def epoch_order(seed: int, epoch: int, num: int) -> NDArray[np.int64]:
    """Return the numbers 0 to ``num`` - 1 in an order that depends on (seed, epoch) alone.

    This is the shuffle of Fisher and Yates (Knuth, The Art of Computer Programming, volume 2,
    algorithm 3.4.2P). The place to swap with is the next draw cut to as many bits as it can have;
    a draw that is still too large is thrown away, so that every place is equally likely.

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
    """Yield 32-bit integers: the lower half of each 64-bit one, then its upper half."""
    while True:
        yield from bits.random_raw(num_at_once).astype("<u8").view("<u4").tolist()
