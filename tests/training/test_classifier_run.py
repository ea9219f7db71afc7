"""The ResNet trainable without Ray: what is trained, in which order, and exact continuation."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from search_spaces.errors import UserError
from tune_app.data.images import load_datasets
from tune_app.data.split_data import SplitData
from tune_app.training.classifier_run import ClassifierRun
from tune_app.training.registry import TRAINABLES
from tune_app.training.task import Task


@pytest.fixture(scope="module")
def images() -> SplitData:
    return load_datasets(["mnist"], "sample", 200)["mnist"]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def start(images: SplitData, last_epoch: int = 3, **changes: Any) -> ClassifierRun:
    config = {
        "dataset": "mnist",
        "model": "resnet18",
        "batch_size": 32,
        "optimizer": "adam",
        "lr": 1e-3,
        "epochs": last_epoch,
        "device": "cpu",
        "seed": 0,
    }
    return ClassifierRun(TRAINABLES["resnet"].complete(config) | changes, images, last_epoch)


TIMES = {
    "train_seconds",
    "epoch_seconds",
    "eval_seconds",
    "cpu_seconds",
    "images_per_second",
    "peak_memory_mb",
}


def measurements(metrics: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metrics.items() if key not in TIMES}


def test_the_order_of_images_is_a_function_of_seed_and_epoch(images: SplitData) -> None:
    run, same, other = start(images), start(images, lr=0.1), start(images, seed=1)

    def order(which: ClassifierRun, epoch: int) -> list[int]:
        return [int(i) for batch in which.epoch_batches(epoch) for i in batch]

    assert order(run, 1) == order(run, 1) == order(same, 1)
    assert order(run, 1) != order(run, 2) and order(run, 1) != order(other, 1)
    assert set(order(run, 1)) <= set(images.train.tolist())
    # 140 training images: four batches of 32 and 12 more, which is over a quarter.
    assert [len(b) for b in run.epoch_batches(1)] == [32, 32, 32, 32, 12]
    # 140 = 46 × 3 + 2 and 46 × 3 + 1: BatchNorm has no variance over a single image.
    assert [len(b) for b in start(images, batch_size=3).epoch_batches(1)] == [3] * 46 + [2]
    one_less = replace(images, train=images.train[:139])
    assert [len(b) for b in start(one_less, batch_size=3).epoch_batches(1)] == [3] * 46
    # 140 = 8 × 17 + 4, under a quarter of 17.
    assert [len(b) for b in start(images, batch_size=17).epoch_batches(1)] == [17] * 8
    few = replace(images, train=images.train[:7])
    assert [len(b) for b in start(few, batch_size=32).epoch_batches(1)] == [7], "there is no other"


def test_the_order_rests_on_nothing_that_numpy_may_change(
    images: SplitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(np.random, "Generator")
    assert start(images).epoch_batches(1)[0][:4].tolist() == [155, 51, 106, 139]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(
    images: SplitData, optimizer: str
) -> None:
    whole = start(images, optimizer=optimizer)
    expected = [measurements(whole.train_epoch(epoch)) for epoch in (1, 2, 3)]
    first = start(images, optimizer=optimizer)
    assert measurements(first.train_epoch(1)) == expected[0]
    second = start(images, optimizer=optimizer)
    second.load_state(first.state())
    assert [measurements(second.train_epoch(epoch)) for epoch in (2, 3)] == expected[1:]
    assert second.train_seconds > first.train_seconds
    ours, theirs = whole.weights(), second.weights()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_resumed_run_augments_and_smooths_as_an_uninterrupted_one(images: SplitData) -> None:
    changes = {"optimizer": "sgd", "augmentation": "flip_shift", "label_smoothing": 0.1}
    whole = start(images, **changes)
    plain = start(images, optimizer="sgd")
    whole.train_epoch(1)
    second = whole.state()
    assert measurements(plain.train_epoch(1)) != measurements(
        start(images, **changes).train_epoch(1)
    )
    again = start(images, **changes)
    again.load_state(copy.deepcopy(second))
    assert measurements(again.train_epoch(2)) == measurements(whole.train_epoch(2))


def test_smoothed_labels_change_the_training_loss_alone(images: SplitData) -> None:
    smooth, plain = Task(images, None, 0.2), Task(images)
    outputs, labels = (
        torch.randn(8, 10, generator=torch.Generator().manual_seed(0)),
        torch.arange(8),
    )
    logs = torch.log_softmax(outputs, 1)
    true, uniform = -logs[range(8), labels].mean(), -logs.mean()
    assert smooth.loss(outputs, labels).item() == pytest.approx((0.8 * true + 0.2 * uniform).item())
    assert plain.loss(outputs, labels).item() == pytest.approx(true.item())
    assert smooth.summed_loss(outputs, labels) == pytest.approx(8 * true.item())
    with pytest.raises(UserError, match=r"label_smoothing 0\.2: mnist has no classes"):
        Task(replace(images, class_names=None), None, 0.2)


def test_testing_on_the_way_changes_nothing(images: SplitData) -> None:
    plain, tested = start(images), start(images)
    plain.train_epoch(1)
    tested.train_epoch(1)
    metrics, predictions = tested.test()
    assert measurements(plain.train_epoch(2)) == measurements(tested.train_epoch(2))
    labels = images.labels[images.test]
    assert metrics["test_accuracy"] == np.mean(labels == predictions)
    assert len(predictions) == metrics["num_test"] == 40


def test_training_learns(images: SplitData) -> None:
    run = start(images, last_epoch=8)
    losses = [run.train_epoch(epoch)["train_loss"] for epoch in range(1, 9)]
    assert losses[-1] < losses[0] / 2


def test_a_loss_that_is_not_finite_is_reported_as_diverged(images: SplitData) -> None:
    metrics = start(images, optimizer="sgd", lr=1e30).train_epoch(1)
    assert metrics["status"] == "diverged" and metrics["epoch"] == 1
    assert not (math.isfinite(metrics["train_loss"]) and math.isfinite(metrics["val_loss"]))


def test_the_cosine_schedule_looks_at_the_last_epoch(images: SplitData) -> None:
    run = start(images, last_epoch=4, lr_schedule="cosine")
    rates = []
    for epoch in (1, 3):
        run.train_epoch(epoch)
        rates.append(run.optimizer.param_groups[0]["lr"])
    assert rates == pytest.approx([1e-3, 0.5e-3])


def test_cost_counts_the_nominal_model(images: SplitData) -> None:
    cost = start(images).cost
    assert cost["macs"] == 33_184_000 or round(cost["macs"] / 1e6, 4) == 33.1840
    assert cost["flops"] == 66_107_904
    assert cost["live_flops"] < cost["flops"]


def test_three_channels_and_larger_images_are_trained(images: SplitData) -> None:
    metrics = start(images, in_channels=3, image_size=40).train_epoch(1)
    assert metrics["status"] == "ok" and metrics["precision"] == "float32"


def truncated(state: dict[str, Any]) -> None:
    del state["optimizer"]["state"][0]


def another_shape(state: dict[str, Any]) -> None:
    state["optimizer"]["state"][0] = {
        name: torch.zeros(3) for name in state["optimizer"]["state"][0]
    }


def no_settings(state: dict[str, Any]) -> None:
    del state["optimizer"]["param_groups"][0]["lr"]


def another_model(state: dict[str, Any]) -> None:
    state["model"] = {"weight": torch.zeros(2)}


def no_number(state: dict[str, Any]) -> None:
    state["train_seconds"] = [1]


def nothing(state: dict[str, Any]) -> None:
    state.clear()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize(
    "change", [truncated, another_shape, no_settings, another_model, no_number, nothing]
)
def test_a_state_that_does_not_fit_is_refused_before_it_is_used(
    images: SplitData, optimizer: str, change: Callable[[dict[str, Any]], None]
) -> None:
    run = start(images, optimizer=optimizer)
    run.train_steps(run.epoch_batches(1)[:1])
    state = copy.deepcopy(run.state())
    start(images, optimizer=optimizer).load_state(copy.deepcopy(state))
    change(state)
    with pytest.raises(Exception):  # noqa: B017 (of many kinds)
        start(images, optimizer=optimizer).load_state(state)
