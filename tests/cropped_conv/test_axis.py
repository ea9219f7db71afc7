"""Which taps of a kernel ever meet the image, and what that leaves to compute."""

from __future__ import annotations

import pytest
from torch import nn

from tune_app.cropped_conv.axis import CroppedAxis, OutputRun, TapRun
from tune_app.cropped_conv.crop import crop_to_live_taps
from tune_app.cropped_conv.layers import CroppedConv2d

pytestmark = pytest.mark.usefixtures("one_thread")


def test_axis_of_a_padded_kernel_on_one_pixel_keeps_the_middle_tap() -> None:
    axis = CroppedAxis.crop(1, kernel_size=3, stride=1, dilation=1, before=1, after=1)
    assert axis is not None
    assert (axis.first_tap, axis.num_taps, axis.before, axis.after) == (1, 1, 0, 0)


def test_axis_runs_of_a_stride_2_kernel_on_4_pixels() -> None:
    # Outputs 0 and 1 read pixels (-1, 0, 1) and (1, 2, 3).
    axis = CroppedAxis.crop(4, kernel_size=3, stride=2, dilation=1, before=1, after=1)
    assert axis is not None
    assert axis.tap_runs() == [TapRun(0, 1, 1, 1), TapRun(1, 0, 2, 0), TapRun(2, 0, 2, 1)]
    assert axis.output_runs() == [OutputRun(0, 1, 2, 0), OutputRun(1, 0, 3, 1)]


def test_axis_without_live_taps_is_none() -> None:
    assert CroppedAxis.crop(1, kernel_size=1, stride=3, dilation=1, before=1, after=1) is None


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
    assert isinstance(layer, CroppedConv2d)
    assert (layer.way, layer.macs) == (way, macs)
