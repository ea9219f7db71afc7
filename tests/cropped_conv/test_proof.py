"""Models of which nothing is known are cropped only where it changes nothing."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.cropped_conv.cropped_models import ways
from tune_app.cropped_conv.crop import full_state_dict
from tune_app.cropped_conv.proof import crop_if_exact
from tune_app.training.models import build_model

pytestmark = pytest.mark.usefixtures("one_thread")
SIZE = 2


class Net(nn.Module):
    """Two convolutions, of which the second is cropped on a map of 2x2 pixels, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 1)
        self.conv = nn.Conv2d(4, 4, 5, padding=2)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(4, 3)
        self.calls = 0
        self.weights: list[nn.Parameter] = []

    def features(self, images: Tensor) -> Tensor:
        return self.conv(functional.relu(self.first(images)))

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.drop(self.features(images).mean((2, 3))))


class Functional(Net):
    def features(self, images: Tensor) -> Tensor:
        maps = functional.relu(self.first(images))
        return self.conv(maps) + functional.conv2d(maps, self.conv.weight, padding=2)


class Penalised(Net):
    """Reads a weight through a list, which no graph shows."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = [self.conv.weight]

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images) + self.weights[0].sum()


class OtherSizeInTraining(Net):
    def features(self, images: Tensor) -> Tensor:
        return super().features(functional.pad(images, (0, 1)) if self.training else images)


class OtherSizeAtRandom(Net):
    def features(self, images: Tensor) -> Tensor:
        return super().features(
            functional.pad(images, (0, 1)) if random.random() < 0.01 else images
        )


class OtherSizeByTorch(Net):
    def features(self, images: Tensor) -> Tensor:
        rare = bool(torch.rand(()) < 0.01)
        return super().features(functional.pad(images, (0, 1)) if rare else images)


class OtherSizeLater(Net):
    def features(self, images: Tensor) -> Tensor:
        self.calls += 1
        return super().features(functional.pad(images, (0, 1)) if self.calls > 100 else images)


class DependsOnValues(Net):
    def features(self, images: Tensor) -> Tensor:
        return super().features(functional.pad(images, (0, 1)) if images.sum() > 1e9 else images)


class ReadsAnAttribute(Net):
    def features(self, images: Tensor) -> Tensor:
        return super().features(images) * self.conv.kernel_size[0]


class NotOfFloat64(Net):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images.float())


def hooked() -> Net:
    model = Net()
    model.conv.register_forward_hook(lambda module, inputs, output: output * 2)
    return model


def shared() -> Net:
    model = Net()
    model.extra = model.conv
    return model


def frozen() -> Net:
    model = Net()
    model.conv.weight.requires_grad_(False)
    return model


@pytest.mark.parametrize(
    "build",
    [
        Functional,
        Penalised,
        OtherSizeInTraining,
        OtherSizeAtRandom,
        OtherSizeByTorch,
        OtherSizeLater,
        DependsOnValues,
        ReadsAnAttribute,
        NotOfFloat64,
    ],
)
def test_what_is_not_proven_is_used_as_it_is(build: Callable[[], nn.Module]) -> None:
    model = build()
    assert crop_if_exact(model, torch.randn(2, 3, SIZE, SIZE)) is model


@pytest.mark.parametrize("build", [hooked, shared])
def test_one_convolution_may_be_left_alone(build: Callable[[], nn.Module]) -> None:
    cropped = crop_if_exact(build(), torch.randn(2, 3, SIZE, SIZE))
    assert ways(cropped) and type(cropped.get_submodule("conv")) is nn.Conv2d


@pytest.mark.parametrize("build", [Net, frozen])
def test_a_plain_model_is_cropped_and_stays_the_same_function(
    build: Callable[[], nn.Module],
) -> None:
    model, images = build(), torch.randn(2, 3, SIZE, SIZE)
    cropped = crop_if_exact(model, images)
    assert ways(cropped)
    torch.testing.assert_close(cropped.eval()(images), model.eval()(images))
    assert all(torch.equal(v, full_state_dict(cropped)[k]) for k, v in model.state_dict().items())


def test_inputs_that_are_no_images_are_left_alone() -> None:
    model = nn.Linear(3, 2)
    assert crop_if_exact(model, torch.zeros(2, 3)) is model


def test_no_generator_and_no_flag_changes() -> None:
    model = Net().train()
    before = random.getstate(), repr(np.random.get_state()), torch.get_rng_state()
    crop_if_exact(model, torch.randn(2, 3, SIZE, SIZE, generator=torch.Generator()))
    assert random.getstate() == before[0] and repr(np.random.get_state()) == before[1]
    assert torch.equal(torch.get_rng_state(), before[2])
    assert model.training and model.conv.training and model.conv.weight.grad is None


def test_a_resnet_of_torchvision_is_proven_too() -> None:
    torch.manual_seed(0)
    images = torch.randn(2, 1, 28, 28)
    assert ways(crop_if_exact(build_model("resnet34"), images)) >= {"rows", "bands"}
