"""What must not be cropped, because it would no longer be the same function, is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from tests.cropped_conv.cropped_models import assert_close, ways
from tune_app.cropped_conv.crop import crop_to_live_taps

pytestmark = pytest.mark.usefixtures("one_thread")


def padded() -> nn.Conv2d:
    """A convolution that is cropped on a map of 2x2 pixels, unless something speaks against it."""
    return nn.Conv2d(4, 4, 5, padding=2)


class Subclass(nn.Conv2d):
    pass


class Calls(nn.Module):
    """Calls its convolution in a way of its own."""

    def __init__(self, call: Callable[[nn.Conv2d, Tensor], Tensor]) -> None:
        super().__init__()
        self.conv = padded()
        self.call = call

    def forward(self, images: Tensor) -> Tensor:
        return self.call(self.conv, images)


def hooked() -> nn.Module:
    conv = padded()
    conv.register_forward_hook(lambda module, inputs, output: output * module.weight.sum())
    return conv


def overridden() -> nn.Module:
    conv = padded()
    conv.forward = lambda images: images + conv.weight.mean()  # type: ignore[method-assign,assignment]
    return conv


def tied() -> nn.Module:
    first, second = padded(), padded()
    second.weight = first.weight
    return nn.Sequential(first, second)


def shared() -> nn.Module:
    conv = padded()
    return nn.Sequential(conv, conv)


@pytest.mark.parametrize(
    "model",
    [
        Subclass(4, 4, 5, padding=2),
        nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"),
        nn.Conv2d(4, 4, 3, padding=1, padding_mode="replicate"),
        nn.Conv2d(4, 4, 1, padding=1, stride=3),
        hooked(),
        overridden(),
        tied(),
        shared(),
        parametrizations.weight_norm(padded()),
        Calls(lambda conv, images: images),
        Calls(lambda conv, images: conv(conv(nn.functional.pad(images, (0, 1)))[..., :-1])),
        Calls(lambda conv, images: torch.stack([conv(image) for image in images])),
        Calls(lambda conv, images: conv(input=images)),
    ],
)
def test_left_alone(model: nn.Module) -> None:
    size = 1 if isinstance(model, nn.Conv2d) and model.kernel_size == (1, 1) else 2
    cropped = crop_to_live_taps(model, (4, size, size))
    assert not ways(cropped)
    images = torch.randn(2, 4, size, size)
    assert_close(cropped(images), model(images), 1e-5)


def test_what_is_left_alone_would_otherwise_be_cropped() -> None:
    assert ways(crop_to_live_taps(padded(), (4, 2, 2))) == {"conv2d"}
    twice = Calls(lambda conv, images: conv(conv(images)))
    assert ways(crop_to_live_taps(twice, (4, 2, 2))) == {"conv2d"}


def test_a_convolution_without_dead_taps_is_left_alone() -> None:
    plain = nn.Conv2d(1, 64, 7, stride=2, padding=3)
    assert type(crop_to_live_taps(plain, (1, 28, 28))) is nn.Conv2d
