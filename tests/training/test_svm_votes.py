from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tune_app.data.images import load_datasets
from tune_app.training.svm import find_solver
from tune_app.training.svm_votes import _kernel, _most_votes, predict

KERNELS: list[dict[str, Any]] = [
    {"kernel": "rbf", "C": 10, "gamma": 0.02},
    {"kernel": "rbf", "C": 0.1, "gamma": 0.5},
    {"kernel": "poly", "C": 1, "degree": 3, "gamma": 0.01},
    {"kernel": "poly", "C": 0.1, "degree": 2, "gamma": 0.05},
]


@pytest.fixture(scope="module")
def images() -> Any:
    """FashionMNIST, whose classes overlap: 1,400 training and 400 test images."""
    found = load_datasets(["fashion_mnist"], "sample", 2_000)["fashion_mnist"]
    pixels = found.inputs.reshape(len(found.inputs), -1).astype(np.float32) / 255
    return pixels, found.labels, found.train, found.test


def solvers() -> list[Any]:
    from sklearn.svm import SVC

    return [SVC, find_solver(1)[1]]


@pytest.mark.parametrize("machine", KERNELS, ids=lambda machine: f"{machine['kernel']}")
@pytest.mark.parametrize("solver", solvers(), ids=lambda solver: solver.__module__.split(".")[0])
def test_predictions_are_those_of_the_solver(
    images: Any, solver: Any, machine: dict[str, Any]
) -> None:
    pixels, labels, train, test = images
    classifier = solver(**machine).fit(pixels[train], labels[train])
    expected = classifier.predict(pixels[test])
    assert len(np.unique(expected)) > 5
    found = predict(classifier, pixels[test], machine["gamma"], 1)
    assert np.array_equal(found, expected) and found.dtype == expected.dtype


@pytest.mark.parametrize("classes", [(0, 1), (0, 3, 7), (1, 2, 4, 8, 9)])
@pytest.mark.parametrize("solver", solvers(), ids=lambda solver: solver.__module__.split(".")[0])
def test_any_number_of_classes(images: Any, solver: Any, classes: tuple[int, ...]) -> None:
    pixels, labels, train, test = images
    train = train[np.isin(labels[train], classes)]
    classifier = solver(kernel="rbf", C=10, gamma=0.02).fit(pixels[train], labels[train])
    found = predict(classifier, pixels[test], 0.02, 1)
    assert set(found) == set(classes)
    assert np.array_equal(found, classifier.predict(pixels[test]))


def test_a_tie_goes_to_the_first_class() -> None:
    from tune_app.training.svm_votes import _most_votes

    # Pairs (0,1), (0,2), (1,2): each class wins one.
    assert _most_votes(np.array([[1.0, -1.0, 1.0], [-1.0, -1.0, -1.0]]), 3).tolist() == [0, 2]


def test_an_image_on_the_border_is_of_the_second_class_and_equal_votes_go_to_the_first() -> None:
    """As in LIBSVM, which counts a vote for the first class of a pair only above zero."""
    assert _most_votes(np.array([[0.0], [1e-9], [-1e-9]]), 2).tolist() == [1, 0, 1]
    # 0 beats 1, 2 beats 0 and 1 beats 2: one vote each.
    assert _most_votes(np.array([[1.0, -1.0, 1.0]]), 3).tolist() == [0]


def test_no_image_is_nearer_to_a_vector_than_at_it() -> None:
    """In single precision squared distances may come out below zero."""
    vectors = np.random.default_rng(0).uniform(2_000, 3_000, (50, 300)).astype(np.float32)
    kernel = _kernel(SimpleNamespace(kernel="rbf", support_vectors_=vectors), vectors, 1.0)
    assert kernel.max() <= 1.0 and kernel.min() >= 0.0
