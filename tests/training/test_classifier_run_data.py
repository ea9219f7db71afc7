"""The shipped loop with data of any kind, and with models that few optimizers take."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from search_spaces.errors import UserError
from tests.training.test_classifier_run_own import colours, one_thread, split, start  # noqa: F401
from tune_app.data.split_data import SplitData
from tune_app.training.model_family import ModelFamily


def mlp(config: Mapping[str, Any], data: SplitData) -> nn.Module:
    return nn.Sequential(nn.LazyLinear(16), nn.ReLU(), nn.Linear(16, 1))


def table() -> SplitData:
    inputs = np.random.default_rng(1).normal(size=(200, 4))
    return split("table", inputs, inputs @ np.array([1.0, -2.0, 0.5, 0.0]), None, (0.0,) * 4)


def test_a_regression_on_a_table() -> None:
    run = start(table(), ModelFamily(models={"mlp": mlp}), last_epoch=40)
    for epoch in range(1, 41):
        metrics = run.train_epoch(epoch)
    test, predictions = run.test()
    assert "val_accuracy" not in metrics and "train_accuracy" not in metrics
    assert metrics["val_rmse"] == pytest.approx(metrics["val_loss"] ** 0.5, rel=1e-5)
    assert test.keys() == {"test_loss", "test_rmse", "num_test"} and test["num_test"] == 50
    by_hand = np.sqrt(np.mean((predictions - table().labels[run.data.test]) ** 2))
    assert test["test_rmse"] == pytest.approx(by_hand) and test["test_rmse"] < 0.5


def test_more_classes_than_a_byte_can_name() -> None:
    data = colours(1200, 300)
    run = start(data, num_outputs=300)
    run.train_epoch(1)
    metrics, predictions = run.test()
    assert predictions.shape == (300,) and "confusion_matrix" not in metrics
    assert 0 <= metrics["test_f1"] <= 1


@pytest.mark.parametrize(
    ("model", "data", "message"),
    [
        ("vgg11_bn", colours(), r"model vgg11_bn does not take images of 6×6 pixels"),
        ("resnet18", table(), r"model resnet18 takes images, and the inputs of table have the"),
    ],
)
def test_a_shipped_model_that_does_not_fit_the_data(
    model: str, data: SplitData, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        start(data, ModelFamily(), model=model)


def test_a_classifier_of_torchvision_is_trained_by_its_name() -> None:
    run = start(colours(), ModelFamily(), model="squeezenet1_1", image_size=32, in_channels=3)
    metrics = run.train_epoch(1)
    assert metrics["status"] == "ok" and run.weights()["classifier.1.weight"].shape[0] == 3


@pytest.mark.parametrize("layout", ["channels first", "channels last"])
def test_images_with_the_channels_first_are_not_taken_for_lines(layout: str) -> None:
    data = colours(num=80)
    images = np.tile(data.inputs, (1, 2, 2, 1))
    inputs = images if layout == "channels last" else np.moveaxis(images, -1, 1).copy()
    data = dataclasses.replace(data, inputs=inputs, mean=(0.0,), std=(1.0,))
    if layout == "channels last":
        start(data, ModelFamily(), model="resnet18")
        return
    with pytest.raises(UserError, match=r"3×12 pixels with 12 channels, as if the channels came"):
        start(data, ModelFamily(), model="resnet18")


class Fourier(nn.Module):
    """A layer with complex parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3 * 36, 3, dtype=torch.cfloat))

    def forward(self, images: Tensor) -> Tensor:
        return (images.flatten(1).to(torch.cfloat) @ self.weight).real


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_complex_parameters_are_trained_as_torch_does(optimizer: str) -> None:
    run = start(colours(), ModelFamily({"net": lambda *_: Fourier()}), optimizer=optimizer)
    plain = copy.deepcopy(run.model)
    step: torch.optim.Optimizer = torch.optim.Adam(plain.parameters(), lr=1e-2)
    if optimizer == "sgd":
        step = torch.optim.SGD(plain.parameters(), lr=1e-2, momentum=0.9)
    batches = run.epoch_batches(1)
    for inputs, labels in run.loader(batches):
        step.zero_grad()
        nn.functional.cross_entropy(plain(inputs), labels).backward()
        step.step()
    run.train_steps(batches)
    assert torch.equal(run.weights()["weight"], plain.state_dict()["weight"])
    start(colours(), run.family, optimizer=optimizer).load_state(run.state())


class Words(nn.Module):
    """A layer whose gradient has only the rows that a batch reads."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(256, 3, sparse=True)

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.words(((images.flatten(1) * 0.5 + 0.3) * 255).long().clamp(0, 255))
        return found


def test_sparse_gradients_are_trained() -> None:
    run = start(colours(), ModelFamily({"net": lambda *_: Words()}), optimizer="sgd")
    first = run.train_epoch(1)["train_loss"]
    assert run.train_epoch(2)["train_loss"] < first
