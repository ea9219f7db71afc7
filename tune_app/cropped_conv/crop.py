"""Crop the convolutions of a model to the taps that read its input.

A padded kernel on a small map mostly reads padding. On a 28x28 image the last stage of a ResNet
works on 1x1 maps, where eight of the nine taps of a 3x3 kernel only multiply zeros. Nevertheless
``torch.nn.Conv2d`` computes them, forward and backward. ``crop_to_live_taps`` replaces such
convolutions by ``tune_app.cropped_conv.layers.CroppedConv2d``, which leaves the dead taps out. The
function and its gradients stay the same up to floating-point rounding.

The gradient of a dead tap is exactly zero, so an optimizer without weight decay never changes it.
Therefore ``full_state_dict`` can rebuild the plain model's complete state from the live taps and
the initial values of the dead taps. With weight decay the dead taps of the plain model would
shrink, and the rebuilt ones would not. The outputs at this input size would still agree, but the
states would not.
"""

from __future__ import annotations

import copy
from collections import Counter, defaultdict
from typing import TypeGuard

import torch
from torch import Tensor, nn

from tune_app.cropped_conv.axis import CroppedAxis
from tune_app.cropped_conv.layers import CroppedConv2d, choose_way


def crop_to_live_taps(model: nn.Module, input_shape: tuple[int, int, int]) -> nn.Module:
    """Return a copy of a model that computes only live taps on inputs of one size.

    The copy has the values and the training flags of the given model. Neither the given model nor
    the random state changes. A convolution is not cropped if the crop gains nothing, or if it may
    not be exact: subclasses of ``nn.Conv2d``, a padding mode other than zeros, hooks or further
    state on the module, modules or parameters with several names, inputs of several sizes, inputs
    that are no batch, and modules that ``model(images)`` does not call.

    Args:
        model: the plain model.
        input_shape: (channels, height, width). The copy raises ``ValueError`` for other inputs.
    """
    sizes = _input_sizes(model, input_shape)
    cropped = copy.deepcopy(model)
    names = Counter(id(module) for _, module in cropped.named_modules(remove_duplicate=False))
    owners = Counter(id(p) for _, p in cropped.named_parameters(remove_duplicate=False))
    for name, module in list(cropped.named_modules()):
        if not _is_plain(module):
            continue
        is_shared = names[id(module)] > 1 or any(owners[id(p)] > 1 for p in module.parameters())
        layer = None
        if len(sizes[name]) == 1 and not is_shared:
            layer = _cropped_layer(module, *sizes[name])
        if layer is None:
            _keep_channels_last(module)
        elif name:
            cropped.set_submodule(name, layer)
        else:
            cropped = layer
    return cropped


def _keep_channels_last(conv: nn.Conv2d) -> None:
    """Let a convolution that is not cropped return channels-last maps, as the cropped layers do.

    Convolutions with groups are not changed: torch 2.14 computes wrong gradients for their
    channels-last kernels if the input has one row or column, in some layouts.
    """
    if conv.groups == 1:
        conv.to(memory_format=torch.channels_last)


def full_state_dict(model: nn.Module) -> dict[str, Tensor]:
    """Return the state of the plain model that ``model`` was cropped from.

    Keys and shapes are those of the plain model's ``state_dict()``. The dead taps have the values
    that they had when the model was cropped. Without weight decay, training the plain model gives
    the same state.
    """
    state: dict[str, Tensor] = dict(model.state_dict())
    for name, layer in _cropped_layers(model):
        state[f"{name}weight"] = layer.full_weight()
    return state


def _cropped_layers(model: nn.Module) -> list[tuple[str, CroppedConv2d]]:
    """Return every cropped layer with the prefix of its keys, e.g. ``"layer1.0.conv1."``."""
    return [
        (f"{name}." if name else "", module)
        for name, module in model.named_modules()
        if isinstance(module, CroppedConv2d)
    ]


def _input_sizes(
    model: nn.Module, input_shape: tuple[int, int, int]
) -> defaultdict[str, set[tuple[int, ...]]]:
    """Run a copy of the model on one image; return the input shapes of each convolution."""
    copied = copy.deepcopy(model).eval()
    sizes: defaultdict[str, set[tuple[int, ...]]] = defaultdict(set)
    for name, module in copied.named_modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_pre_hook(
                lambda _, inputs, name=name: sizes[name].add(
                    tuple(inputs[0].shape) if inputs else ()
                )
            )
    like = next(copied.parameters())
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        copied(torch.zeros(1, *input_shape, dtype=like.dtype, device=like.device))
    return sizes


_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)


def _is_plain(module: nn.Module) -> TypeGuard[nn.Conv2d]:
    """Return whether a module is a plain zero-padded convolution without hooks or additions."""
    return (
        type(module) is nn.Conv2d
        and module.padding_mode == "zeros"
        and "forward" not in vars(module)
        and not any(vars(module)[hooks] for hooks in _HOOKS)
        and {name for name, _ in module.named_parameters()} <= {"weight", "bias"}
        and not list(module.buffers())
        and not list(module.children())
    )


def _cropped_layer(conv: nn.Conv2d, shape: tuple[int, ...]) -> CroppedConv2d | None:
    """Return a convolution cropped for this input shape, or None if impossible or no gain."""
    if len(shape) != 4:
        return None
    rows, columns = (_cropped_axis(conv, axis, shape[2 + axis]) for axis in (0, 1))
    if rows is None or columns is None:
        return None
    has_dead_taps = rows.num_taps < rows.kernel_size or columns.num_taps < columns.kernel_size
    if has_dead_taps or choose_way(conv, rows, columns) != "conv2d":
        return CroppedConv2d(conv, rows, columns)
    return None


def _cropped_axis(conv: nn.Conv2d, axis: int, size: int) -> CroppedAxis | None:
    kernel_size, dilation = conv.kernel_size[axis], conv.dilation[axis]
    if conv.padding == "same":
        total = dilation * (kernel_size - 1)
        before, after = total // 2, total - total // 2
    else:
        before = after = 0 if isinstance(conv.padding, str) else conv.padding[axis]
    return CroppedAxis.crop(
        size,
        kernel_size=kernel_size,
        stride=conv.stride[axis],
        dilation=dilation,
        before=before,
        after=after,
    )
