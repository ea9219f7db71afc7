"""Build a model and load its weights into it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from search_spaces.errors import UserError
from tune_app.data.split_data import SplitData
from tune_app.training.classifier_family import FamilyTraining
from tune_app.training.model_info import ModelInfo
from tune_app.training.models import build_model, model_names
from tune_app.training.trainable import Trainable

Build = Callable[[Mapping[str, Any]], nn.Module]
"""``build(config)`` returns a model without its weights."""
State = Mapping[str, Tensor]


def read_state(content: bytes, model: str) -> dict[str, Tensor]:
    """Return the weights in a file of ``torch.save``. No other object is unpickled.

    Raises:
        UserError: they are no weights. The message names ``model``.
    """
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        return {str(name): value for name, value in state.items()}
    except Exception as error:  # of any kind: a damaged file
        raise _no_weights(model, error) from None


def load_model(info: ModelInfo, state: State, build: Build | None = None) -> nn.Module:
    """Return a model with its weights, on the CPU and in evaluation mode.

    Args:
        info: what the model is.
        state: its weights.
        build: builds the model without its weights; None for torchvision's of the model's name.

    Raises:
        UserError: nothing is known to build the model, or the weights are not those of this model.
    """
    if build is None and (info.is_own or info.model not in model_names()):
        raise UserError(
            f"load_model: the model {info.model} is not one of torchvision; give the function that "
            "builds it: load_model(build=lambda config: ...)"
        )
    try:
        model = build(info.config) if build is not None else _torchvision(info, state)
        model.load_state_dict(state)
    except UserError:
        raise
    except Exception as error:  # of any kind: other weights, or a user's function
        raise _no_weights(info.model, error) from None
    return model.eval()


def own_build(info: ModelInfo, trainable: Trainable) -> Build | None:
    """Return the function of a search space that builds a user's model, or None if it has none.

    Args:
        info: the model.
        trainable: the trainable of the search space.
    """
    function = trainable.function
    models = function.family.models if isinstance(function, FamilyTraining) else {}
    if info.model not in models:
        return None
    return lambda config: models[info.model](config, _empty(info))


def input_shape(info: ModelInfo, state: State) -> tuple[int, int, int]:
    """Return (channels, height, width) of what a model of torchvision takes."""
    if info.item is not None and len(info.item.of_model) == 3:
        channels, height, width = info.item.of_model
        return channels, height, width
    first = next(value for value in state.values() if value.ndim == 4)
    size = int(info.config.get("image_size") or 28)
    return int(info.config.get("in_channels") or first.shape[1]), size, size


def num_outputs(info: ModelInfo, state: State) -> int:
    """Return the number of outputs of a model of torchvision."""
    if info.class_names is not None:
        return len(info.class_names)
    *_, last = (value for value in state.values() if value.ndim)
    return len(last)


def _torchvision(info: ModelInfo, state: State) -> nn.Module:
    channels, *size = input_shape(info, state)
    return build_model(info.model, channels, num_outputs(info, state), (size[0], size[1]))


def _empty(info: ModelInfo) -> SplitData:
    """Return a data set of one item, from which a user's function may read shapes and classes."""
    item, nothing = info.item, np.zeros(0, dtype=np.int64)
    kind = np.float64 if info.class_names is None else np.int64
    return SplitData(
        name=info.dataset,
        inputs=np.zeros((1, *item.shape), dtype=item.dtype) if item else np.zeros((1, 1)),
        labels=np.zeros((1, *info.targets), dtype=kind),
        train=nothing,
        val=nothing,
        test=nothing,
        mean=item.mean if item else (0.0,),
        std=item.std if item else (1.0,),
        class_names=info.class_names,
    )


def _no_weights(model: str, error: Exception) -> UserError:
    reason = " ".join(str(error).split())[:300]
    return UserError(f"load_model: no weights of the model {model} ({reason})")


def fits_torchvision(info: ModelInfo, state: State) -> bool:
    """Return whether the weights are those of torchvision's model of this name."""
    try:
        with torch.device("meta"):
            wanted = _torchvision(info, state).state_dict()
    except Exception:  # of any kind: a model of the user's may have any weights
        return False
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    return shapes == {name: tuple(value.shape) for name, value in wanted.items()}
