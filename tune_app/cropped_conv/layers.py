"""A 2-D convolution that holds and computes only the live taps of its kernel.

There are three ways to compute it. The layer takes the one that trains fastest on a CPU core:

``rows``   For a map with one output pixel, or a kernel with one tap (a 1x1 convolution of any
           stride): one matrix product of the pixels that are read, as channels-last rows
           (batch * outputs, taps * in), with the kernel (taps * in, out).
``bands``  For other small maps: one matrix product per kernel row and output column, without
           padding (see ``tune_app.cropped_conv.bands``). Only on a CPU, and without autocast.
``conv2d`` For the rest: ``torch.nn.functional.conv2d`` with the cropped kernel and the remaining
           padding.
"""

from __future__ import annotations

from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from tune_app.cropped_conv.axis import CroppedAxis
from tune_app.cropped_conv.bands import BandPlan, Bands

# With fewer input channels per output column the matrices of the bands are too small, and oneDNN's
# convolution trains faster. The time of bands divided by the time of oneDNN, forward and backward,
# on channels-last maps and one AVX2 core, for batches of 16 and 32: 512 channels on 7x7 0.71 and
# 0.57, 256 on 14x14 0.83 and 0.83, 128 on 8x8 1.04 and 0.95, 128 on 4x4 0.86 and 0.81, 64 on 2x2
# 0.76 and 0.64; but 64 on 7x7 1.13 and 1.06, 64 on 14x14 1.20 and 1.21, 32 on 4x4 1.38 and 1.19.
BANDS_CHANNELS_PER_COLUMN = 16

Way = Literal["rows", "bands", "conv2d"]


