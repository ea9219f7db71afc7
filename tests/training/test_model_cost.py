"""The cost of models: published numbers, and layers counted by hand."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
import torch
from torch import nn

from tune_app.cropped_conv.crop import crop_to_live_taps
from tune_app.training.model_cost import cost_metrics, count_cost
from tune_app.training.models import build_model


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(
    ("name", "shape", "macs", "flops", "num_parameters"),
    [
        ("resnet18", (1, 28, 28), 33_184_000, 66_107_904, 11_175_370),
        ("resnet50", (1, 28, 28), 78_755_072, 156_302_336, 23_522_250),
        ("resnet18", (3, 224, 224), 1_823_526_912, 3_632_100_352, 11_181_642),
        ("resnet50", (3, 224, 224), 4_131_715_072, 8_196_541_440, 23_528_522),
    ],
)
def test_costs_are_the_published_ones(
    name: str, shape: tuple[int, int, int], macs: int, flops: int, num_parameters: int
) -> None:
    model = build_model(name, shape[0])
    found = cost_metrics(model, model, shape)
    assert (found["macs"], found["flops"]) == (macs, flops)
    assert found["num_parameters"] == num_parameters


def test_flops_of_layers_counted_by_hand() -> None:
    model = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, groups=2),  # 4 * 5 * 5 outputs of 1 * 3 * 3 products
        nn.BatchNorm2d(4),  # 4 * 5 * 5 elements
        nn.Flatten(),
        nn.Linear(100, 3),
    )
    assert count_cost(model, (2, 5, 5)).flops == 2 * 900 + 2 * 100 + 2 * 300


def test_a_cropped_model_costs_what_is_left() -> None:
    plain = nn.Sequential(nn.Conv2d(64, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8))
    cropped = crop_to_live_taps(plain, (64, 1, 1))
    cost = count_cost(cropped, (64, 1, 1))
    assert sum(p.numel() for p in cropped.parameters()) == 64 * 8 + 16
    assert cost.flops == 2 * 64 * 8 + 2 * 8
    assert cost.macs == 64 * 8 + 4 * 8


def test_live_cost_of_a_resnet18() -> None:
    live = crop_to_live_taps(build_model("resnet18"), (1, 28, 28))
    assert count_cost(live, (1, 28, 28)).flops == 38_582_784
    assert sum(p.numel() for p in live.parameters()) == 4_228_554


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_counting_leaves_the_model_as_it_is(
    dtype: torch.dtype, capsys: pytest.CaptureFixture[str]
) -> None:
    model = build_model("resnet18").to(dtype).train()
    model.get_submodule("layer2").eval()
    state, flags = copy.deepcopy(model.state_dict()), [m.training for m in model.modules()]
    random_state = torch.get_rng_state()
    count_cost(model, (1, 28, 28))
    assert [m.training for m in model.modules()] == flags
    assert list(model.state_dict()) == list(state)
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
    assert not any(m._forward_hooks for m in model.modules())
    assert torch.equal(torch.get_rng_state(), random_state)
    assert capsys.readouterr().out == ""


def test_a_row_has_only_what_can_be_counted() -> None:
    linear = nn.Sequential(nn.Flatten(), nn.Linear(6, 2), nn.LayerNorm(2))
    counted = cost_metrics(linear, linear, (2, 3))
    assert counted["num_parameters"] == 14 + 4 and counted["flops"] == 2 * 12
    assert counted["live_flops"] == counted["flops"]
    recurrent = nn.LSTM(3, 4)
    assert cost_metrics(recurrent, recurrent, (2, 3)) == {"num_parameters": 4 * 4 * (3 + 4 + 2)}


class UsesItsWeight(nn.Module):
    """Uses a layer without calling it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs @ self.layer.weight.T


def test_a_layer_that_is_not_called_is_not_counted() -> None:
    model = UsesItsWeight()
    assert cost_metrics(model, model, (3,)) == {"num_parameters": 8}


def test_a_layer_that_thop_cannot_count_leaves_the_operations_out() -> None:
    """``nn.Softmax()`` without an axis only makes torch warn, but thop raises an error."""
    model = nn.Sequential(nn.Linear(4, 3), nn.Softmax())
    with pytest.warns(UserWarning, match="Implicit dimension"):
        assert cost_metrics(model, model, (4,)) == {"num_parameters": 15}
