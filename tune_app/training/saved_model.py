"""Build a model and load the weights that a study kept."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from search_spaces.errors import UserError
from tune_app.training.models import build_model, model_names

Build = Callable[[Mapping[str, Any]], nn.Module]


def load_saved_model(content: bytes, config: Mapping[str, Any], build: Build | None) -> nn.Module:
    """Return a model with its weights, on the CPU and in evaluation mode.

    Args:
        content: the file of weights, which is read without unpickling any other object.
        config: the configuration of its trial.
        build: ``build(config)`` returns the model without its weights; None builds torchvision's
            model of the name ``config["model"]``. Its number of channels and classes are those of
            the weights.

    Raises:
        UserError: the file holds no weights, or not those of this model.
    """
    name = str(config.get("model"))
    if build is None and name not in model_names():
        raise UserError(
            f"load_model: the model {name} is not one of torchvision; give the function that "
            "builds it: load_model(build=lambda config: ...)"
        )
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        model = build(config) if build is not None else _torchvision(name, config, state)
        model.load_state_dict(state)
    except UserError:
        raise
    except Exception as error:  # of any kind: a damaged file, or a user's function
        reason = " ".join(str(error).split())[:300]
        raise UserError(f"load_model: no weights of the model {name} ({reason})") from None
    return model.eval()


def _torchvision(
    name: str, config: Mapping[str, Any], state: Mapping[str, torch.Tensor]
) -> nn.Module:
    first = next(value for value in state.values() if value.ndim == 4)
    *_, last = (value for value in state.values() if value.ndim)
    size = int(config.get("image_size") or 28)
    channels = int(config.get("in_channels") or first.shape[1])
    return build_model(name, channels, len(last), (size, size))
