"""The models to train, by name, and what they cost."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torchvision
from torch import Tensor, nn

from search_spaces.errors import UserError, choices, did_you_mean
from tune_app.cropped_conv.crop import crop_to_live_taps, full_state_dict, load_full_state_dict
from tune_app.cropped_conv.layers import CroppedConv2d

__all__ = [
    "MODELS",
    "Cost",
    "build_model",
    "count_cost",
    "crop_to_live_taps",
    "full_state_dict",
    "load_full_state_dict",
]


def _resnet(constructor: Callable[..., nn.Module]) -> Callable[[int, int], nn.Module]:
    """Make a builder of torchvision's ResNet with another number of input channels."""

    def build(in_channels: int, num_classes: int) -> nn.Module:
        model = constructor(weights=None, num_classes=num_classes)
        if in_channels != 3:
            conv = nn.Conv2d(in_channels, 64, kernel_size=7, stride=2, padding=3, bias=False)
            nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
            model.conv1 = conv
        return model

    return build


MODELS: dict[str, Callable[[int, int], nn.Module]] = {
    "resnet18": _resnet(torchvision.models.resnet18),
    "resnet50": _resnet(torchvision.models.resnet50),
}
"""Builders by name; each takes (in_channels, num_classes)."""


def build_model(name: str, in_channels: int = 1, num_classes: int = 10) -> nn.Module:
    """Build a model with random weights, drawn from torch's global generator.

    The ResNets are torchvision's, with torchvision's initialisation; only the first convolution
    (7x7, stride 2, no bias) has ``in_channels`` input channels. Raises ``UserError`` for an unknown
    name.
    """
    if name not in MODELS:
        raise UserError(
            f"unknown model {name!r}{did_you_mean(name, MODELS)}; choose from {choices(MODELS)}"
        )
    return MODELS[name](in_channels, num_classes)


@dataclass(frozen=True)
class Cost:
    """What a model costs for one image, forward.

    ``macs`` is what thop counts (Zhu, "THOP: PyTorch-OpCounter", 0.1.1): the multiply-adds of
    convolutions and linear layers, 4 per BatchNorm element, and the sums and divisions of average
    pooling. ``flops`` is 2 per multiply-add of convolutions and linear layers plus 2 per
    BatchNorm output element. ``input_shape`` is (channels, height, width): both figures
    mean little without it.
    """

    num_parameters: int
    macs: int
    flops: int
    input_shape: tuple[int, int, int]


def count_cost(model: nn.Module, input_shape: tuple[int, int, int]) -> Cost:
    """Count parameters, MACs and FLOPs at an input shape (channels, height, width).

    Of a model cropped to its live taps, the parameters and multiply-adds that are left are counted.
    Layers are counted when called as modules. The model is left as it is.
    """
    import thop

    probe = copy.deepcopy(model).to("cpu", torch.float32).eval()
    image = torch.zeros(1, *input_shape)
    macs, _ = thop.profile(
        probe, (image,), custom_ops={CroppedConv2d: _count_cropped}, verbose=False
    )
    flops = 0

    def count(module: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal flops
        flops += _flops(module, output)

    for module in probe.modules():
        module.register_forward_hook(count)
    with torch.no_grad():
        probe(image)
    num_parameters = sum(parameter.numel() for parameter in model.parameters())
    return Cost(num_parameters, int(macs), flops, input_shape)


def _count_cropped(layer: CroppedConv2d, inputs: tuple[Tensor, ...], _: Tensor) -> None:
    """Count a cropped convolution for thop, which sums a buffer it adds to every module."""
    layer.get_buffer("total_ops").add_(len(inputs[0]) * layer.macs)


def _flops(module: nn.Module, output: Tensor) -> int:
    """FLOPs of one call of one module on one image; 0 for modules that are not counted."""
    match module:
        case CroppedConv2d():
            return 2 * module.macs
        case nn.Conv2d():
            return 2 * output.numel() * module.weight[0].numel()
        case nn.Linear():
            return 2 * output.numel() * module.in_features
        case nn.BatchNorm1d() | nn.BatchNorm2d():
            return 2 * output.numel()
        case _:
            return 0
