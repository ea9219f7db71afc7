"""The optimizers of a classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn


def build_optimizer(config: Mapping[str, Any], model: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer that a configuration names."""
    # fused=True makes one pass over the parameters, which is faster than the default loop.
    if config["optimizer"] == "sgd":
        return torch.optim.SGD(
            model.parameters(), lr=config["lr"], momentum=config["momentum"], fused=True
        )
    return torch.optim.Adam(model.parameters(), lr=config["lr"], fused=True)


def load_optimizer(optimizer: torch.optim.Optimizer, saved: dict[str, Any]) -> None:
    """Load the result of ``optimizer.state_dict()``, and check that it fits the optimizer.

    torch checks most of the state only in the next step, where a state that does not fit would end
    the trial.

    Args:
        optimizer: the optimizer.
        saved: a state that was saved after at least one step.

    Raises:
        Exception: the state does not fit. It is a ``ValueError`` where torch itself finds nothing.
    """
    optimizer.load_state_dict(saved)
    if isinstance(optimizer, torch.optim.Adam):
        needed = {"step", "exp_avg", "exp_avg_sq"}
    else:
        needed = {"momentum_buffer"} if optimizer.defaults["momentum"] else set()
    for group in optimizer.param_groups:
        if not optimizer.defaults.keys() <= group.keys():
            raise ValueError("the optimizer's state lacks some of its settings")
        for parameter in group["params"]:
            state = optimizer.state.get(parameter, {})
            for name in needed:
                shape = torch.Size() if name == "step" else parameter.shape
                if not isinstance(state.get(name), torch.Tensor) or state[name].shape != shape:
                    raise ValueError(f"the optimizer's state has no {name} of shape {shape}")
