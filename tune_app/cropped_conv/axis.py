"""Find the taps of a convolution that read its input, along one axis.

A kernel tap is *live* if at least one output reads a real input pixel through it. It is *dead* if
every output reads padding through it. On the small maps at the end of a ResNet most taps of a
padded 3x3 kernel are dead: eight of nine on a 1x1 map. A dead tap is always multiplied by zero, so
it changes no output, and its gradient is exactly zero.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TapRun:
    """The outputs that read real input through one tap. They are consecutive.

    Output ``first_output + n`` reads input ``first_input + n * stride``, for n < ``num_outputs``.
    """

    tap: int
    first_output: int
    num_outputs: int
    first_input: int


@dataclass(frozen=True)
class OutputRun:
    """The taps through which one output reads real input. They are consecutive.

    Tap ``first_tap + n`` reads input ``first_input + n * dilation``, for n < ``num_taps``.
    """

    output: int
    first_tap: int
    num_taps: int
    first_input: int


@dataclass(frozen=True)
class CroppedAxis:
    """One spatial axis of a convolution whose kernel is cropped to its live taps.

    Output o reads input ``o * stride - before + t * dilation`` through tap t of the cropped kernel.

    Attributes:
        size: number of inputs.
        kernel_size: number of taps of the full kernel.
        first_tap: the tap of the full kernel that is tap 0 of the cropped one.
        num_taps: number of taps of the cropped kernel.
        stride: distance between the inputs that neighbouring outputs read through one tap.
        dilation: distance between the inputs that one output reads through neighbouring taps.
        before: padding in front of the input. If negative, so many first inputs are never read.
        num_outputs: number of outputs.
    """

    size: int
    kernel_size: int
    first_tap: int
    num_taps: int
    stride: int
    dilation: int
    before: int
    num_outputs: int

    @classmethod
    def crop(
        cls, size: int, *, kernel_size: int, stride: int, dilation: int, before: int, after: int
    ) -> CroppedAxis | None:
        """Crop a kernel axis on an input of ``size`` pixels padded by ``before`` and ``after``.

        Dead taps between live ones, which a stride can leave, are kept.

        Returns:
            The axis, or None if no output reads a real pixel.
        """
        num_outputs = (size + before + after - dilation * (kernel_size - 1) - 1) // stride + 1
        live = [
            tap
            for tap in range(kernel_size)
            if any(0 <= o * stride - before + tap * dilation < size for o in range(num_outputs))
        ]
        if not live:
            return None
        return cls(
            size=size,
            kernel_size=kernel_size,
            first_tap=live[0],
            num_taps=live[-1] - live[0] + 1,
            stride=stride,
            dilation=dilation,
            before=before - live[0] * dilation,
            num_outputs=num_outputs,
        )

    @property
    def after(self) -> int:
        """Padding behind the input. If negative, so many last inputs are never read."""
        last = (self.num_outputs - 1) * self.stride + (self.num_taps - 1) * self.dilation
        return last - self.before - self.size + 1

    @property
    def taps(self) -> slice:
        """The kept taps, as positions in the full kernel."""
        return slice(self.first_tap, self.first_tap + self.num_taps)

    @property
    def is_single_output(self) -> bool:
        """Whether there is one output, and it reads real input through every kept tap."""
        return self.num_outputs == 1 and self.before <= 0 and self.after <= 0

    @property
    def is_single_tap(self) -> bool:
        """Whether there is one kept tap, and every output reads real input through it."""
        return self.num_taps == 1 and self.before <= 0 and self.after <= 0

    @property
    def read(self) -> slice:
        """The inputs that are read, in order. Only for a single output or a single tap."""
        step = self.dilation if self.is_single_output else self.stride
        length = self.num_taps if self.is_single_output else self.num_outputs
        return slice(-self.before, -self.before + (length - 1) * step + 1, step)

    @property
    def reads_all(self) -> bool:
        """Whether every input is read."""
        return range(self.size)[self.read] == range(self.size)

    def tap_runs(self) -> list[TapRun]:
        """Return for every live tap the outputs that read real input through it."""
        runs = []
        for tap in range(self.num_taps):
            offset = tap * self.dilation - self.before
            reading = [
                o for o in range(self.num_outputs) if 0 <= o * self.stride + offset < self.size
            ]
            if reading:
                first = reading[0]
                runs.append(TapRun(tap, first, len(reading), first * self.stride + offset))
        return runs

    def output_runs(self) -> list[OutputRun]:
        """Return for every output that reads real input the taps through which it does so."""
        runs = []
        for output in range(self.num_outputs):
            offset = output * self.stride - self.before
            reading = [
                t for t in range(self.num_taps) if 0 <= t * self.dilation + offset < self.size
            ]
            if reading:
                first = reading[0]
                runs.append(OutputRun(output, first, len(reading), first * self.dilation + offset))
        return runs
