"""Which steps are recorded and repeated; the recorder of these tests computes on the CPU."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from search_spaces.errors import UserError
from tests.training.test_classifier_run import images, measurements, one_thread, start  # noqa: F401
from tests.training.test_classifier_run_own import equal_weights
from tune_app.data.split_data import SplitData
from tune_app.training import classifier_run
from tune_app.training.graphed_step import CudaRecorder, GraphedStep, Outcome, _stream

# A fixture that is imported has the name of the argument that asks for it.
# ruff: noqa: F811


class Recording:
    """Takes its step at each replay; the outcome stays in the same memory, as that of a graph."""

    outcome: Outcome

    def __init__(self, step: Callable[[], Outcome]) -> None:
        self._step = step
        self.num_replays = 0

    def replay(self) -> None:
        found = [tensor.detach() for tensor in self._step()]
        if not self.num_replays:
            self.outcome = (found[0].clone(), found[1].clone())
        for memory, value in zip(self.outcome, found, strict=True):
            memory.copy_(value)
        self.num_replays += 1


class Recorder:
    def __init__(self) -> None:
        self.num_taken = 0
        self.recordings: list[Recording] = []

    def take(self, step: Callable[[], Outcome]) -> Outcome:
        self.num_taken += 1
        return step()

    def record(self, step: Callable[[], Outcome]) -> Recording:
        self.recordings.append(Recording(step))
        return self.recordings[-1]


def test_three_steps_are_taken_then_one_is_recorded_and_repeated() -> None:
    seen: list[list[float]] = []

    def step(inputs: Tensor, labels: Tensor) -> Outcome:
        seen.append([*inputs.tolist(), *labels.tolist()])
        return inputs.sum(), inputs + labels

    recorder = Recorder()
    graphed = GraphedStep(step, recorder)
    batches = [(torch.tensor([n, n]), torch.tensor([10 * n, 0])) for n in range(6)]
    batches.append((torch.tensor([7]), torch.tensor([70])))
    found = []
    for inputs, labels in batches:
        loss, outputs = graphed(inputs, labels)
        found.append((float(loss), outputs.tolist()))
    assert found == [(2 * n, [11 * n, n]) for n in range(6)] + [(7, [77])]
    assert seen == [[n, n, 10 * n, 0] for n in range(6)] + [[7, 70]]
    assert recorder.num_taken == 3 and [r.num_replays for r in recorder.recordings] == [3]


@pytest.mark.parametrize("num_batches", [1, 3])
def test_a_short_epoch_is_not_recorded(num_batches: int) -> None:
    recorder = Recorder()
    graphed = GraphedStep(lambda inputs, labels: (inputs, labels), recorder)
    for _ in range(num_batches):
        graphed(torch.zeros(2), torch.zeros(2))
    assert recorder.num_taken == num_batches and recorder.recordings == []


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_training_is_the_same_step_for_step(
    images: SplitData, monkeypatch: pytest.MonkeyPatch, optimizer: str
) -> None:
    recorders: list[Recorder] = []

    def recorder() -> Recorder:
        recorders.append(Recorder())
        return recorders[-1]

    monkeypatch.setattr(classifier_run, "CudaRecorder", recorder)
    changes: dict[str, Any] = {"optimizer": optimizer, "lr_schedule": "cosine"}
    plain, graphed = start(images, **changes), start(images, **changes)
    monkeypatch.setattr(graphed, "_graphed", True)
    for epoch in (1, 2):
        assert measurements(graphed.train_epoch(epoch)) == measurements(plain.train_epoch(epoch))
    assert equal_weights(plain, graphed)
    replays = [[r.num_replays for r in one.recordings] for one in recorders]
    assert len(replays) == 2 and replays[0] == replays[1] and replays[0][0] > 0


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception]]:
    """Let a recording take its step on the CPU; if it fails, its end raises the listed error."""
    found: list[Exception] = []

    @contextmanager
    def graph(_graph: object, stream: object) -> Iterator[None]:
        try:
            yield
        finally:
            if found:
                raise found[0]

    monkeypatch.setattr(torch.cuda, "Stream", object)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", object)
    monkeypatch.setattr(torch.cuda, "graph", graph)
    _stream.cache_clear()
    yield found
    _stream.cache_clear()


def failing(error: Exception) -> Callable[[], Outcome]:
    def step() -> Outcome:
        raise error

    return step


END = torch.AcceleratorError("CUDA error: operation failed due to a previous error")


@pytest.mark.parametrize("end", [[], [END]])
def test_why_a_step_cannot_be_recorded_is_said(ends: list[Exception], end: list[Exception]) -> None:
    ends += end
    with pytest.raises(UserError, match=r"cannot be recorded \(no item\); it must not"):
        CudaRecorder().record(failing(RuntimeError("no item\nadvice for developers")))


@pytest.mark.parametrize("end", [[], [END]])
def test_too_little_memory_is_its_own_reason(ends: list[Exception], end: list[Exception]) -> None:
    ends += end
    with pytest.raises(torch.OutOfMemoryError, match="Tried to allocate"):
        CudaRecorder().record(failing(torch.OutOfMemoryError("Tried to allocate 2 GiB")))


def test_an_error_of_the_end_alone_is_said(ends: list[Exception]) -> None:
    ends.append(RuntimeError("unjoined work"))
    with pytest.raises(UserError, match="unjoined work"):
        CudaRecorder().record(lambda: (torch.zeros(()), torch.zeros(1)))


def test_neither_a_step_nor_a_recording_keeps_anything_of_autograd_and_recorders_share_a_stream(
    ends: list[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "Stream", lambda: SimpleNamespace(wait_stream=lambda _: None))
    monkeypatch.setattr(torch.cuda, "current_stream", torch.cuda.Stream)
    monkeypatch.setattr(torch.cuda, "stream", nullcontext)
    one, other = CudaRecorder(), CudaRecorder()
    weight = torch.ones(2, requires_grad=True)

    def step() -> Outcome:
        warnings.warn("This instance was constructed with capturable=True", stacklevel=1)
        return weight.sum(), weight * 2

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        taken = one.take(step)
    recorded = one.record(lambda: (weight.sum(), weight * 2)).outcome
    assert [tensor.grad_fn for tensor in (*taken, *recorded)] == [None] * 4
    assert one._stream is other._stream
