"""The shipped training on a GPU, without Ray: the same numbers as on a CPU, and exact resuming."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.backends import cudnn

from tests.training.test_classifier_run import images, measurements, start  # noqa: F401
from tests.training.test_classifier_run_own import colours, equal_weights
from tests.training.test_classifier_run_own import start as start_own
from tune_app.data import input_pipeline
from tune_app.data.split_data import SplitData
from tune_app.storage.local_store import LocalStore
from tune_app.training.checkpoint import load_newest, write_checkpoint
from tune_app.training.classifier_probe import probe
from tune_app.training.classifier_run import ClassifierRun

# A fixture that is imported has the name of the argument that asks for it.
# ruff: noqa: F811


@pytest.fixture
def exact() -> Iterator[None]:
    """Let cuDNN compute in float32: its default on newer GPUs is TF32, with 10 bits."""
    with cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield


def distance(one: Tensor, reference: Tensor) -> float:
    """Return the norm of the difference, relative to that of the reference."""
    return float((one - reference).norm() / reference.norm())


def logits(run: ClassifierRun) -> Tensor:
    """Return the outputs for the test split, as an evaluation computes them, on the CPU."""
    run.model.eval()
    with torch.inference_mode(), torch.autocast("cuda", torch.float16, enabled=run.amp):
        return torch.cat([run.model(x).float().cpu() for x, _ in run.loader([run.data.test])])


def losses(run: ClassifierRun, num_steps: int = 4) -> np.ndarray[Any, Any]:
    """Return the losses of the first steps."""
    run.model.train()
    return np.array([run.train_steps([batch])[0] for batch in run.epoch_batches(1)[:num_steps]])


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("model", ["resnet18", "resnet50"])
def test_cpu_and_gpu_agree_in_float32(
    images: SplitData, exact: None, model: str, optimizer: str
) -> None:
    changes = {"model": model, "optimizer": optimizer}
    on_cpu, on_gpu = start(images, **changes), start(images, **changes, device="cuda")
    ours, theirs = on_gpu.weights(), on_cpu.weights()
    assert all(torch.equal(ours[name].cpu(), theirs[name]) for name in theirs), "one start"
    first = distance(logits(on_gpu), logits(on_cpu))
    gaps = abs(losses(on_gpu) / losses(on_cpu) - 1)
    print(f"logits {first:.1e}, losses of the first steps {gaps}")
    assert first < 1e-4 and gaps[0] < 1e-3
    # From step to step rounding grows: after three steps, losses on a CPU with and without cropping
    # differ by 1e-3 for a ResNet-18, and by 1e-1 for a ResNet-50, whose BatchNorm has more layers
    # of 1×1 maps.
    assert gaps.max() < (5e-2 if model == "resnet18" else 0.5)
    assert on_cpu.cost["flops"] == on_gpu.cost["flops"]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_mixed_precision_stays_near_float32(images: SplitData, exact: None, optimizer: str) -> None:
    plain = start(images, device="cuda", optimizer=optimizer)
    mixed = start(images, device="cuda", optimizer=optimizer, mixed_precision=True)
    # At torch's first scale the gradients overflow, and the first steps are left out.
    mixed.scaler = torch.amp.GradScaler("cuda", init_scale=2.0**8)
    first = distance(logits(mixed), logits(plain))
    gaps = abs(losses(mixed) / losses(plain) - 1)
    print(f"logits {first:.1e}, losses of the first steps {gaps}")
    # float16 has 11 bits: 5e-4 for each rounding.
    assert 0 < first < 1e-2 and gaps[0] < 1e-2 and gaps.max() < 0.5
    metrics = mixed.train_epoch(1)
    assert (metrics["device"], metrics["precision"]) == ("cuda", "float16")
    assert plain.train_epoch(1)["precision"] == "float32"


def test_a_row_says_that_convolutions_use_tf32(images: SplitData) -> None:
    has_it = torch.cuda.get_device_capability() >= (8, 0)
    metrics = start(images, device="cuda").train_epoch(1)
    assert metrics["precision"] == ("tf32" if has_it else "float32")


def test_mixed_precision_learns(images: SplitData) -> None:
    run = start(images, last_epoch=8, device="cuda", mixed_precision=True)
    found = [run.train_epoch(epoch)["train_loss"] for epoch in range(1, 9)]
    assert found[-1] < found[0] / 2


def loaded(data: SplitData, **changes: Any) -> list[tuple[Tensor, Tensor]]:
    run = start(data, device="cuda", **changes)
    return list(run.loader(run.epoch_batches(1)))


@pytest.mark.parametrize("size", [None, 40])
@pytest.mark.parametrize("way", ["pin_memory", "resident_images"])
def test_batches_are_the_same_whichever_way_they_reach_the_gpu(
    images: SplitData, way: str, size: int | None
) -> None:
    plain = loaded(images, image_size=size)
    other = loaded(images, image_size=size, **{way: True})
    assert len(plain) == len(other) == 5
    for one, another in zip(plain, other, strict=True):
        assert all(torch.equal(a, b) and a.is_cuda for a, b in zip(one, another, strict=True))
        assert one[0].stride() == another[0].stride()


@pytest.mark.parametrize("pinned", [False, True])
def test_memory_is_pinned_where_it_is_asked_for(
    images: SplitData, monkeypatch: pytest.MonkeyPatch, pinned: bool
) -> None:
    seen: list[bool] = []

    def watched(*arguments: Any, **options: Any) -> Iterator[tuple[Tensor, Tensor]]:
        for batch in torch.utils.data.DataLoader(*arguments, **options):
            seen.extend(tensor.is_pinned() for tensor in batch)
            yield batch

    monkeypatch.setattr(input_pipeline, "DataLoader", watched)
    loaded(images, pin_memory=pinned)
    assert seen == [pinned] * 10


def resumed(run: ClassifierRun, folder: Path, epoch: int) -> dict[str, Any]:
    """Return the state of a run after it has been saved and loaded."""
    write_checkpoint(folder, "key", epoch, run.state())
    state = load_newest(LocalStore(folder), [folder], "key").state
    assert state is not None
    return state


@pytest.mark.parametrize("mixed_precision", [False, True])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(
    images: SplitData, tmp_path: Path, optimizer: str, mixed_precision: bool
) -> None:
    changes = {"device": "cuda", "optimizer": optimizer, "mixed_precision": mixed_precision}
    whole, first = start(images, **changes), start(images, **changes, pin_memory=True)
    expected = [measurements(whole.train_epoch(epoch)) for epoch in (1, 2, 3)]
    assert measurements(first.train_epoch(1)) == expected[0]
    second = start(images, **changes, resident_images=True)
    second.load_state(resumed(first, tmp_path, 1))
    assert second.scaler.state_dict() == first.scaler.state_dict()
    assert [measurements(second.train_epoch(epoch)) for epoch in (2, 3)] == expected[1:]
    assert equal_weights(whole, second)


def test_dropout_and_augmentation_resume_bit_for_bit(tmp_path: Path) -> None:
    data = colours()
    whole, first = start_own(data, device="cuda"), start_own(data, device="cuda")
    expected = [measurements(whole.train_epoch(epoch)) for epoch in (1, 2, 3)]
    assert measurements(first.train_epoch(1)) == expected[0]
    state = resumed(first, tmp_path, 1)
    other = start_own(data, device="cuda", seed=7)
    other.train_epoch(1)
    torch.rand(5, device="cuda")
    second = start_own(data, device="cuda")
    second.load_state(state)
    assert [measurements(second.train_epoch(epoch)) for epoch in (2, 3)] == expected[1:]
    assert equal_weights(whole, second)


def test_times_are_taken_when_the_gpu_has_finished(
    images: SplitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle: list[bool] = []
    run = start(images, device="cuda", model="resnet50")

    def watched(step: Any) -> Any:
        def stepped(*arguments: Any) -> Any:
            result = step(*arguments)
            idle.append(torch.cuda.current_stream().query())
            return result

        return stepped

    for name in ("train_steps", "evaluate"):
        monkeypatch.setattr(run, name, watched(getattr(run, name)))
    run.train_epoch(1)
    assert idle == [True, True]


@pytest.mark.parametrize("mixed_precision", [False, True])
def test_the_estimate_measures_on_the_gpu(images: SplitData, mixed_precision: bool) -> None:
    run = start(images, device="cuda", mixed_precision=mixed_precision)
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    measured = probe(run.config, images, 1)
    assert torch.cuda.max_memory_allocated() > before
    assert measured.seconds(1, 1000, 100) > 0
    assert measured.weights_bytes > 11_100_000 * 4
