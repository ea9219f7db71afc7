"""The shipped models: every classifier of torchvision, by its name."""

from __future__ import annotations

import functools
from typing import Any

import torch
import torchvision
from torch import nn

from search_spaces.errors import UserError, did_you_mean

PROVEN = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
"""Models of whose blocks the tests compare the cropped form with the plain one."""
_ARGUMENTS: dict[str, dict[str, Any]] = {
    # These two would return several outputs in training.
    "googlenet": {"aux_logits": False, "init_weights": True},
    "inception_v3": {"aux_logits": False, "init_weights": True},
}


@functools.cache
def model_names() -> tuple[str, ...]:
    """Return the names of torchvision's classifiers."""
    return tuple(torchvision.models.list_models(module=torchvision.models))


def build_model(
    name: str, in_channels: int = 1, num_classes: int = 10, image_size: tuple[int, int] = (28, 28)
) -> nn.Module:
    """Build a model with random weights, drawn from torch's global generator.

    The models are torchvision's, with torchvision's initialisation. Only the first convolution
    differs, if it has not ``in_channels`` input channels (a ResNet's is 7x7, stride 2, no bias).

    Args:
        name: its name in ``torchvision.models``.
        in_channels: the number of channels of an image.
        num_classes: the number of outputs.
        image_size: (height, width), which vision transformers need to know.

    Raises:
        UserError: the name is unknown, or the model cannot be built for images of this size.
    """
    if name not in model_names():
        raise UserError(
            f"unknown model {name!r}{did_you_mean(name, model_names())}; choose a classifier of "
            f"torchvision.models, such as {PROVEN[0]}"
        )
    arguments = _arguments(name, image_size)
    try:
        model: nn.Module = torchvision.models.get_model(
            name, weights=None, num_classes=num_classes, **arguments
        )
    except (ValueError, RuntimeError, AssertionError) as error:
        raise too_small(name, image_size, error) from None
    _take_channels(model, in_channels)
    return model


def too_small(name: str, size: tuple[int, int], error: Exception) -> UserError:
    """Return the error for a model that does not take images of a size (height, width)."""
    why = (str(error).splitlines() or [type(error).__name__])[0]
    return UserError(
        f"model {name} does not take images of {size[0]}×{size[1]} pixels ({why}); set image_size "
        "to another size, such as 64 or 224, or choose another model"
    )


def plain_lines(
    name: str, in_channels: int, num_classes: int, image_size: tuple[int, int]
) -> list[str]:
    """Return the lines of Python that build the model with torchvision alone.

    They use the names ``torch`` and ``torchvision``. The arguments are those of
    :func:`build_model`.
    """
    arguments = {"num_classes": num_classes, **_arguments(name, image_size)}
    words = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    lines = [f"model = torchvision.models.{name}({words})"]
    with torch.device("meta"):
        path, first = _first_convolution(build_model(name, 3, num_classes, image_size))
    if first.in_channels != in_channels:
        shape = f"{in_channels}, {first.out_channels}, {first.kernel_size}"
        rest = f"{first.stride}, {first.padding}, bias={first.bias is not None}"
        lines.append(f"model.set_submodule({path!r}, torch.nn.Conv2d({shape}, {rest}))")
    return lines


def _arguments(name: str, image_size: tuple[int, int]) -> dict[str, Any]:
    arguments = dict(_ARGUMENTS.get(name, {}))
    if name.startswith("vit_"):
        arguments["image_size"] = image_size[0]
    elif name.startswith("maxvit_"):
        arguments["input_size"] = image_size
    return arguments


def _first_convolution(model: nn.Module) -> tuple[str, nn.Conv2d]:
    return next((n, m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d))


def _take_channels(model: nn.Module, in_channels: int) -> None:
    """Replace the first convolution by one with this number of input channels, if it has not."""
    name, first = _first_convolution(model)
    if first.in_channels == in_channels:
        return
    conv = nn.Conv2d(
        in_channels,
        first.out_channels,
        kernel_size=first.kernel_size,  # type: ignore[arg-type]
        stride=first.stride,  # type: ignore[arg-type]
        padding=first.padding,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    model.set_submodule(name, conv)
