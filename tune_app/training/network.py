"""The network of a trial: built, cropped where that is exact, and its cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from search_spaces.errors import UserError
from tune_app.cropped_conv.crop import crop_to_live_taps
from tune_app.cropped_conv.proof import crop_if_exact
from tune_app.data.input_pipeline import is_image
from tune_app.data.split_data import SplitData
from tune_app.training.model_cost import cost_metrics
from tune_app.training.model_family import ModelFamily
from tune_app.training.models import PROVEN, build_model, too_small
from tune_app.training.optimizers import leaves_zero_gradients_alone
from tune_app.training.task import Task

_MOST_COLOURS = 4
"""Of an image: red, green, blue and how opaque it is."""


@dataclass(frozen=True)
class Network:
    """What a trial trains.

    Attributes:
        model: the model, on the CPU.
        cost: what a row says of its cost.
        trains_all: whether every parameter is known to get a gradient.
    """

    model: nn.Module
    cost: Mapping[str, int]
    trains_all: bool


def model_name(config: Mapping[str, Any], family: ModelFamily) -> str:
    """Return the model of a configuration; the family's only one needs no parameter."""
    return str(config["model"]) if "model" in config else next(iter(family.models))


def build_network(
    config: Mapping[str, Any],
    task: Task,
    family: ModelFamily,
    shape: tuple[int, ...],
    few_inputs: Callable[[], Tensor],
) -> Network:
    """Build the network of a trial from the generators of random numbers.

    Args:
        config: the trial's configuration, with the resolved ``device``.
        task: what the outputs mean.
        family: the user's functions.
        shape: the shape of one input.
        few_inputs: returns a batch of a few training inputs on the CPU.

    Raises:
        UserError: the model does not take such inputs, or is no ``nn.Module``.
    """
    name = model_name(config, family)
    if name in family.models:
        nominal = _own_model(name, family, config, task.data, few_inputs)
    else:
        nominal = _shipped_model(name, task, shape, few_inputs)
    trained = nominal
    # Cropping was measured to be faster on a CPU. A GPU uses cuDNN's own kernels. An optimizer that
    # changes weights without a gradient would change the dead taps, which a cropped model lacks.
    if config["device"] == "cpu" and leaves_zero_gradients_alone(config, family):
        if name in PROVEN and name not in family.models:
            trained = crop_to_live_taps(nominal, (shape[0], shape[1], shape[2]))
        else:
            trained = crop_if_exact(nominal, few_inputs())
    is_proven = name in PROVEN and name not in family.models
    return Network(trained, cost_metrics(nominal, trained, shape), is_proven)


def _shipped_model(
    name: str, task: Task, shape: tuple[int, ...], few_inputs: Callable[[], Tensor]
) -> nn.Module:
    if not is_image(task.data):
        raise UserError(
            f"model {name} takes images, and the inputs of {task.data.name} have the shape {shape};"
            " give a model of your own: classifier(models={'name': build})"
        )
    _check_channels_last(task.data)
    channels, size = shape[0], (shape[1], shape[2])
    model = build_model(name, channels, task.num_outputs, size)
    if name not in PROVEN:
        try:
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                model.eval()(few_inputs())
        except (ValueError, RuntimeError, AssertionError) as error:
            raise too_small(name, size, error) from None
    return model.train()


def _check_channels_last(data: SplitData) -> None:
    """Check that images do not have the layout of torch, of which any model would learn little."""
    if data.inputs.ndim != 4:
        return
    height, width, channels = data.inputs.shape[1:]
    if height in (1, 3) and height != width and channels > _MOST_COLOURS:
        raise UserError(
            f"data set {data.name} has images of {height}×{width} pixels with {channels} channels, "
            "as if the channels came first; give ArrayData images (N, H, W, C), as by "
            "np.moveaxis(images, 1, -1)"
        )


def _own_model(
    name: str,
    family: ModelFamily,
    config: Mapping[str, Any],
    data: SplitData,
    few_inputs: Callable[[], Tensor],
) -> nn.Module:
    model = family.models[name](config, data)
    if not isinstance(model, nn.Module):
        raise UserError(
            f"model {name}: its function returns {type(model).__name__}; it must return a "
            "torch.nn.Module"
        )
    if any(nn.parameter.is_lazy(parameter) for parameter in model.parameters()):
        with torch.no_grad():
            model.eval()(few_inputs())  # gives lazy layers their shapes
    return model.train()
