"""The cropped model must be the plain model: outputs, gradients, training, state."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from unittest import mock

import cloudpickle
import pytest
import torch
import torchvision
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from tune_app import live_layers
from tune_app.live_axis import LiveAxis, OutputRun, TapRun
from tune_app.live_layers import LiveConv2d
from tune_app.live_taps import crop_to_live_taps, full_state_dict, load_full_state_dict
from tune_app.models import build_model


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


def assert_close(actual: Tensor | None, expected: Tensor | None, tolerance: float = 1e-9) -> None:
    """Compare with a tolerance relative to the largest expected value."""
    assert actual is not None
    assert expected is not None
    assert actual.shape == expected.shape
    scale = expected.abs().max().item() if expected.numel() else 0.0
    assert (actual - expected).abs().max().item() <= tolerance * max(scale, 1e-3)


def assert_same_gradients(plain: nn.Module, cropped: nn.Module) -> None:
    """Every gradient of the plain model equals the cropped one's, and is 0 on dead taps."""
    for name, parameter in plain.named_parameters():
        module_name, _, short = name.rpartition(".")
        layer = cropped.get_submodule(module_name)
        expected, actual = parameter.grad, cropped.get_parameter(name).grad
        assert expected is not None
        assert actual is not None
        if isinstance(layer, LiveConv2d) and short == "weight":
            rows, columns = layer.rows.taps, layer.columns.taps
            size = layer.rows.num_taps, layer.columns.num_taps
            actual = actual.unflatten(0, size).permute(3, 2, 0, 1)
            dead = expected.clone()
            dead[:, :, rows, columns] = 0
            assert dead.count_nonzero() == 0
            expected = expected[:, :, rows, columns]
        assert_close(actual, expected)


def assert_same_function(
    plain: nn.Module,
    cropped: nn.Module,
    shape: tuple[int, ...],
    layout: tuple[int, ...] = (0, 1, 2, 3),
) -> None:
    """Compare outputs and gradients in training, BatchNorm's statistics, then evaluation.

    ``layout`` names the dimensions of the images from the outermost in memory to the innermost.
    """
    stored = torch.randn([shape[d] for d in layout], dtype=torch.float64)
    images = stored.permute([layout.index(d) for d in range(4)])
    sides = []
    for model in (plain, cropped):
        inputs = images.clone().requires_grad_()
        outputs = model.train()(inputs)
        weights = torch.linspace(-1, 1, outputs.numel(), dtype=torch.float64)
        (outputs * weights.view(outputs.shape)).sum().backward()
        sides.append((outputs, inputs.grad))
    (outputs, input_grad), (cropped_outputs, cropped_input_grad) = sides
    assert_close(cropped_outputs, outputs)
    assert_close(cropped_input_grad, input_grad)
    assert_same_gradients(plain, cropped)
    for name, buffer in plain.named_buffers():
        assert_close(cropped.get_buffer(name), buffer)
    with torch.no_grad():
        assert_close(cropped.eval()(images), plain.eval()(images))


def ways(model: nn.Module) -> set[str]:
    return {module.way for module in model.modules() if isinstance(module, LiveConv2d)}


@pytest.mark.parametrize(
    ("name", "channels", "size"),
    [
        ("resnet18", 1, 28),
        ("resnet18", 1, 32),
        ("resnet18", 3, 28),
        ("resnet18", 3, 32),
        ("resnet50", 1, 28),
        ("resnet50", 3, 32),
    ],
)
def test_resnet_is_the_same_function(name: str, channels: int, size: int) -> None:
    plain = build_model(name, in_channels=channels).double()
    cropped = crop_to_live_taps(plain, (channels, size, size))
    assert ways(cropped) == {"rows", "bands"}
    assert_same_function(plain, cropped, (6, channels, size, size))


