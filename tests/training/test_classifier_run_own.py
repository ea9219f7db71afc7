"""The shipped loop with a user's model, loss, optimizer, schedule, augmentation and data."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from search_spaces.errors import UserError
from tests.training.test_classifier_run import measurements
from tune_app.cropped_conv.layers import CroppedConv2d
from tune_app.data.split_data import SplitData
from tune_app.training.classifier_family import classifier
from tune_app.training.classifier_run import ClassifierRun
from tune_app.training.model_family import ModelFamily


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def colours(num: int = 60, num_classes: int = 3) -> SplitData:
    """Return RGB images of 6x6 pixels that have the colour of their class, and noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(num) % num_classes
    images = rng.integers(0, 60, (num, 6, 6, 3), dtype=np.uint8)
    images[np.arange(num), :, :, labels % 3] += 150
    return split("colours", images, labels, tuple(map(str, range(num_classes))), (0.3,) * 3)


def split(
    name: str,
    inputs: np.ndarray[Any, Any],
    labels: np.ndarray[Any, Any],
    class_names: tuple[str, ...] | None,
    mean: tuple[float, ...],
) -> SplitData:
    train, val, test = np.split(np.arange(len(labels)), [len(labels) // 2, len(labels) * 3 // 4])
    std = (0.5,) * len(mean)
    return SplitData(name, inputs, labels, train, val, test, mean, std, class_names)


class Net(nn.Module):
    """A network with dropout, and with noise of Python's and of NumPy's generator in training."""

    def __init__(self, width: int, num_outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, 5, padding=2, stride=3)
        self.norm = nn.BatchNorm2d(width)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(width * 4, num_outputs)

    def forward(self, images: Tensor) -> Tensor:
        maps = torch.relu(self.norm(self.conv(images)))
        scale = 1 + self.training * (random.random() + np.random.rand()) / 10
        return self.head(self.drop(maps.flatten(1))) * scale


def build(config: Mapping[str, Any], data: SplitData) -> nn.Module:
    return Net(config.get("width", 8), data.num_classes)


def noise(images: Tensor, generator: torch.Generator) -> Tensor:
    return images + 0.1 * torch.randn(images.shape, generator=generator, device=images.device)


def start(
    data: SplitData, family: ModelFamily | None = None, last_epoch: int = 3, **changes: Any
) -> ClassifierRun:
    config = {"batch_size": 8, "optimizer": "adam", "lr": 1e-2, "epochs": last_epoch}
    complete = classifier(models={"net": build}).complete(config) | {"device": "cpu", "seed": 0}
    given = ModelFamily(models={"net": build}, augment=noise) if family is None else family
    return ClassifierRun(complete | changes, data, last_epoch, given)


def equal_weights(one: ClassifierRun, other: ClassifierRun) -> bool:
    ours, theirs = one.weights(), other.weights()
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_dropout_resumes_bit_for_bit() -> None:
    data = colours()
    whole, first = start(data), start(data)
    expected = [measurements(whole.train_epoch(epoch)) for epoch in (1, 2, 3)]
    assert measurements(first.train_epoch(1)) == expected[0]
    saved = copy.deepcopy(first.state())
    other = start(data, seed=7)  # another trial in the same process, and whatever it draws
    other.train_epoch(1)
    torch.rand(5), random.random(), np.random.rand()
    second = start(data)
    second.load_state(saved)
    assert [measurements(second.train_epoch(epoch)) for epoch in (2, 3)] == expected[1:]
    assert equal_weights(whole, second) and not equal_weights(whole, first)


def test_a_trial_with_two_milestones_equals_two_trials() -> None:
    data = colours()
    short, shared = start(data, last_epoch=1), start(data)
    one = measurements(short.train_epoch(1)), short.test()[0]
    assert (measurements(shared.train_epoch(1)), shared.test()[0]) == one
    long = start(data)
    for epoch in (1, 2, 3):
        metrics = measurements(long.train_epoch(epoch))
    shared.train_epoch(2)
    assert measurements(shared.train_epoch(3)) == metrics
    assert shared.test()[0] == long.test()[0] and equal_weights(shared, long)


def test_randomness_depends_on_the_seed_the_epoch_and_the_batch() -> None:
    drawn: list[float] = []

    def record(images: Tensor, generator: torch.Generator) -> Tensor:
        drawn.append(float(torch.rand((), generator=generator)))
        return images

    for seed in (0, 0, 1):
        run = start(colours(), ModelFamily(models={"net": build}, augment=record), seed=seed)
        run.train_epoch(1)
        run.train_epoch(2)
    number = len(drawn) // 3
    assert drawn[:number] == drawn[number : 2 * number]
    assert len(set(drawn)) == 2 * number == 16, "every batch of every epoch draws anew"


def test_a_model_gets_its_parameters_and_the_data() -> None:
    run = start(colours(), width=5)
    assert run.weights()["conv.weight"].shape == (5, 3, 5, 5)
    metrics = run.train_epoch(1)
    test, predictions = run.test()
    assert metrics["status"] == "ok" and set(np.unique(predictions)) <= {0, 1, 2}
    assert len(test["confusion_matrix"]) == 3
    assert run.cost["num_parameters"] == 5 * 75 + 5 + 10 + 20 * 3 + 3


def plain(config: Mapping[str, Any], data: SplitData) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 5, padding=2, stride=6), nn.Flatten(), nn.Linear(4, 3))


