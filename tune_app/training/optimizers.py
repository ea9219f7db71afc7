"""The optimizers of a classifier, and the learning rate of each epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from search_spaces.errors import UserError
from tune_app.training.model_family import SHIPPED, ModelFamily


def build_optimizer(
    config: Mapping[str, Any], model: nn.Module, family: ModelFamily = SHIPPED
) -> torch.optim.Optimizer:
    """Return the optimizer that a configuration names.

    Raises:
        UserError: a user's function returns something else.
    """
    name = config["optimizer"]
    if name in family.optimizers:
        optimizer = family.optimizers[name](model.parameters(), config)
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise UserError(
                f"optimizer {name} returns {type(optimizer).__name__}; it must return a "
                "torch.optim.Optimizer"
            )
        _begin_momentum(optimizer)
        return optimizer
    settings = {
        "lr": config["lr"],
        "weight_decay": weight_decay(config),
        "fused": _can_be_fused(model),
    }
    if name == "sgd":
        sgd = torch.optim.SGD(model.parameters(), momentum=config["momentum"], **settings)
        _begin_momentum(sgd)
        return sgd
    kind = torch.optim.AdamW if name == "adamw" else torch.optim.Adam
    # A step that is part of a CUDA graph counts itself on the GPU.
    graphed = bool(config.get("cuda_graphs")) and config["device"] == "cuda"
    return kind(model.parameters(), **settings, capturable=graphed)


def _begin_momentum(optimizer: torch.optim.Optimizer) -> None:
    """Begin the momentum of a fused SGD at zero, from which the first step is the same.

    torch begins it in the first step, which mixed precision leaves out if gradients overflow in
    float16, as they do for a ResNet. The momentum would then be whatever its memory held. A step
    also ends in an error if a parameter has its first gradient later than others.
    """
    if type(optimizer) is not torch.optim.SGD:
        return
    for group in optimizer.param_groups:
        if group["fused"] and group["momentum"] and not group["dampening"]:
            for parameter in filter(lambda p: p.requires_grad, group["params"]):
                optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)


def _can_be_fused(model: nn.Module) -> bool:
    """Return whether one pass over all parameters, faster than the default loop, can step them.

    It knows neither complex numbers nor the gradients of sparse embeddings.
    """
    is_sparse = any(getattr(module, "sparse", False) for module in model.modules())
    return not is_sparse and not any(p.is_complex() for p in model.parameters())


def weight_decay(config: Mapping[str, Any]) -> float:
    """Return the weight decay of a shipped optimizer; by default torch's own."""
    return float(config.get("weight_decay", 0.01 if config["optimizer"] == "adamw" else 0.0))


def leaves_zero_gradients_alone(config: Mapping[str, Any], family: ModelFamily) -> bool:
    """Return whether weights whose gradient is always zero are known to keep their values."""
    return config["optimizer"] not in family.optimizers and weight_decay(config) == 0


def rate_factor(
    config: Mapping[str, Any], epoch: int, last_epoch: int, family: ModelFamily = SHIPPED
) -> float:
    """Return by what the learning rate is multiplied in an epoch, counted from 1.

    ``cosine`` anneals it to 0 (Loshchilov & Hutter 2017).
    """
    name = config["lr_schedule"]
    if name in family.schedules:
        return float(family.schedules[name](epoch, last_epoch, config))
    return 0.5 * (1 + math.cos(math.pi * (epoch - 1) / last_epoch)) if name == "cosine" else 1.0


def load_optimizer(
    optimizer: torch.optim.Optimizer, saved: dict[str, Any], *, trains_all: bool = True
) -> None:
    """Load the result of ``optimizer.state_dict()``, and check that it fits the optimizer.

    torch checks most of the state only in the next step, where a state that does not fit would end
    the trial.

    Args:
        optimizer: the optimizer.
        saved: a state that was saved after at least one step.
        trains_all: whether every parameter is known to get a gradient, and so to have a state.

    Raises:
        Exception: the state does not fit. It is a ``ValueError`` where torch itself finds nothing.
    """
    optimizer.load_state_dict(saved)
    needed = _needed(optimizer)
    for group in optimizer.param_groups:
        if not optimizer.defaults.keys() <= group.keys():
            raise ValueError("the optimizer's state lacks some of its settings")
        for parameter in group["params"]:
            state = optimizer.state.get(parameter, {})
            for name in needed if state or trains_all else ():
                shape = torch.Size() if name == "step" else parameter.shape
                if not isinstance(state.get(name), torch.Tensor) or state[name].shape != shape:
                    raise ValueError(f"the optimizer's state has no {name} of shape {shape}")


def _needed(optimizer: torch.optim.Optimizer) -> set[str]:
    """Return what the state of a shipped optimizer has for each parameter."""
    if type(optimizer) in (torch.optim.Adam, torch.optim.AdamW):
        return {"step", "exp_avg", "exp_avg_sq"}
    if type(optimizer) is torch.optim.SGD and optimizer.defaults["momentum"]:
        return {"momentum_buffer"}
    return set()