@pytest.mark.parametrize(
    ("constructor", "expected_ways"),
    [
        (torchvision.models.resnet34, {"rows", "bands"}),
        (torchvision.models.vgg11, {"bands"}),
        (torchvision.models.mobilenet_v2, {"rows", "conv2d"}),
        (torchvision.models.mobilenet_v3_small, {"rows", "conv2d"}),
    ],
)
def test_other_models_are_the_same_function(
    constructor: Callable[..., nn.Module], expected_ways: set[str]
) -> None:
    plain = constructor(num_classes=10).double()
    for module in plain.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    if isinstance(plain, torchvision.models.VGG):
        plain.classifier = nn.Linear(512 * 49, 10).double()
    cropped = crop_to_live_taps(plain, (3, 32, 32))
    assert ways(cropped) == expected_ways
    assert_same_function(plain, cropped, (6, 3, 32, 32))


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[nn.Conv2d, tuple[int, int]]:
    def pair(*values: int) -> tuple[int, int]:
        return draw(st.tuples(st.sampled_from(values), st.sampled_from(values)))

    groups = draw(st.sampled_from([1, 1, 1, 1, 2, 3]))
    size, kernel_size = pair(1, 2, 3, 4, 5, 7), pair(1, 2, 3, 4, 5)
    stride, dilation = pair(1, 2, 3), pair(1, 1, 1, 2, 3)
    padding: tuple[int, int] | str = pair(0, 1, 2, 3, 4)
    padding = draw(st.sampled_from([padding] * 6 + ["same", "valid"]))
    if padding == "same":
        stride = 1, 1
    conv = nn.Conv2d(
        groups * draw(st.integers(1, 3)),
        groups * draw(st.integers(1, 3)),
        kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        bias=draw(st.booleans()),
        dtype=torch.float64,
    )
    if padding != "same":
        edges = (0, 0) if isinstance(padding, str) else padding
        reach = [d * (k - 1) for d, k in zip(dilation, kernel_size, strict=True)]
        assume(all(s + 2 * p > r for s, p, r in zip(size, edges, reach, strict=True)))
    return conv, size


@settings(max_examples=300, deadline=None)
@given(convolutions(), st.sampled_from([0, 0, 0, 16]), st.integers(1, 3), st.permutations(range(4)))
def test_any_convolution_is_the_same_function(
    drawn: tuple[nn.Conv2d, tuple[int, int]],
    channels_per_column: int,
    batch: int,
    layout: list[int],
) -> None:
    conv, size = drawn
    with mock.patch.object(live_layers, "BANDS_CHANNELS_PER_COLUMN", channels_per_column):
        cropped = crop_to_live_taps(conv, (conv.in_channels, *size))
    assert_same_function(conv, cropped, (batch, conv.in_channels, *size), tuple(layout))
    assert all(
        torch.equal(value, conv.state_dict()[name])
        for name, value in full_state_dict(cropped).items()
    )


def test_axis_of_a_padded_kernel_on_one_pixel_keeps_the_middle_tap() -> None:
    axis = LiveAxis.crop(1, kernel_size=3, stride=1, dilation=1, before=1, after=1)
    assert axis is not None
    assert (axis.first_tap, axis.num_taps, axis.before, axis.after) == (1, 1, 0, 0)


def test_axis_runs_of_a_stride_2_kernel_on_4_pixels() -> None:
    # Outputs 0 and 1 read pixels (-1, 0, 1) and (1, 2, 3).
    axis = LiveAxis.crop(4, kernel_size=3, stride=2, dilation=1, before=1, after=1)
    assert axis is not None
    assert axis.tap_runs() == [TapRun(0, 1, 1, 1), TapRun(1, 0, 2, 0), TapRun(2, 0, 2, 1)]
    assert axis.output_runs() == [OutputRun(0, 1, 2, 0), OutputRun(1, 0, 3, 1)]


def test_axis_without_live_taps_is_none() -> None:
    assert LiveAxis.crop(1, kernel_size=1, stride=3, dilation=1, before=1, after=1) is None


