"""The cropped model must be the plain model: outputs, gradients, training."""

from __future__ import annotations

import copy
from collections.abc import Callable
from unittest import mock

import pytest
import torch
import torchvision
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from tests.cropped_conv.cropped_models import assert_close, assert_same_function, ways
from tune_app.cropped_conv import layers as cropped_layers
from tune_app.cropped_conv.crop import crop_to_live_taps, full_state_dict
from tune_app.training.models import build_model

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize(
    ("name", "channels", "size"),
    [
        ("resnet18", 1, 28),
        ("resnet18", 1, 32),
        ("resnet18", 3, 28),
        ("resnet18", 3, 32),
        ("resnet50", 1, 28),
        ("resnet50", 3, 32),
    ],
)
def test_resnet_is_the_same_function(name: str, channels: int, size: int) -> None:
    plain = build_model(name, in_channels=channels).double()
    cropped = crop_to_live_taps(plain, (channels, size, size))
    assert ways(cropped) == {"rows", "bands"}
    assert_same_function(plain, cropped, (6, channels, size, size))


def test_one_output_channel_on_channels_last_maps() -> None:
    """Of 5x5 taps 3x3 are live on maps of 2x2 pixels."""
    plain = nn.Sequential(nn.Conv2d(4, 1, 5, padding=2)).double()
    cropped = crop_to_live_taps(plain, (4, 2, 2))
    assert ways(cropped) == {"conv2d"}
    images = torch.rand(2, 4, 2, 2, dtype=torch.float64).to(memory_format=torch.channels_last)
    for model in (plain, cropped):
        model(images).square().sum().backward()
    live, _ = cropped[0].split(plain[0].weight.grad)
    assert_close(cropped[0].weight.grad, live)


@pytest.mark.parametrize(
    ("constructor", "expected_ways"),
    [
        (torchvision.models.resnet34, {"rows", "bands"}),
        (torchvision.models.vgg11, {"bands"}),
        (torchvision.models.mobilenet_v2, {"rows", "conv2d"}),
        (torchvision.models.mobilenet_v3_small, {"rows", "conv2d"}),
    ],
)
def test_other_models_are_the_same_function(
    constructor: Callable[..., nn.Module], expected_ways: set[str]
) -> None:
    plain = constructor(num_classes=10).double()
    for module in plain.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    if isinstance(plain, torchvision.models.VGG):
        plain.classifier = nn.Linear(512 * 49, 10).double()
    cropped = crop_to_live_taps(plain, (3, 32, 32))
    assert ways(cropped) == expected_ways
    assert_same_function(plain, cropped, (6, 3, 32, 32))


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[nn.Conv2d, tuple[int, int]]:
    def pair(*values: int) -> tuple[int, int]:
        return draw(st.tuples(st.sampled_from(values), st.sampled_from(values)))

    groups = draw(st.sampled_from([1, 1, 1, 1, 2, 3]))
    size, kernel_size = pair(1, 2, 3, 4, 5, 7), pair(1, 2, 3, 4, 5)
    stride, dilation = pair(1, 2, 3), pair(1, 1, 1, 2, 3)
    padding: tuple[int, int] | str = pair(0, 1, 2, 3, 4)
    padding = draw(st.sampled_from([padding] * 6 + ["same", "valid"]))
    if padding == "same":
        stride = 1, 1
    conv = nn.Conv2d(
        groups * draw(st.integers(1, 3)),
        groups * draw(st.integers(1, 3)),
        kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        bias=draw(st.booleans()),
        dtype=torch.float64,
    )
    if padding != "same":
        edges = (0, 0) if isinstance(padding, str) else padding
        reach = [d * (k - 1) for d, k in zip(dilation, kernel_size, strict=True)]
        assume(all(s + 2 * p > r for s, p, r in zip(size, edges, reach, strict=True)))
    return conv, size


