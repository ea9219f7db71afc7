"""Which layers of a model are replaced when processes share a batch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tune_app.training.synced_batch_norm import SyncedBatchNorm, synced


class Preset(nn.BatchNorm2d):
    def __init__(self, num: int) -> None:
        super().__init__(num, eps=0.5, momentum=0.25)


class Activated(nn.BatchNorm2d):
    def forward(self, inputs: Tensor) -> Tensor:
        return torch.relu(super().forward(inputs))


class Net(nn.Module):
    """A preset layer under three names in two parents, one that also activates, and one more."""

    def __init__(self) -> None:
        super().__init__()
        self.first = self.again = Preset(2)
        self.body = nn.Sequential(self.first, Activated(2), nn.BatchNorm1d(3, affine=False))


@pytest.mark.parametrize(("device", "kind"), [("cpu", SyncedBatchNorm), ("cuda", nn.SyncBatchNorm)])
def test_subclasses_and_shared_layers_are_replaced(device: str, kind: type[Any]) -> None:
    model: Any = Net()
    before, old = model.state_dict(), model.first
    activated = model.body[1]
    assert synced(model, torch.device(device)) is model
    assert type(model.first) is kind and model.first is model.again is model.body[0]
    assert type(model.body[2]) is kind
    assert (model.first.eps, model.first.momentum) == (0.5, 0.25)
    assert model.first.weight is old.weight and model.first.running_var is old.running_var
    assert model.body[1] is activated, "it does more than BatchNorm does"
    assert list(model.state_dict()) == list(before)
    assert type(synced(nn.BatchNorm1d(3), torch.device(device))) is kind


def test_a_layer_without_a_bias_is_normalised_as_by_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda tensor: None)
    layer: Any = nn.BatchNorm1d(2, bias=False)
    new = synced(layer, torch.device("cpu"))
    inputs = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    expected = nn.functional.batch_norm(inputs, None, None, layer.weight, training=True)
    assert layer.bias is None and isinstance(new, SyncedBatchNorm)
    torch.testing.assert_close(new(inputs), expected)