@pytest.mark.parametrize(
    ("conv", "size", "way", "macs"),
    [
        # A 2x2 map: every output reads all four pixels. A padded convolution takes 36.
        (nn.Conv2d(64, 8, 3, padding=1), 2, "bands", 16 * 64 * 8),
        # 4x4: along an axis the outputs read 2, 3, 3 and 2 pixels.
        (nn.Conv2d(64, 8, 3, padding=1), 4, "bands", 10 * 10 * 64 * 8),
        (nn.Conv2d(64, 8, 3, padding=1), 1, "rows", 64 * 8),
        (nn.Conv2d(64, 8, 3, stride=2, padding=1), 2, "rows", 4 * 64 * 8),
        (nn.Conv2d(64, 8, 1, stride=2), 7, "rows", 16 * 64 * 8),
        (nn.Conv2d(64, 64, 3, padding=1, groups=64), 1, "conv2d", 64),
    ],
)
def test_way_and_multiply_adds(conv: nn.Conv2d, size: int, way: str, macs: int) -> None:
    layer = crop_to_live_taps(conv, (64, size, size))
    assert isinstance(layer, LiveConv2d)
    assert (layer.way, layer.macs) == (way, macs)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_training_gives_the_weights_of_the_plain_model(name: str) -> None:
    plain = build_model("resnet18").double()
    initial = copy.deepcopy(plain.state_dict())
    cropped = crop_to_live_taps(plain, (1, 28, 28))
    images, labels = torch.randn(6, 1, 28, 28, dtype=torch.float64), torch.arange(6)
    for model in (plain, cropped):
        optimizer: torch.optim.Optimizer = (
            torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
            if name == "sgd"
            else torch.optim.Adam(model.parameters(), lr=1e-3)
        )
        for _ in range(3):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
    rebuilt = full_state_dict(cropped)
    assert list(rebuilt) == list(plain.state_dict())
    for key, value in plain.state_dict().items():
        assert_close(rebuilt[key].double(), value.double())
    dead = rebuilt["layer4.1.conv2.weight"].clone()
    dead[:, :, 1, 1] = initial["layer4.1.conv2.weight"][:, :, 1, 1]
    assert torch.equal(dead, initial["layer4.1.conv2.weight"])
    reloaded = build_model("resnet18").double()
    reloaded.load_state_dict(rebuilt)
    assert_close(reloaded.eval()(images), plain.eval()(images))


def test_full_state_dict_is_undone_by_load_full_state_dict() -> None:
    cropped = crop_to_live_taps(build_model("resnet18"), (1, 28, 28))
    other = build_model("resnet18").eval()
    load_full_state_dict(cropped, other.state_dict())
    rebuilt = full_state_dict(cropped)
    assert all(torch.equal(rebuilt[key], value) for key, value in other.state_dict().items())
    images = torch.randn(2, 1, 28, 28)
    assert_close(cropped.eval()(images), other(images), 1e-5)


def test_loading_a_full_state_refuses_wrong_keys_and_shapes() -> None:
    cropped = crop_to_live_taps(nn.Conv2d(4, 4, 3, padding=1), (4, 1, 1))
    with pytest.raises(RuntimeError, match="bias"):
        load_full_state_dict(cropped, {"weight": torch.zeros(4, 4, 3, 3)})
    with pytest.raises(ValueError, match="expected a kernel of shape"):
        load_full_state_dict(cropped, {"weight": torch.zeros(4, 4, 1, 1), "bias": torch.zeros(4)})


def test_state_dict_is_small_and_survives_a_round_trip() -> None:
    plain = build_model("resnet18")
    cropped = crop_to_live_taps(plain, (1, 28, 28))
    state = cropped.state_dict()
    assert list(state) == list(plain.state_dict())
    assert sum(p.numel() for p in cropped.parameters()) == 4_228_554
    assert state["layer4.0.conv2.weight"].shape == (1, 512, 512)
    other = crop_to_live_taps(build_model("resnet18"), (1, 28, 28))
    other.load_state_dict(state)
    images = torch.randn(2, 1, 28, 28)
    assert torch.equal(other.eval()(images), cropped.eval()(images))


