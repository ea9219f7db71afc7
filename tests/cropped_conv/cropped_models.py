"""A plain model and its cropped one, compared."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tune_app.cropped_conv.layers import CroppedConv2d


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
        if isinstance(layer, CroppedConv2d) and short == "weight":
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
    return {module.way for module in model.modules() if isinstance(module, CroppedConv2d)}
