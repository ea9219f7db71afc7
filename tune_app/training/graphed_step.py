"""Repeat a whole training step as one CUDA graph, so that the GPU does not wait for Python.

A step of a ResNet on small batches of small images launches about a thousand kernels of a few
microseconds each. Launching them from Python takes longer than computing them. A graph holds all of
a step, forward, backward and optimizer, and one call launches it (Nguyen et al. 2021, "Accelerating
PyTorch with CUDA Graphs").

The first steps are taken one by one, on a stream of their own, as torch's documentation asks, so
that memory and the state of the optimizer exist. They are steps of the training like the others.
Batches of another size, such as the last one of an epoch, are never part of a graph. The learning
rate is part of it, so an epoch has a graph of its own.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from search_spaces.errors import UserError

NUM_FIRST = 3
"""Steps that are taken before one is recorded."""

Outcome = tuple[Tensor, Tensor]
"""The loss of a step and the outputs of the model."""


class Recording(Protocol):
    """A recorded step. Its outcome is in the same memory after each replay."""

    outcome: Outcome

    def replay(self) -> None:
        """Take the step again, on what is now in the memory of its batch."""


class Recorder(Protocol):
    """Takes and records steps."""

    def take(self, step: Callable[[], Outcome]) -> Outcome:
        """Take a step as those are taken that precede a recording."""

    def record(self, step: Callable[[], Outcome]) -> Recording:
        """Record a step without taking it."""


@functools.cache
def _stream() -> torch.cuda.Stream:
    """Return the stream of all recordings of this process.

    cuBLAS keeps memory for every stream that it has computed on, so epochs do not each take one.
    """
    return torch.cuda.Stream()


class CudaRecorder:
    """Records steps on the current GPU."""

    def __init__(self) -> None:
        self._stream = _stream()

    def take(self, step: Callable[[], Outcome]) -> Outcome:
        """Take a step on the stream of the recording."""
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream), warnings.catch_warnings():
            # Steps that are not recorded are no mistake here.
            warnings.filterwarnings("ignore", "This instance was constructed with capturable=True")
            loss, outputs = step()
        torch.cuda.current_stream().wait_stream(self._stream)
        # A step on the main stream must not meet what autograd keeps for the recording's stream.
        return loss.detach(), outputs.detach()

    def record(self, step: Callable[[], Outcome]) -> Recording:
        """Record a step.

        Raises:
            UserError: the step cannot be recorded.
            torch.OutOfMemoryError: there is too little memory for it.
        """
        try:
            return _CudaRecording(step, self._stream)
        except RuntimeError as error:
            # Ending a recording after an error may fail in turn.
            first = error.__context__ if isinstance(error.__context__, RuntimeError) else error
            if isinstance(first, torch.OutOfMemoryError):
                raise first from None
            raise UserError(
                "cuda_graphs: a training step of this model cannot be recorded "
                f"({str(first).splitlines()[0]}); it must not read values of tensors, and its "
                "optimizer must be capturable; leave cuda_graphs out"
            ) from error


class _CudaRecording:
    def __init__(self, step: Callable[[], Outcome], stream: torch.cuda.Stream) -> None:
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, stream=stream):
            loss, outputs = step()
        self.outcome = loss.detach(), outputs.detach()  # as in `take`

    def replay(self) -> None:
        self._graph.replay()


class GraphedStep:
    """Takes the steps of one epoch, from the fourth on as a graph.

    Args:
        step: takes a step on a batch; it returns the loss and the model's outputs.
        recorder: takes and records steps.
    """

    def __init__(self, step: Callable[[Tensor, Tensor], Outcome], recorder: Recorder) -> None:
        self._step = step
        self._recorder = recorder
        self._num_taken = 0
        self._batch: tuple[Tensor, Tensor] | None = None
        self._recording: Recording | None = None

    def __call__(self, inputs: Tensor, labels: Tensor) -> Outcome:
        """Take a step. What it returns is overwritten by the next step.

        Raises:
            UserError: the step cannot be recorded.
        """
        if self._batch is None:
            self._batch = inputs.clone(), labels.clone()
        if inputs.shape != self._batch[0].shape:
            return self._step(inputs, labels)
        if self._num_taken < NUM_FIRST:
            self._num_taken += 1
            return self._recorder.take(lambda: self._step(inputs, labels))
        for memory, values in zip(self._batch, (inputs, labels), strict=True):
            memory.copy_(values)
        if self._recording is None:
            batch = self._batch
            self._recording = self._recorder.record(lambda: self._step(*batch))
        self._recording.replay()
        return self._recording.outcome
