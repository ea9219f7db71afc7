"""The order of an epoch's images: recorded once, and equal to what NumPy 2.4 made of the stream."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from tune_app.data.epoch_order import epoch_order


def test_the_order_stays_the_same_for_ever() -> None:
    """The values change only if the numbers of every published study do."""
    assert epoch_order(0, 1, 10).tolist() == [9, 1, 3, 8, 7, 6, 0, 4, 2, 5]
    assert epoch_order(3, 2, 10).tolist() == [7, 4, 1, 8, 6, 0, 2, 9, 3, 5]
    assert epoch_order(0, 1, 1).tolist() == [0] and epoch_order(0, 1, 0).tolist() == []
    digests = [
        hashlib.sha256(epoch_order(seed, epoch, 49_000).astype("<i8").tobytes()).hexdigest()
        for seed, epoch in ((0, 1), (12_345_678_901, 7))
    ]
    assert digests == [
        "c9d84939408d1697a33d4d4e50b3027b6fe561f66367e79faef1464225e52cc3",
        "22875cbf9f3ac2cf88a9a5a9b6f02d9ae2f3e61b0f9e9f04ae976f15dd46b98e",
    ]


@pytest.mark.skipif(
    not np.__version__.startswith("2.4."), reason="NumPy may shuffle otherwise in another release"
)
@pytest.mark.parametrize("num", [*range(70), 127, 128, 129, 1_000, 4_097, 70_000])
def test_it_is_the_order_that_studies_began_with(num: int) -> None:
    for seed, epoch in ((0, 1), (5, 2)):
        generator = np.random.Generator(np.random.PCG64([seed, epoch]))
        assert np.array_equal(epoch_order(seed, epoch, num), generator.permutation(num))


def test_every_place_is_equally_likely() -> None:
    """Of 6,000 orders of three, each of the six comes 1,000 times ± 4 × 29."""
    orders, counts = np.unique(
        [epoch_order(seed, 1, 3) for seed in range(6_000)], axis=0, return_counts=True
    )
    assert len(orders) == 6 and abs(counts - 1_000).max() < 4 * 29