@pytest.mark.parametrize(
    "duplicate",
    [
        copy.deepcopy,
        lambda model: pickle.loads(pickle.dumps(model)),
        lambda model: cloudpickle.loads(cloudpickle.dumps(model)),
        lambda model: copy.deepcopy(model).double().float().to(memory_format=torch.channels_last),
    ],
)
def test_copies_compute_the_same(duplicate: Callable[[nn.Module], nn.Module]) -> None:
    plain = nn.Sequential(
        nn.Conv2d(64, 64, 3, padding=1), nn.Conv2d(64, 8, 5, stride=2, padding=2), nn.BatchNorm2d(8)
    )
    cropped = crop_to_live_taps(plain, (64, 2, 2)).eval()
    assert ways(cropped) == {"rows", "bands"}
    other = duplicate(cropped)
    images = torch.randn(2, 64, 2, 2)
    assert torch.equal(other(images), cropped(images))
    mine, others = full_state_dict(cropped), full_state_dict(other)
    assert all(torch.equal(mine[key], others[key]) for key in mine)


def test_the_given_model_and_the_random_state_are_left_as_they_are() -> None:
    plain = build_model("resnet18").train()
    plain.get_submodule("layer1").eval()
    before, random_state = copy.deepcopy(plain.state_dict()), torch.get_rng_state()
    layers, flags = str(plain), [module.training for module in plain.modules()]
    cropped = crop_to_live_taps(plain, (1, 28, 28))
    assert str(plain) == layers
    assert [module.training for module in plain.modules()] == flags
    assert [module.training for module in cropped.modules()] == flags
    assert torch.equal(torch.get_rng_state(), random_state)
    assert all(torch.equal(value, before[key]) for key, value in plain.state_dict().items())
    assert not any(module._forward_pre_hooks for module in cropped.modules())


def test_parameters_and_gradients_may_be_parts_of_larger_tensors() -> None:
    plain = nn.Conv2d(4, 4, 3, padding=1, dtype=torch.float64)
    with mock.patch.object(live_layers, "BANDS_CHANNELS_PER_COLUMN", 0):
        cropped = crop_to_live_taps(plain, (4, 2, 2))
    assert ways(cropped) == {"bands"}
    flat = nn.utils.parameters_to_vector(cropped.parameters()).detach()
    shifted = torch.cat([torch.zeros(7, dtype=torch.float64), flat])
    nn.utils.vector_to_parameters(shifted[7:], cropped.parameters())
    images = torch.randn(1, 4, 2, 2, dtype=torch.float64)
    sides = []
    for model in (plain, cropped):
        outputs = torch.cat([images, model(images)])
        outputs.square().sum().backward()
        sides.append(outputs)
    assert_close(sides[1], sides[0])
    assert_same_gradients(plain, cropped)


def test_a_frozen_kernel_stays_frozen() -> None:
    conv = nn.Conv2d(64, 64, 3, padding=1)
    conv.weight.requires_grad_(False)
    layer = crop_to_live_taps(conv, (64, 2, 2))
    images = torch.randn(1, 64, 2, 2, requires_grad=True)
    layer(images).sum().backward()
    assert layer.get_parameter("weight").grad is None
    assert images.grad is not None


@pytest.mark.parametrize("size", [(3, 4, 4), (3, 2, 3), (4, 2, 2)])
def test_another_input_size_raises(size: tuple[int, int, int]) -> None:
    layer = crop_to_live_taps(nn.Conv2d(3, 4, 3, padding=1, stride=2), (3, 2, 2))
    with pytest.raises(ValueError, match="crop the plain model again"):
        layer(torch.zeros(1, *size))


