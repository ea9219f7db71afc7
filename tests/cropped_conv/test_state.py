"""The state of a cropped model: small, complete, and that of the plain model when asked for."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from unittest import mock

import cloudpickle
import pytest
import torch
from torch import nn

from tests.cropped_conv.cropped_models import assert_close, assert_same_gradients, ways
from tune_app.cropped_conv import layers as cropped_layers
from tune_app.cropped_conv.crop import crop_to_live_taps, full_state_dict
from tune_app.training.models import build_model

pytestmark = pytest.mark.usefixtures("one_thread")


def test_state_dict_is_small_and_survives_a_round_trip() -> None:
    plain = build_model("resnet18")
    cropped = crop_to_live_taps(plain, (1, 28, 28))
    state = cropped.state_dict()
    assert list(state) == list(plain.state_dict())
    assert sum(p.numel() for p in cropped.parameters()) == 4_228_554
    assert state["layer4.0.conv2.weight"].shape == (1, 512, 512)
    other = crop_to_live_taps(build_model("resnet18"), (1, 28, 28))
    other.load_state_dict(state)
    images = torch.randn(2, 1, 28, 28)
    assert torch.equal(other.eval()(images), cropped.eval()(images))


@pytest.mark.parametrize(
    "duplicate",
    [
        copy.deepcopy,
        lambda model: pickle.loads(pickle.dumps(model)),
        lambda model: cloudpickle.loads(cloudpickle.dumps(model)),
        lambda model: copy.deepcopy(model).double().float().to(memory_format=torch.channels_last),
    ],
)
def test_copies_compute_the_same(duplicate: Callable[[nn.Module], nn.Module]) -> None:
    plain = nn.Sequential(
        nn.Conv2d(64, 64, 3, padding=1), nn.Conv2d(64, 8, 5, stride=2, padding=2), nn.BatchNorm2d(8)
    )
    cropped = crop_to_live_taps(plain, (64, 2, 2)).eval()
    assert ways(cropped) == {"rows", "bands"}
    other = duplicate(cropped)
    images = torch.randn(2, 64, 2, 2)
    assert torch.equal(other(images), cropped(images))
    mine, others = full_state_dict(cropped), full_state_dict(other)
    assert all(torch.equal(mine[key], others[key]) for key in mine)


def test_parameters_and_gradients_may_be_parts_of_larger_tensors() -> None:
    plain = nn.Conv2d(4, 4, 3, padding=1, dtype=torch.float64)
    with mock.patch.object(cropped_layers, "BANDS_CHANNELS_PER_COLUMN", 0):
        cropped = crop_to_live_taps(plain, (4, 2, 2))
    assert ways(cropped) == {"bands"}
    flat = nn.utils.parameters_to_vector(cropped.parameters()).detach()
    shifted = torch.cat([torch.zeros(7, dtype=torch.float64), flat])
    nn.utils.vector_to_parameters(shifted[7:], cropped.parameters())
    images = torch.randn(1, 4, 2, 2, dtype=torch.float64)
    sides = []
    for model in (plain, cropped):
        outputs = torch.cat([images, model(images)])
        outputs.square().sum().backward()
        sides.append(outputs)
    assert_close(sides[1], sides[0])
    assert_same_gradients(plain, cropped)
