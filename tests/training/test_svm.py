"""The SVM trainable without Ray: both solvers, convergence, sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.svm import SVC

from search_spaces.errors import UserError
from tune_app.data.array_data import ArrayData
from tune_app.data.images import load_datasets
from tune_app.data.own_data import split_own
from tune_app.data.split_data import SplitData, subset_train
from tune_app.training import svm
from tune_app.training.registry import TRAINABLES


@pytest.fixture(scope="module")
def images() -> SplitData:
    return load_datasets(["mnist"], "sample", 1_000)["mnist"]


def config(**changes: Any) -> dict[str, Any]:
    given = {"dataset": "mnist", "kernel": "rbf", "C": 10, **changes}
    return {**TRAINABLES["svm"].complete(given), "seed": 0}


@pytest.mark.parametrize("kernel", ["rbf", "poly"])
def test_it_agrees_with_scikit_learn(images: SplitData, kernel: str) -> None:
    metrics, predictions = svm.fit_and_predict(config(kernel=kernel), images, 1)
    pixels = images.inputs.reshape(len(images.inputs), -1) / 255
    reference = SVC(kernel=kernel, C=10).fit(pixels[images.train], images.labels[images.train])
    expected = reference.predict(pixels[images.test])
    assert np.mean(predictions == expected) >= 0.995
    assert metrics["test_accuracy"] == np.mean(predictions == images.labels[images.test])
    on_val = np.mean(reference.predict(pixels[images.val]) == images.labels[images.val])
    assert metrics["val_accuracy"] == pytest.approx(on_val, abs=0.011)
    assert metrics["status"] == "ok" and metrics["converged"]
    assert metrics["num_train_images"] == 700 and metrics["num_test"] == 200
    assert abs(metrics["num_support_vectors"] - len(reference.support_)) <= 3


@pytest.mark.parametrize("value", [1.0, 0.0])
def test_inputs_without_variance_have_the_gamma_of_scikit_learn(value: float) -> None:
    inputs = np.full((40, 3), value)
    data = load_datasets(["flat"], own={"flat": ArrayData(inputs, ["a", "b"] * 20)})
    metrics, predictions = svm.fit_and_predict(config(), data["flat"], 1)
    assert len({*predictions.tolist()}) == 1 and metrics["test_accuracy"] == 0.5


def test_one_class_alone_is_refused() -> None:
    data = load_datasets(["one"], own={"one": ArrayData(np.eye(40), ["a"] * 40)})
    with pytest.raises(UserError, match="data set one has one class alone among its training"):
        svm.fit_and_predict(config(), data["one"], 1)


def test_stopping_early_is_unconverged(images: SplitData) -> None:
    metrics, _ = svm.fit_and_predict(config(max_iter=3), images, 1)
    assert metrics["status"] == "unconverged" and not metrics["converged"]
    assert 0 <= metrics["test_accuracy"] <= 1


def test_the_smallest_limit_is_one_iteration(images: SplitData) -> None:
    assert svm.fit_and_predict(config(max_iter=1), images, 1)[0]["status"] == "unconverged"
    allowed = TRAINABLES["svm"].parameters["max_iter"]
    assert [allowed.accepts(number) for number in (-2, -1, 0, 1)] == [False, True, False, True]


def test_a_limit_of_the_solver_itself_is_a_limit(
    images: SplitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Degree 8 with gamma 864 meets the 10,000 iterations of oneDAL only after half a minute."""
    pytest.importorskip("sklearnex")
    monkeypatch.setattr(svm, "ONEDAL_MAX_ITER", 3)
    metrics, _ = svm.fit_and_predict(config(), images, 1)
    assert metrics["solver"] == svm.ONEDAL
    assert metrics["status"] == "unconverged" and not metrics["converged"]


def test_the_row_says_which_solver_ran(images: SplitData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svm, "find_solver", lambda _threads: ("scikit-learn", SVC))
    metrics, _ = svm.fit_and_predict(config(), images, 1)
    assert metrics["solver"] == "scikit-learn" and metrics["converged"]
    unconverged, _ = svm.fit_and_predict(config(max_iter=3), images, 1)
    assert unconverged["status"] == "unconverged"


def test_a_probe_grows_with_the_square_of_the_images(
    images: SplitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = svm.probe(config(), images, 1).seconds
    assert seconds(1, 10_000, 0) == pytest.approx(4 * seconds(1, 5_000, 0))
    assert seconds(1, 56_000, 0) == pytest.approx(4**1.2 * seconds(1, 14_000, 0)), "of ten classes"
    few = subset_train(images, 70, 0)
    assert svm.probe(config(), few, 1).seconds(1, 70, 0) > 0, "as many as 100 images leave"
    limited = svm.probe(config(num_train_images=500), images, 1).seconds
    assert limited(1, 20_000, 0) == limited(1, 500, 0)
    monkeypatch.setattr(svm, "find_solver", lambda _threads: ("scikit-learn", SVC))
    stock = svm.probe(config(), few, 1).seconds
    assert stock(1, 56_000, 0) == pytest.approx(16 * stock(1, 14_000, 0)), "it compares all pairs"


def test_a_probe_of_more_classes_than_it_would_take_items() -> None:
    labels = np.arange(600) % 150
    many = split_own("many", ArrayData(labels[:, None], labels), None, 0, vary_split=False)
    assert svm.probe(config(), many, 1).seconds(1, 420, 180) > 0


def test_a_choice_of_all_training_items_is_all_of_them(images: SplitData) -> None:
    assert sorted(subset_train(images, 700, 0).train) == sorted(images.train)
    with pytest.raises(UserError, match="num_train_images 701: allowed 10 to 700"):
        subset_train(images, 701, 0)


def test_a_choice_that_could_not_have_all_classes_is_refused() -> None:
    labels = np.arange(20) % 18
    few = split_own("few", ArrayData(labels[:, None], labels), None, 0, vary_split=False)
    with pytest.raises(UserError, match="num_train_images 14: allowed 18 to 14"):
        subset_train(few, 14, 0)