def test_a_model_called_with_another_input_size_raises() -> None:
    cropped = crop_to_live_taps(build_model("resnet18"), (1, 28, 28))
    with pytest.raises(ValueError, match="crop the plain model again"):
        cropped(torch.zeros(2, 1, 32, 32))


def test_runs_are_bit_identical() -> None:
    cropped = crop_to_live_taps(build_model("resnet18"), (1, 28, 28))
    images = torch.randn(16, 1, 28, 28)
    results = []
    for _ in range(2):
        model = copy.deepcopy(cropped)
        outputs = model(images)
        outputs.square().sum().backward()
        results.append([outputs, *[p.grad for p in model.parameters()]])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


def test_autocast_computes_in_the_lower_precision() -> None:
    plain = nn.Sequential(nn.Conv2d(64, 64, 3, padding=1), nn.Conv2d(64, 8, 3, padding=1, stride=2))
    cropped = crop_to_live_taps(plain, (64, 2, 2))
    assert ways(cropped) == {"bands", "rows"}
    images = torch.randn(4, 64, 2, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = cropped(images)
        expected = plain(images)
    assert outputs.dtype == expected.dtype == torch.bfloat16
    assert_close(outputs.float(), expected.float(), 0.05)
    outputs.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in cropped.parameters())


def padded() -> nn.Conv2d:
    """A convolution that is cropped on a map of 2x2 pixels, unless something speaks against it."""
    return nn.Conv2d(4, 4, 5, padding=2)


class Subclass(nn.Conv2d):
    pass


class Calls(nn.Module):
    """Calls its convolution in a way of its own."""

    def __init__(self, call: Callable[[nn.Conv2d, Tensor], Tensor]) -> None:
        super().__init__()
        self.conv = padded()
        self.call = call

    def forward(self, images: Tensor) -> Tensor:
        return self.call(self.conv, images)


def hooked() -> nn.Module:
    conv = padded()
    conv.register_forward_hook(lambda module, inputs, output: output * module.weight.sum())
    return conv


def overridden() -> nn.Module:
    conv = padded()
    conv.forward = lambda images: images + conv.weight.mean()  # type: ignore[method-assign,assignment]
    return conv


def tied() -> nn.Module:
    first, second = padded(), padded()
    second.weight = first.weight
    return nn.Sequential(first, second)


def shared() -> nn.Module:
    conv = padded()
    return nn.Sequential(conv, conv)


@pytest.mark.parametrize(
    "model",
    [
        Subclass(4, 4, 5, padding=2),
        nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"),
        nn.Conv2d(4, 4, 3, padding=1, padding_mode="replicate"),
        nn.Conv2d(4, 4, 1, padding=1, stride=3),
        hooked(),
        overridden(),
        tied(),
        shared(),
        parametrizations.weight_norm(padded()),
        Calls(lambda conv, images: images),
        Calls(lambda conv, images: conv(conv(nn.functional.pad(images, (0, 1)))[..., :-1])),
        Calls(lambda conv, images: torch.stack([conv(image) for image in images])),
        Calls(lambda conv, images: conv(input=images)),
    ],
)
def test_left_alone(model: nn.Module) -> None:
    size = 1 if isinstance(model, nn.Conv2d) and model.kernel_size == (1, 1) else 2
    cropped = crop_to_live_taps(model, (4, size, size))
    assert not ways(cropped)
    images = torch.randn(2, 4, size, size)
    assert_close(cropped(images), model(images), 1e-5)


def test_what_is_left_alone_would_otherwise_be_cropped() -> None:
    assert ways(crop_to_live_taps(padded(), (4, 2, 2))) == {"conv2d"}
    twice = Calls(lambda conv, images: conv(conv(images)))
    assert ways(crop_to_live_taps(twice, (4, 2, 2))) == {"conv2d"}


def test_a_convolution_without_dead_taps_is_left_alone() -> None:
    plain = nn.Conv2d(1, 64, 7, stride=2, padding=3)
    assert type(crop_to_live_taps(plain, (1, 28, 28))) is nn.Conv2d