class CroppedConv2d(nn.Module):
    """A ``torch.nn.Conv2d`` cropped to the taps that are live on inputs of one size.

    The function and its gradients are those of the original convolution, up to floating-point
    rounding. The gradient of ``bands`` cannot be differentiated again.

    Args:
        conv: the original convolution.
        rows: its vertical axis, cropped.
        columns: its horizontal axis, cropped.

    Attributes:
        weight: the live taps, in row-major order, so that matrix products read them as they lie in
            memory: (taps, in_channels / groups, out_channels).
        bias: the bias of the original convolution, or None.
        dead_taps: the other taps in the same layout. They are no parameter and not part of
            ``state_dict()``.
    """

    weight: nn.Parameter
    bias: nn.Parameter | None
    dead_taps: Tensor

    def __init__(self, conv: nn.Conv2d, rows: CroppedAxis, columns: CroppedAxis) -> None:
        super().__init__()
        self.in_channels = conv.in_channels
        self.out_channels = conv.out_channels
        self.groups = conv.groups
        self.rows = rows
        self.columns = columns
        self.way = choose_way(conv, rows, columns)
        self._plan = BandPlan(rows, columns) if self.way == "bands" else None
        self._reads_all = rows.reads_all and columns.reads_all
        live, dead = self.split(conv.weight.detach())
        self.weight = nn.Parameter(live, requires_grad=conv.weight.requires_grad)
        # torch types the bias of a convolution as a plain tensor; it is a parameter or None.
        self.bias = cast("nn.Parameter | None", conv.bias)
        self.register_buffer("dead_taps", dead, persistent=False)
        self.train(conv.training)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """The only input shape that the layer accepts: (channels, height, width)."""
        return self.in_channels, self.rows.size, self.columns.size

    @property
    def macs(self) -> int:
        """The number of multiply-adds of a forward pass on one image."""
        if self.way == "conv2d":
            row_reads = self.rows.num_outputs * self.rows.num_taps
            column_reads = self.columns.num_outputs * self.columns.num_taps
        else:
            row_reads = sum(run.num_outputs for run in self.rows.tap_runs())
            column_reads = sum(run.num_taps for run in self.columns.output_runs())
        return row_reads * column_reads * self.in_channels // self.groups * self.out_channels

    def full_weight(self) -> Tensor:
        """Return the kernel as ``torch.nn.Conv2d`` has it: (out, in / groups, height, width)."""
        live = self._live_mask(self.weight.device)
        full = self.weight.new_empty(*live.shape, *self.weight.shape[1:])
        full[live] = self.weight.detach()
        full[~live] = self.dead_taps
        return full.permute(3, 2, 0, 1).contiguous()

    def forward(self, images: Tensor) -> Tensor:
        """Convolve images of shape (batch, channels, height, width).

        Raises:
            ValueError: the images do not have ``input_shape``, so other taps could be live.
        """
        if images.shape[1:] != self.input_shape:
            raise ValueError(
                f"a convolution cropped for inputs of shape (batch, channels, height, width) = "
                f"(any, {', '.join(map(str, self.input_shape))}) got {tuple(images.shape)}; "
                f"crop the plain model again for the new input shape"
            )
        if self.way == "rows":
            return self._rows(images)
        device = images.device.type
        if self._plan and device == "cpu" and not torch.is_autocast_enabled(device):
            maps: Tensor = Bands.apply(images.permute(0, 2, 3, 1), self.weight, self._plan)
            return (maps if self.bias is None else maps + self.bias).permute(0, 3, 1, 2)
        return self._conv2d(images)

    def _rows(self, images: Tensor) -> Tensor:
        if not self._reads_all:
            images = images[:, :, self.rows.read, self.columns.read]
        taps, channels, out = self.weight.shape
        pixels = images.permute(0, 2, 3, 1).reshape(-1, taps * channels)
        kernel = self.weight.flatten(0, 1)
        if self.bias is None:
            outputs = torch.mm(pixels, kernel)
        else:
            outputs = torch.addmm(self.bias, pixels, kernel)
        shape = (-1, self.rows.num_outputs, self.columns.num_outputs, out)
        return outputs.view(shape).permute(0, 3, 1, 2)

    def _conv2d(self, images: Tensor) -> Tensor:
        rows, columns = self.rows, self.columns
        edges = (columns.before, columns.after, rows.before, rows.after)
        padding = (rows.before, columns.before)
        if edges[0] != edges[1] or edges[2] != edges[3] or min(edges) < 0:
            images = functional.pad(images, edges)
            padding = (0, 0)
        kernel = self.weight.unflatten(0, (rows.num_taps, columns.num_taps)).permute(3, 2, 0, 1)
        if kernel.dtype == torch.float64:  # with one output channel torch's own code wants it so
            kernel = kernel.contiguous()
        return functional.conv2d(
            images,
            kernel,
            self.bias,
            stride=(rows.stride, columns.stride),
            padding=padding,
            dilation=(rows.dilation, columns.dilation),
            groups=self.groups,
        )

    def _live_mask(self, device: torch.device) -> Tensor:
        shape = self.rows.kernel_size, self.columns.kernel_size
        live = torch.zeros(shape, dtype=torch.bool, device=device)
        live[self.rows.taps, self.columns.taps] = True
        return live

    def split(self, full: Tensor) -> tuple[Tensor, Tensor]:
        """Return (live taps, dead taps) of a tensor of the original kernel's shape."""
        by_tap = full.permute(2, 3, 1, 0)
        live = self._live_mask(full.device)
        return by_tap[live].contiguous(), by_tap[~live].contiguous()

    def extra_repr(self) -> str:
        """Return the kept taps and the way of computing, for ``repr``."""
        return (
            f"{self.in_channels}, {self.out_channels}, "
            f"live taps {self.rows.num_taps}x{self.columns.num_taps} "
            f"of {self.rows.kernel_size}x{self.columns.kernel_size}, "
            f"input {self.rows.size}x{self.columns.size}, way={self.way}"
        )


def choose_way(conv: nn.Conv2d, rows: CroppedAxis, columns: CroppedAxis) -> Way:
    """Return the fastest possible way to compute a convolution with these axes."""
    if conv.groups > 1:
        return "conv2d"
    if (rows.is_single_output and columns.is_single_output) or (
        rows.is_single_tap and columns.is_single_tap
    ):
        return "rows"
    is_worthwhile = conv.in_channels >= BANDS_CHANNELS_PER_COLUMN * columns.num_outputs
    return "bands" if is_worthwhile and columns.dilation == 1 else "conv2d"