@settings(max_examples=300, deadline=None)
@given(convolutions(), st.sampled_from([0, 0, 0, 16]), st.integers(1, 3), st.permutations(range(4)))
def test_any_convolution_is_the_same_function(
    drawn: tuple[nn.Conv2d, tuple[int, int]],
    channels_per_column: int,
    batch: int,
    layout: list[int],
) -> None:
    conv, size = drawn
    with mock.patch.object(cropped_layers, "BANDS_CHANNELS_PER_COLUMN", channels_per_column):
        cropped = crop_to_live_taps(conv, (conv.in_channels, *size))
    assert_same_function(conv, cropped, (batch, conv.in_channels, *size), tuple(layout))
    assert all(
        torch.equal(value, conv.state_dict()[name])
        for name, value in full_state_dict(cropped).items()
    )


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_training_gives_the_weights_of_the_plain_model(name: str) -> None:
    plain = build_model("resnet18").double()
    initial = copy.deepcopy(plain.state_dict())
    cropped = crop_to_live_taps(plain, (1, 28, 28))
    images, labels = torch.randn(6, 1, 28, 28, dtype=torch.float64), torch.arange(6)
    for model in (plain, cropped):
        optimizer: torch.optim.Optimizer = (
            torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
            if name == "sgd"
            else torch.optim.Adam(model.parameters(), lr=1e-3)
        )
        for _ in range(3):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
    rebuilt = full_state_dict(cropped)
    assert list(rebuilt) == list(plain.state_dict())
    for key, value in plain.state_dict().items():
        assert_close(rebuilt[key].double(), value.double())
    dead = rebuilt["layer4.1.conv2.weight"].clone()
    dead[:, :, 1, 1] = initial["layer4.1.conv2.weight"][:, :, 1, 1]
    assert torch.equal(dead, initial["layer4.1.conv2.weight"])
    reloaded = build_model("resnet18").double()
    reloaded.load_state_dict(rebuilt)
    assert_close(reloaded.eval()(images), plain.eval()(images))


def test_the_given_model_and_the_random_state_are_left_as_they_are() -> None:
    plain = build_model("resnet18").train()
    plain.get_submodule("layer1").eval()
    before, random_state = copy.deepcopy(plain.state_dict()), torch.get_rng_state()
    layers, flags = str(plain), [module.training for module in plain.modules()]
    cropped = crop_to_live_taps(plain, (1, 28, 28))
    assert str(plain) == layers
    assert [module.training for module in plain.modules()] == flags
    assert [module.training for module in cropped.modules()] == flags
    assert torch.equal(torch.get_rng_state(), random_state)
    assert all(torch.equal(value, before[key]) for key, value in plain.state_dict().items())
    assert not any(module._forward_pre_hooks for module in cropped.modules())


def test_a_frozen_kernel_stays_frozen() -> None:
    conv = nn.Conv2d(64, 64, 3, padding=1)
    conv.weight.requires_grad_(False)
    layer = crop_to_live_taps(conv, (64, 2, 2))
    images = torch.randn(1, 64, 2, 2, requires_grad=True)
    layer(images).sum().backward()
    assert layer.get_parameter("weight").grad is None
    assert images.grad is not None


@pytest.mark.parametrize("size", [(3, 4, 4), (3, 2, 3), (4, 2, 2)])
def test_another_input_size_raises(size: tuple[int, int, int]) -> None:
    layer = crop_to_live_taps(nn.Conv2d(3, 4, 3, padding=1, stride=2), (3, 2, 2))
    with pytest.raises(ValueError, match="crop the plain model again"):
        layer(torch.zeros(1, *size))


def test_a_model_called_with_another_input_size_raises() -> None:
    cropped = crop_to_live_taps(build_model("resnet18"), (1, 28, 28))
    with pytest.raises(ValueError, match="crop the plain model again"):
        cropped(torch.zeros(2, 1, 32, 32))


def test_runs_are_bit_identical() -> None:
    cropped = crop_to_live_taps(build_model("resnet18"), (1, 28, 28))
    images = torch.randn(16, 1, 28, 28)
    results = []
    for _ in range(2):
        model = copy.deepcopy(cropped)
        outputs = model(images)
        outputs.square().sum().backward()
        results.append([outputs, *[p.grad for p in model.parameters()]])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


def test_autocast_computes_in_the_lower_precision() -> None:
    plain = nn.Sequential(nn.Conv2d(64, 64, 3, padding=1), nn.Conv2d(64, 8, 3, padding=1, stride=2))
    cropped = crop_to_live_taps(plain, (64, 2, 2))
    assert ways(cropped) == {"bands", "rows"}
    images = torch.randn(4, 64, 2, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = cropped(images)
        expected = plain(images)
    assert outputs.dtype == expected.dtype == torch.bfloat16
    assert_close(outputs.float(), expected.float(), 0.05)
    outputs.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in cropped.parameters())