@pytest.mark.parametrize(
    ("changes", "is_cropped"),
    [
        ({}, True),
        ({"optimizer": "sgd"}, True),
        ({"optimizer": "sgd", "weight_decay": 0.1}, False),
        ({"optimizer": "adamw"}, False),
        ({"optimizer": "adamw", "weight_decay": 0}, True),
        ({"optimizer": "mine"}, False),
    ],
)
def test_a_model_is_cropped_if_the_optimizer_leaves_dead_taps_alone(
    changes: dict[str, Any], is_cropped: bool
) -> None:
    family = ModelFamily(
        models={"plain": plain},
        optimizers={"mine": lambda parameters, config: torch.optim.SGD(parameters, lr=1.0)},
    )
    run = start(colours(), family, **changes)
    assert any(isinstance(m, CroppedConv2d) for m in run.model.modules()) == is_cropped
    assert (run.cost["live_flops"] < run.cost["flops"]) == is_cropped
    assert run.weights().keys() == plain({}, colours()).state_dict().keys()


def test_own_loss_optimizer_and_schedule() -> None:
    family = ModelFamily(
        models={"net": build},
        loss=lambda outputs, labels: nn.functional.cross_entropy(outputs, labels) + 100,
        optimizers={"mine": lambda parameters, config: torch.optim.RMSprop(parameters, lr=0.5)},
        schedules={"half": lambda epoch, last, config: config["factor"] ** (last - epoch)},
    )
    run = start(colours(), family, optimizer="mine", lr_schedule="half", factor=0.5)
    metrics = run.train_epoch(1)
    assert isinstance(run.optimizer, torch.optim.RMSprop)
    assert run.optimizer.param_groups[0]["lr"] == 0.5 * 0.25
    assert metrics["train_loss"] > 100 and metrics["val_loss"] > 100
    again = start(colours(), family, optimizer="mine", lr_schedule="half", factor=0.5)
    again.load_state(copy.deepcopy(run.state()))
    assert measurements(again.train_epoch(2)) == measurements(run.train_epoch(2))


def test_a_part_of_the_model_that_is_not_trained_does_not_stop_a_resume() -> None:
    def with_spare(config: Mapping[str, Any], data: SplitData) -> nn.Module:
        model = Net(4, 3)
        model.spare = nn.Linear(2, 2)
        return model

    family = ModelFamily(models={"net": with_spare})
    run = start(colours(), family)
    run.train_epoch(1)
    resumed = start(colours(), family)
    resumed.load_state(copy.deepcopy(run.state()))
    trained, spare = run.model.state_dict(), resumed.model.state_dict()
    assert "spare.weight" in trained and trained.keys() == spare.keys()
    assert all(torch.equal(trained[name], spare[name]) for name in trained)


@pytest.mark.parametrize(
    ("family", "message"),
    [
        (ModelFamily(models={"net": lambda c, d: Net(4, 5)}), r"it must return one tensor of"),
        (ModelFamily(models={"net": lambda c, d: "net"}), "model net: its function returns str"),
        (ModelFamily(models={"net": build}, loss=lambda o, y: 1.0), "loss returns float"),
        (ModelFamily(models={"net": build}, augment=lambda i, g: i[:, :1]), "augment returns"),
        (
            ModelFamily(models={"net": build}, optimizers={"adam2": lambda p, c: None}),
            "optimizer adam2 returns NoneType",
        ),
    ],
)
def test_what_a_function_must_return(family: ModelFamily, message: str) -> None:
    with pytest.raises(UserError, match=message):
        start(colours(), family, optimizer=next(iter(family.optimizers), "adam")).train_epoch(1)
