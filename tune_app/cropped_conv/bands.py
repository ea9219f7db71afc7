"""Compute a convolution on a small map as one matrix product per kernel row and output column.

The input has the layout (height, batch, width, channels). Take one kernel row and one output
column. The output rows that read real input through this kernel row are consecutive, and so are the
input rows that they read (for a stride s, after sorting the rows by their index modulo s). The taps
of the kernel row are adjacent in memory, and so are the pixels that they read. Therefore this band
of outputs is one matrix product, and its three matrices are views of the input, the kernel and the
output. Nothing is unfolded or copied, and no multiplication is spent on padding: a 3x3 kernel on a
2x2 map takes 16 multiply-adds per pair of channels, a padded convolution 36. Both gradients are
matrix products of the same views.

Anderson, Vasudevan, Keane and Gregg, "Low-memory GEMM-based convolution algorithms for deep neural
networks" (2017), accumulate one product per part of the kernel instead of unfolding the input. Cho
and Brand, "MEC: Memory-efficient Convolution for Deep Neural Network" (2017), use strips of
adjacent taps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from tune_app.cropped_conv.axis import CroppedAxis, OutputRun, TapRun

_View = tuple[tuple[int, int], tuple[int, int], int]
"""Size, stride and offset of a matrix, as ``Tensor.as_strided`` takes them."""


class _Band(NamedTuple):
    """The views of the matrices X, K and Y of one product, and of the transposes of X and K.

    K's gradient is multiplied by ``k_beta``, and Y by ``y_beta``, before a product is added. The
    factor is 0 for the first band that writes there, so the memory need not be filled with zeros.
    """

    x: _View
    x_t: _View
    k: _View
    k_t: _View
    y: _View
    k_beta: int
    y_beta: int


@dataclass(frozen=True)
class BandPlan:
    """The matrix products of a convolution without groups whose columns have dilation 1."""

    rows: CroppedAxis
    columns: CroppedAxis
    _bands: dict[tuple[int, int, int], list[_Band]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def bands(self, batch: int, channels: int, out: int) -> list[_Band]:
        """Return the products Y = y_beta Y + X K of one call, as views of three tensors.

        The tensors are contiguous: the maps (height, batch, width, channels) for X, the kernel
        (taps, channels, out) for K, and the outputs (output height, batch, output width, out) for
        Y. The same views serve for the gradients of the three tensors.
        """
        key = batch, channels, out
        if key not in self._bands:
            self._bands[key] = [
                self._band(tap, output, *key) for tap in self._taps for output in self._outputs
            ]
        return self._bands[key]

    @cached_property
    def _taps(self) -> list[TapRun]:
        """The live kernel rows; the one through which most outputs read comes first."""
        return sorted(self.rows.tap_runs(), key=lambda run: -run.num_outputs)

    @cached_property
    def _outputs(self) -> list[OutputRun]:
        """The output columns; the one that reads through most taps comes first."""
        return sorted(self.columns.output_runs(), key=lambda run: -run.num_taps)

    def empty_outputs(self, maps: Tensor, out: int) -> Tensor:
        """Return memory for Y; zeros if some output is never written with ``y_beta`` 0."""
        shape = self.rows.num_outputs, maps.shape[1], self.columns.num_outputs, out
        columns = len(self._outputs) == self.columns.num_outputs
        covered = columns and self._taps[0].num_outputs == self.rows.num_outputs
        return maps.new_empty(shape) if covered else maps.new_zeros(shape)

    def empty_kernel(self, kernel: Tensor) -> Tensor:
        """Return memory for the gradient of K; zeros where no band writes with ``k_beta`` 0."""
        if len(self._taps) < self.rows.num_taps:
            return torch.zeros_like(kernel)
        grad = torch.empty_like(kernel)
        first = self._outputs[0].first_tap
        by_column = grad.unflatten(0, (self.rows.num_taps, self.columns.num_taps))
        by_column[:, :first].zero_()
        by_column[:, first + self._outputs[0].num_taps :].zero_()
        return grad

    def _band(self, tap: TapRun, output: OutputRun, batch: int, channels: int, out: int) -> _Band:
        stride, size = self.rows.stride, self.rows.size
        by_phase = [row for phase in range(stride) for row in range(phase, size, stride)]
        pitch, output_pitch = self.columns.size * channels, self.columns.num_outputs * out
        height, depth = tap.num_outputs * batch, output.num_taps * channels
        x = by_phase.index(tap.first_input) * batch * pitch + output.first_input * channels
        k = (tap.tap * self.columns.num_taps + output.first_tap) * channels * out
        y = tap.first_output * batch * output_pitch + output.output * out
        return _Band(
            x=((height, depth), (pitch, 1), x),
            x_t=((depth, height), (1, pitch), x),
            k=((depth, out), (out, 1), k),
            k_t=((out, depth), (1, out), k),
            y=((height, out), (output_pitch, 1), y),
            k_beta=0 if output == self._outputs[0] else 1,
            y_beta=0 if tap == self._taps[0] else 1,
        )


class Bands(torch.autograd.Function):
    """A convolution without bias, called as ``Bands.apply(pixels, kernel, plan)``.

    The pixels have the shape (batch, height, width, in), the kernel (taps, in, out), and the result
    (batch, output height, output width, out). The result can be differentiated once.
    """

    @staticmethod
    def forward(ctx: Any, pixels: Tensor, kernel: Tensor, plan: BandPlan) -> Tensor:
        """Compute the convolution."""
        stride = plan.rows.stride
        by_row = pixels.transpose(0, 1)
        # Concatenating keeps a channels-last layout, so the copy may not be contiguous yet.
        maps = torch.cat([by_row[phase::stride] for phase in range(stride)]).contiguous()
        kernel = _packed(kernel)
        outputs = plan.empty_outputs(maps, kernel.shape[2])
        for band in plan.bands(len(pixels), *kernel.shape[1:]):
            x, k = maps.as_strided(*band.x), kernel.as_strided(*band.k)
            outputs.as_strided(*band.y).addmm_(x, k, beta=band.y_beta)
        ctx.save_for_backward(maps, kernel)
        ctx.plan = plan
        return outputs.transpose(0, 1).contiguous()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        """Compute the gradients of the pixels and of the kernel."""
        plan: BandPlan = ctx.plan
        maps, kernel = ctx.saved_tensors
        outputs = _packed(grad.transpose(0, 1))
        grad_maps = torch.zeros_like(maps) if ctx.needs_input_grad[0] else None
        grad_kernel = plan.empty_kernel(kernel) if ctx.needs_input_grad[1] else None
        for band in plan.bands(len(grad), *kernel.shape[1:]):
            y = outputs.as_strided(*band.y)
            if grad_maps is not None:
                grad_maps.as_strided(*band.x).addmm_(y, kernel.as_strided(*band.k_t))
            if grad_kernel is not None:
                x_t = maps.as_strided(*band.x_t)
                grad_kernel.as_strided(*band.k).addmm_(x_t, y, beta=band.k_beta)
        grad_pixels = None if grad_maps is None else _to_pixels(grad_maps, plan.rows.stride)
        return grad_pixels, grad_kernel, None


def _packed(tensor: Tensor) -> Tensor:
    """Return a contiguous tensor at the start of its storage, as ``as_strided`` requires."""
    tensor = tensor.contiguous()
    return tensor.clone() if tensor.storage_offset() else tensor


def _to_pixels(maps: Tensor, stride: int) -> Tensor:
    """Convert maps in the layout of the matrix products to (batch, height, width, channels)."""
    height, batch, *rest = maps.shape
    pixels = maps.new_empty(batch, height, *rest)
    by_row = pixels.transpose(0, 1)
    start = 0
    for phase in range(stride):
        part = by_row[phase::stride]
        part.copy_(maps[start : start + len(part)])
        start += len(part)
    return pixels
