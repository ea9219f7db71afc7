"""Single steps on a GPU: what overflows, what waits for it, and how weights lie in its memory."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from tests.training.test_classifier_run import images, start  # noqa: F401 (a fixture)
from tests.training.test_classifier_run_own import colours
from tests.training.test_classifier_run_own import start as start_own
from tune_app.data.split_data import SplitData
from tune_app.training.classifier_run import ClassifierRun
from tune_app.training.model_family import ModelFamily

# A fixture that is imported has the name of the argument that asks for it.
# ruff: noqa: F811


@pytest.mark.parametrize("cuda_graphs", [False, True])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_steps_that_overflow_change_nothing(
    images: SplitData, optimizer: str, cuda_graphs: bool
) -> None:
    changes = {"optimizer": optimizer, "cuda_graphs": cuda_graphs, "batch_size": 8}
    run = start(images, device="cuda", mixed_precision=True, **changes)
    run.scaler = torch.amp.GradScaler("cuda", init_scale=2.0**100)
    before = [parameter.detach().clone() for parameter in run.model.parameters()]
    run.model.train()
    run.train_steps(run.epoch_batches(1)[:6])
    after = list(run.model.parameters())
    assert all(torch.equal(a, b) for a, b in zip(after, before, strict=True))
    assert run.scaler.get_scale() == 2.0**94
    states = [value for state in run.optimizer.state.values() for value in state.values()]
    assert len(states) >= len(after) and not any(bool(value.any()) for value in states)


def step_without_waiting(run: ClassifierRun) -> int:
    """Take steps and return their number; raise an error if one waits for the GPU to finish."""
    run.model.train()
    run.train_steps(run.epoch_batches(1)[:2])
    batches = run.loader(run.epoch_batches(1))
    run.step(*next(batches))
    torch.cuda.set_sync_debug_mode("error")
    try:
        return len([run.step(inputs, labels) for inputs, labels in batches])
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("mixed_precision", [False, True])
@pytest.mark.parametrize("way", ["pin_memory", "resident_images"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_step_does_not_wait_for_the_gpu(
    images: SplitData, optimizer: str, way: str, mixed_precision: bool
) -> None:
    changes: dict[str, Any] = {way: True, "mixed_precision": mixed_precision}
    run = start(images, device="cuda", optimizer=optimizer, **changes)
    assert step_without_waiting(run) > 1


@pytest.mark.parametrize("way", ["pin_memory", "resident_images"])
def test_a_step_on_colours_does_not_wait_for_the_gpu(way: str) -> None:
    assert step_without_waiting(start_own(colours(), device="cuda", **{way: True})) > 1


def test_weights_of_convolutions_of_images_have_their_channels_last(images: SplitData) -> None:
    for layer in start(images, device="cuda").model.modules():
        if isinstance(layer, nn.Conv2d):
            assert layer.weight.is_contiguous(memory_format=torch.channels_last)


def test_images_may_go_through_a_convolution_of_volumes() -> None:
    def build(_config: Any, data: SplitData) -> nn.Module:
        volume = nn.Unflatten(1, (1, 3))
        return nn.Sequential(volume, nn.Conv3d(1, 4, 3), nn.Flatten(), nn.LazyLinear(3))

    run = start_own(colours(), ModelFamily(models={"net": build}), device="cuda")
    assert run.train_epoch(1)["status"] == "ok"
