"""Models by name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
import torchvision
from torch import nn

from search_spaces.errors import UserError
from tune_app.training.models import build_model, model_names, plain_lines


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


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UserError, match="unknown model 'resnet-18'; did you mean 'resnet18'"):
        build_model("resnet-18")


@pytest.mark.parametrize("name", ["resnet34", "mobilenet_v2", "squeezenet1_0", "regnet_x_400mf"])
def test_other_classifiers_take_grey_images(name: str) -> None:
    model = build_model(name, in_channels=1, num_classes=7, image_size=(64, 64)).eval()
    assert model(torch.zeros(2, 1, 64, 64)).shape == (2, 7)


@pytest.mark.parametrize(
    ("name", "size"), [("vit_b_32", 64), ("googlenet", 64), ("inception_v3", 80)]
)
def test_models_that_need_to_be_told_more(name: str, size: int) -> None:
    model = build_model(name, in_channels=3, num_classes=5, image_size=(size, size)).train()
    assert model(torch.randn(2, 3, size, size)).shape == (2, 5), "one output, also in training"


def test_a_size_for_which_a_model_cannot_be_built() -> None:
    with pytest.raises(UserError, match="model vit_b_32 does not take images of 28×28 pixels"):
        build_model("vit_b_32", 1, 10, (28, 28))


# A RegNet computes its widths with tensors, which have no values on the device "meta".
@pytest.mark.parametrize("name", [n for n in model_names() if not n.startswith("regnet")])
def test_each_classifier_can_be_built_for_grey_images(name: str) -> None:
    with torch.device("meta"):  # has shapes, but neither memory nor arithmetic
        model = build_model(name, in_channels=1, num_classes=7, image_size=(224, 224)).train()
        images = torch.empty(2, 1, *((299, 299) if name == "inception_v3" else (224, 224)))
        assert model(images).shape == (2, 7)


@pytest.mark.parametrize("name", ["resnet18", "shufflenet_v2_x0_5", "squeezenet1_1"])
@pytest.mark.parametrize("channels", [1, 3])
def test_lines_that_build_a_model_with_torchvision_alone(name: str, channels: int) -> None:
    lines = plain_lines(name, channels, 4, (32, 32))
    assert len(lines) == (1 if channels == 3 else 2)
    names = {"torch": torch, "torchvision": torchvision}
    exec("\n".join(lines), names)  # noqa: S102
    model, wanted = names["model"], build_model(name, channels, 4, (32, 32))
    assert isinstance(model, nn.Module)
    model.load_state_dict(wanted.state_dict())
    shapes = {key: value.shape for key, value in model.state_dict().items()}
    assert shapes == {key: value.shape for key, value in wanted.state_dict().items()}
