"""Predict with a support vector machine of several classes, computing each kernel value once.

Such a machine consists of one binary machine for every pair of k classes, k (k − 1) / 2 of them
(LIBSVM, Chang & Lin 2011, section 7). A support vector belongs to up to k − 1 of these, and oneDAL
computes its kernel with the images for each of them, on MNIST about four times. This module
computes the kernel of all images with all support vectors by one matrix product, and the decisions
of all pairs by a second one.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

_ROWS_AT_ONCE = 1_000
Matrix = npt.NDArray[np.float32]


def predict(classifier: Any, pixels: Matrix, gamma: float, num_threads: int) -> npt.NDArray[Any]:
    """Return the predicted classes, shape (N,), as ``classifier.predict`` does.

    Args:
        classifier: a fitted ``SVC`` with an rbf or poly kernel, ``coef0`` 0 and no class weights.
        pixels: images, shape (N, features).
        gamma: the kernel's gamma, a number.
        num_threads: number of threads for the matrix products.
    """
    if len(classifier.classes_) < 3 or classifier.kernel not in ("rbf", "poly"):
        predicted: npt.NDArray[Any] = classifier.predict(pixels)
        return predicted
    weights = _pair_weights(classifier.dual_coef_, classifier.n_support_)
    votes = []
    with threadpool_limits(num_threads):
        for start in range(0, len(pixels), _ROWS_AT_ONCE):
            kernel = _kernel(classifier, pixels[start : start + _ROWS_AT_ONCE], gamma)
            decisions = kernel.astype(np.float64) @ weights + classifier.intercept_
            votes.append(_most_votes(decisions, len(classifier.classes_)))
    classes: npt.NDArray[Any] = classifier.classes_[np.concatenate(votes)]
    return classes


def _pair_weights(
    dual_coef: npt.NDArray[Any], num_support: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """Return the weight of each support vector in each pair of classes, shape (vectors, pairs).

    Args:
        dual_coef: shape (classes − 1, vectors); row r of a vector belongs to the r-th of the other
            classes. Vectors are ordered by class.
        num_support: number of support vectors of each class, shape (classes,).
    """
    num_classes = len(num_support)
    ends = np.cumsum(num_support)
    own = [slice(end - number, end) for end, number in zip(ends, num_support, strict=True)]
    pairs = list(combinations(range(num_classes), 2))
    weights = np.zeros((int(ends[-1]), len(pairs)))
    for column, (first, second) in enumerate(pairs):
        weights[own[first], column] = dual_coef[second - 1, own[first]]
        weights[own[second], column] = dual_coef[first, own[second]]
    return weights


def _kernel(classifier: Any, pixels: Matrix, gamma: float) -> Matrix:
    """Return the kernel of images with all support vectors, shape (images, vectors)."""
    vectors: Matrix = np.asarray(classifier.support_vectors_, dtype=np.float32)
    products: Matrix = pixels @ vectors.T
    if classifier.kernel == "poly":
        products *= np.float32(gamma)
        np.power(products, classifier.degree, out=products)
        return products
    # |x − s|² = |x|² + |s|² − 2 x·s, computed in place to save memory.
    products *= np.float32(-2)
    products += np.square(pixels).sum(axis=1)[:, None]
    products += np.square(vectors).sum(axis=1)[None, :]
    np.maximum(products, 0, out=products)
    products *= np.float32(-gamma)
    np.exp(products, out=products)
    return products


def _most_votes(decisions: npt.NDArray[np.float64], num_classes: int) -> npt.NDArray[np.intp]:
    """Return the index of the class with the most votes, shape (N,); ties go to the first."""
    votes = np.zeros((len(decisions), num_classes), dtype=np.int16)
    for column, (first, second) in enumerate(combinations(range(num_classes), 2)):
        for_first = decisions[:, column] > 0
        votes[:, first] += for_first
        votes[:, second] += ~for_first
    first_of_most: npt.NDArray[np.intp] = votes.argmax(axis=1)
    return first_of_most
