"""The models by name, and their number of parameters and operations."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torchvision
from torch import Tensor, nn

from search_spaces.errors import UserError, choices, did_you_mean
from tune_app.cropped_conv.layers import CroppedConv2d


def _resnet(constructor: Callable[..., nn.Module]) -> Callable[[int, int], nn.Module]:
    """Return a builder of one of torchvision's ResNets for any number of input channels."""

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
"""Name -> builder, which takes (in_channels, num_classes)."""


def build_model(name: str, in_channels: int = 1, num_classes: int = 10) -> nn.Module:
    """Build a model with random weights, drawn from torch's global generator.

    The ResNets are torchvision's, with torchvision's initialisation. Only the first convolution
    (7x7, stride 2, no bias) differs: it has ``in_channels`` input channels.

    Raises:
        UserError: the name is unknown.
    """
    if name not in MODELS:
        raise UserError(
            f"unknown model {name!r}{did_you_mean(name, MODELS)}; choose from {choices(MODELS)}"
        )
    return MODELS[name](in_channels, num_classes)


@dataclass(frozen=True)
class Cost:
    """The cost of a model's forward pass on one image.

    Attributes:
        num_parameters: the number of parameters.
        macs: as thop counts (Zhu, "THOP: PyTorch-OpCounter", 0.1.1): the multiply-adds of
            convolutions and linear layers, 4 per BatchNorm element, and the sums and divisions of
            average pooling.
        flops: 2 per multiply-add of convolutions and linear layers, and 2 per output element of
            BatchNorm.
        input_shape: (channels, height, width); ``macs`` and ``flops`` depend on it.
    """

    num_parameters: int
    macs: int
    flops: int
    input_shape: tuple[int, int, int]


def count_cost(model: nn.Module, input_shape: tuple[int, int, int]) -> Cost:
    """Count parameters, MACs and FLOPs at an input shape (channels, height, width).

    For a model that is cropped to its live taps, only the remaining parameters and multiply-adds
    count. Layers count if they are called as modules. The model is not changed.
    """
    import thop

    copied = copy.deepcopy(model).to("cpu", torch.float32).eval()
    image = torch.zeros(1, *input_shape)
    macs, _ = thop.profile(
        copied, (image,), custom_ops={CroppedConv2d: _count_cropped}, verbose=False
    )
    flops = 0

    def count(module: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal flops
        flops += _flops(module, output)

    for module in copied.modules():
        module.register_forward_hook(count)
    with torch.no_grad():
        copied(image)
    num_parameters = sum(parameter.numel() for parameter in model.parameters())
    return Cost(num_parameters, int(macs), flops, input_shape)


def _count_cropped(layer: CroppedConv2d, inputs: tuple[Tensor, ...], _: Tensor) -> None:
    """Count a cropped convolution for thop, which adds a buffer for its sum to every module."""
    layer.get_buffer("total_ops").add_(len(inputs[0]) * layer.macs)


def _flops(module: nn.Module, output: Tensor) -> int:
    """Return the FLOPs of one call of a module on one image; 0 if the module does not count."""
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
