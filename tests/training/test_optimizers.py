"""How optimizers begin; what they train is in the tests of the training."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tune_app.training.model_family import SHIPPED, ModelFamily
from tune_app.training.optimizers import build_optimizer

SGD = {"optimizer": "sgd", "lr": 0.5, "momentum": 0.9, "device": "cpu"}


def fused(parameters: Any, config: Mapping[str, Any]) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.5, momentum=0.9, fused=True)


OWN = ModelFamily(optimizers={"mine": fused})


def layer() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(100, 10)


def loss_of(model: nn.Module, scale: float = 1.0) -> Tensor:
    return (model(torch.linspace(-1, 1, 100)) * scale).square().sum()


@pytest.mark.parametrize(
    ("name", "family"), [("sgd", SHIPPED), ("adam", SHIPPED), ("adamw", SHIPPED), ("mine", OWN)]
)
def test_a_first_step_that_overflows_is_as_if_it_had_not_been(
    name: str, family: ModelFamily
) -> None:
    config = SGD | {"optimizer": name}
    model, other = layer(), layer()
    optimizer = build_optimizer(config, model, family)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0)
    freed = [torch.full((10, 100), 7.0) for _ in range(50)]
    del freed
    for scale in (1e30, 1.0, 1.0):  # the first gradients are infinite
        optimizer.zero_grad()
        scaler.scale(loss_of(model, scale)).backward()
        scaler.step(optimizer)
        scaler.update()
    plain = build_optimizer(config, other, family)
    for _ in range(2):
        plain.zero_grad()
        loss_of(other).backward()
        plain.step()
    assert torch.equal(model.weight, other.weight) and not torch.equal(model.weight, layer().weight)


@pytest.mark.parametrize("settings", [{}, {"weight_decay": 0.1}])
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sgd", partial(torch.optim.SGD, momentum=0.9)),
        ("adam", torch.optim.Adam),
        ("adamw", torch.optim.AdamW),
    ],
)
def test_the_steps_are_those_of_torch_to_the_last_bit(
    name: str, kind: Any, settings: dict[str, float]
) -> None:
    model, other = layer(), layer()
    ours = build_optimizer({**SGD, "optimizer": name, **settings}, model)
    theirs = kind(other.parameters(), lr=0.5, fused=True, **settings)
    for _ in range(3):
        for optimizer, trained in ((ours, model), (theirs, other)):
            optimizer.zero_grad()
            loss_of(trained).backward()
            optimizer.step()
    assert torch.equal(model.weight, other.weight)


def test_a_parameter_may_get_its_first_gradient_late() -> None:
    model = nn.ModuleList([layer(), layer(), layer().requires_grad_(False)])
    optimizer = build_optimizer(SGD, model)
    for layers in (model[:1], model[:2]):
        optimizer.zero_grad()
        sum(loss_of(part) for part in layers).backward()  # type: ignore[union-attr]
        optimizer.step()
    weights = [part.weight for part in model]  # type: ignore[union-attr]
    assert [torch.equal(weight, layer().weight) for weight in weights] == [False, False, True]
    assert weights[2] not in optimizer.state, "what is frozen takes no memory"


def test_a_momentum_that_would_begin_in_another_way_is_left_to_torch() -> None:
    def damped(parameters: Any, config: Mapping[str, Any]) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=0.5, momentum=0.9, dampening=0.5, fused=True)

    family = ModelFamily(optimizers={"mine": damped})
    assert not build_optimizer(SGD | {"optimizer": "mine"}, layer(), family).state
