"""Crop a model of which nothing is known, where that is proven to change nothing.

``crop_to_live_taps`` looks at each convolution. A stranger's model may also use a convolution's
weight elsewhere, or call it on inputs of another size in some of its steps. Such a model is
returned as it is. Four things prove the rest:

1. ``torch.fx`` traces the model in training and in evaluation mode, so its steps do not depend on
   the values or sizes of its inputs.
2. Tracing draws no random number and changes no plain attribute, so the steps do not depend on
   those either.
3. No cropped convolution's parameter is read outside of the convolution.
4. In float64, outputs and gradients of a batch agree, dead taps have gradients of exactly zero, and
   the plain model's state is rebuilt.
"""

from __future__ import annotations

import contextlib
import copy
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn

from tune_app.cropped_conv.crop import crop_to_live_taps, full_state_dict
from tune_app.cropped_conv.layers import CroppedConv2d

_TOLERANCE = 1e-9
"""Largest difference in float64, relative to the largest value of a tensor."""


def crop_if_exact(model: nn.Module, images: Tensor) -> nn.Module:
    """Return a cropped copy of a model if that is proven to be the same function, else the model.

    Neither the model nor a generator of random numbers changes.

    Args:
        model: the plain model.
        images: a small batch of its inputs, float32, (B, C, H, W).
    """
    with _generators_kept():
        try:
            cropped = crop_to_live_taps(model, _shape(images))
            is_exact = _is_exact(model, cropped, images.double())
        except Exception:  # of any kind, because the model's own code runs
            is_exact = False
    return cropped if is_exact else model


def _shape(images: Tensor) -> tuple[int, int, int]:
    if images.ndim != 4:
        raise ValueError("only images are cropped")
    return images.shape[1], images.shape[2], images.shape[3]


@contextlib.contextmanager
def _generators_kept() -> Iterator[None]:
    """Restore the states of the generators on the CPU afterwards."""
    python, numpy, torchs = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        torch.set_rng_state(torchs)


def _generator_states() -> tuple[Any, ...]:
    """Return the states in a form that can be compared."""
    return random.getstate(), repr(np.random.get_state()), torch.get_rng_state().tolist()


def _is_exact(model: nn.Module, cropped: nn.Module, images: Tensor) -> bool:
    names = {n for n, module in cropped.named_modules() if isinstance(module, CroppedConv2d)}
    if not names or not all(_steps_are_fixed(model, names, training) for training in (True, False)):
        return False
    if not _states_agree(model.state_dict(), full_state_dict(cropped)):
        return False
    doubled = copy.deepcopy(cropped).double().train()
    doubled(images)  # raises an error if training calls a cropped convolution on another size
    return _functions_agree(copy.deepcopy(model).double(), copy.deepcopy(cropped).double(), images)


def _steps_are_fixed(model: nn.Module, names: set[str], training: bool) -> bool:
    """Return whether a model always does the same steps, and reads these weights nowhere else."""
    copied = copy.deepcopy(model).train(training)
    attributes, states = _attributes(copied), _generator_states()
    graph = fx.Tracer().trace(copied)
    if _attributes(copied) != attributes or _generator_states() != states:
        return False
    read = {str(node.target).rpartition(".")[0] for node in graph.nodes if node.op == "get_attr"}
    return not read & names


def _attributes(model: nn.Module) -> list[str]:
    """Return the plain attributes of every module as text."""
    return [
        f"{name}.{key}={value!r}"
        for name, module in model.named_modules()
        for key, value in vars(module).items()
        if isinstance(value, (bool, int, float, str, tuple, list, dict, type(None)))
        and key not in ("_parameters", "_buffers", "_modules")
    ]


def _states_agree(plain: dict[str, Tensor], rebuilt: dict[str, Tensor]) -> bool:
    return list(plain) == list(rebuilt) and all(
        torch.equal(value, rebuilt[name]) for name, value in plain.items()
    )


def _functions_agree(plain: nn.Module, cropped: nn.Module, images: Tensor) -> bool:
    """Return whether two models have the same outputs and gradients in evaluation mode."""
    outputs = [_outputs_and_gradients(model.eval(), images) for model in (plain, cropped)]
    layers = dict(cropped.named_modules())
    for name, found in outputs[0].items():
        expected, layer = found, layers.get(name.removesuffix(".weight"))
        if isinstance(layer, CroppedConv2d) and name.endswith("weight"):
            expected, dead = layer.split(found)
            if dead.any():
                return False
        if not _close(expected, outputs[1][name]):
            return False
    return True


def _outputs_and_gradients(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    outputs = model(images)
    weights = torch.linspace(0.5, 1.5, outputs.numel(), dtype=outputs.dtype)
    (outputs * weights.view(outputs.shape)).sum().backward()
    found = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    return {"": outputs.detach(), **found}


def _close(one: Tensor, other: Tensor) -> bool:
    scale = max(1e-30, float(one.abs().max())) if one.numel() else 1.0
    return one.shape == other.shape and float((one - other).abs().max()) <= _TOLERANCE * scale
