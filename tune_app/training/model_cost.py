"""The number of parameters and operations of a model."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tune_app.cropped_conv.layers import CroppedConv2d


@dataclass(frozen=True)
class Cost:
    """The cost of a model's forward pass on one image.

    Attributes:
        macs: as thop counts (Zhu, "THOP: PyTorch-OpCounter", 0.1.1): the multiply-adds of
            convolutions and linear layers, 4 per BatchNorm element, and the sums and divisions of
            average pooling.
        flops: 2 per multiply-add of convolutions and linear layers, and 2 per output element of
            BatchNorm.
    """

    macs: int
    flops: int


def count_cost(model: nn.Module, input_shape: tuple[int, ...]) -> Cost:
    """Count MACs and FLOPs at an input shape, such as (channels, height, width).

    For a model that is cropped to its live taps, only the remaining multiply-adds count. Layers
    count if they are called as modules. The model is not changed.
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
    return Cost(int(macs), flops)


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


_COUNTED = (nn.Conv2d, nn.Linear, CroppedConv2d)
_CHEAP = (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)


def cost_metrics(
    nominal: nn.Module, trained: nn.Module, input_shape: tuple[int, ...]
) -> dict[str, int]:
    """Return what a row says of the cost of a model.

    Args:
        nominal: the plain model.
        trained: the model that is trained, which may be cropped.
        input_shape: the shape of one input.

    Returns:
        ``num_parameters``; and ``macs``, ``flops`` and ``live_flops`` if every layer of the model
        with parameters of its own is one that can be counted, and is called as a module.
    """
    num_parameters = sum(parameter.numel() for parameter in nominal.parameters())
    if not _can_be_counted(nominal, input_shape):
        return {"num_parameters": num_parameters}
    try:
        cost = count_cost(nominal, input_shape)
        live = cost if trained is nominal else count_cost(trained, input_shape)
    except Exception:  # of any kind: thop does not know every way in which a layer may be used
        return {"num_parameters": num_parameters}
    return {
        "num_parameters": num_parameters,
        "macs": cost.macs,
        "flops": cost.flops,
        "live_flops": live.flops,
    }


def _can_be_counted(model: nn.Module, input_shape: tuple[int, ...]) -> bool:
    holders = [m for m in model.modules() if next(m.parameters(recurse=False), None) is not None]
    if not all(type(m) in _COUNTED or isinstance(m, _CHEAP) for m in holders):
        return False
    called: set[str] = set()
    try:
        copied = copy.deepcopy(model).to("cpu", torch.float32).eval()
        for name, module in copied.named_modules():
            module.register_forward_hook(lambda *_, name=name: called.add(name))
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            copied(torch.zeros(1, *input_shape))
    except Exception:  # of any kind, because the model's own code runs
        return False
    return {name for name, module in model.named_modules() if module in holders} <= called
