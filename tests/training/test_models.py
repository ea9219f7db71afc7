"""Models by name, and their published costs."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
import torch
import torchvision
from torch import nn

from search_spaces.errors import UserError
from tune_app.cropped_conv.crop import crop_to_live_taps
from tune_app.training.models import MODELS, build_model, count_cost


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_three_channels_give_torchvisions_own_model(name: str) -> None:
    torch.manual_seed(3)
    ours = build_model(name, in_channels=3).state_dict()
    torch.manual_seed(3)
    theirs = getattr(torchvision.models, name)(num_classes=10).state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_one_channel_changes_only_the_first_convolution() -> None:
    torch.manual_seed(3)
    ours = build_model("resnet18").state_dict()
    torch.manual_seed(3)
    theirs = torchvision.models.resnet18(num_classes=10).state_dict()
    differing = [key for key in theirs if not torch.equal(ours[key], theirs[key])]
    assert differing == ["conv1.weight"]
    assert ours["conv1.weight"].shape == (64, 1, 7, 7)
    # He's normal initialisation by fan-out: variance 2 / (64 * 7 * 7), of 3136 draws.
    assert ours["conv1.weight"].std().item() == pytest.approx((2 / 3136) ** 0.5, rel=0.05)


def test_num_classes() -> None:
    assert build_model("resnet18", num_classes=7).get_parameter("fc.weight").shape == (7, 512)


def test_an_unknown_name_lists_the_choices() -> None:
    with pytest.raises(UserError, match=r"did you mean 'resnet18'.*choose from resnet18, resnet50"):
        build_model("resnet-18")


def test_a_model_is_one_entry_in_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "linear", nn.Linear)
    assert build_model("linear", 4, 2).get_parameter("weight").shape == (2, 4)


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
    cost = count_cost(build_model(name, shape[0]), shape)
    assert (cost.macs, cost.flops, cost.num_parameters) == (macs, flops, num_parameters)
    assert cost.input_shape == shape


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
    cost = count_cost(crop_to_live_taps(plain, (64, 1, 1)), (64, 1, 1))
    assert cost.num_parameters == 64 * 8 + 16
    assert cost.flops == 2 * 64 * 8 + 2 * 8
    assert cost.macs == 64 * 8 + 4 * 8


def test_live_cost_of_a_resnet18() -> None:
    live = count_cost(crop_to_live_taps(build_model("resnet18"), (1, 28, 28)), (1, 28, 28))
    assert (live.flops, live.num_parameters) == (38_582_784, 4_228_554)


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
