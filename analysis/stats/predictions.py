"""Compare two trained models on the same test images.

These tests cover the sampling of the images only. They compare two trained models, not two
settings, because another training run may give another result (Dietterich 1998).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tune_app.study.power import fewest_pairs


@dataclass(frozen=True)
class McNemar:
    """McNemar's test.

    Attributes:
        p_value: of the hypothesis that both models are right equally often; an upper bound if
            ``is_bound``.
        only_first, only_second: images that only one of the models classifies correctly; upper
            bounds if ``is_bound``.
        is_bound: whether the labels are unknown.
    """

    p_value: float
    only_first: int
    only_second: int
    is_bound: bool = False


def mcnemar(first_correct: ArrayLike, second_correct: ArrayLike) -> McNemar:
    """Run McNemar's exact test on the images on which exactly one model is right (McNemar 1947).

    Args:
        first_correct, second_correct: (images,), true where the model is right; the same images
            in the same order.
    """
    first = np.asarray(first_correct, dtype=bool)
    second = np.asarray(second_correct, dtype=bool)
    assert first.shape == second.shape and first.ndim == 1
    only_first = int(np.count_nonzero(first & ~second))
    only_second = int(np.count_nonzero(second & ~first))
    return McNemar(mcnemar_of_counts(only_first, only_second), only_first, only_second)


def image_error(differences: ArrayLike) -> float:
    """Return the standard error of a mean difference that comes from the sampling of test images.

    Two images are added, on one of which only the first side is right and on one only the second
    (Bonett & Price 2012). Without them intervals are too short below a hundred images: at 20 they
    miss in up to half of all studies, because images on which the sides differ are few.

    Args:
        differences: (images,), by image the difference between both sides in the share of the
            trainings that are right on it, −1 to 1.
    """
    values = np.append(np.asarray(differences, dtype=float), [1.0, -1.0])
    return float(values.std(ddof=1) / math.sqrt(len(values)))


def mcnemar_bound(num_correct_first: int, num_correct_second: int, num_different: int) -> McNemar:
    """Compare two models whose predictions are known but whose labels are not.

    Exactly one model can be right only where the predictions differ. The numbers of images that
    only the first and only the second model gets right differ by as much as the numbers of correct
    images. For a fixed difference the p-value grows with the number of such images, so counting
    all images with different predictions gives an upper bound.

    Args:
        num_correct_first, num_correct_second: correct test images of each model.
        num_different: test images on which their predictions differ.
    """
    excess = num_correct_first - num_correct_second
    assert abs(excess) <= num_different, "the counts differ by more images than the predictions"
    discordant = num_different - (num_different - excess) % 2
    only_first = (discordant + excess) // 2
    only_second = discordant - only_first
    return McNemar(
        mcnemar_of_counts(only_first, only_second), only_first, only_second, is_bound=True
    )


def mcnemar_smallest(num_different: int, alpha: float = 0.05) -> int:
    """Return the smallest difference in correct images that McNemar's test finds.

    Args:
        num_different: images on which exactly one of both models is right. Fewer than a test at
            ``alpha`` needs count as so many, all of them in favour of one model.
        alpha: the two-sided level.
    """
    num_different = max(num_different, fewest_pairs(alpha))
    fewer = num_different // 2
    while mcnemar_of_counts(fewer, num_different - fewer) >= alpha:
        fewer -= 1
    return num_different - 2 * fewer


def mcnemar_of_counts(only_first: int, only_second: int) -> float:
    """Return the exact p-value from the images that only one of two models classifies correctly."""
    from scipy import special

    fewer, both = min(only_first, only_second), only_first + only_second
    return float(min(1.0, 2 * special.bdtr(fewer, both, 0.5)))
