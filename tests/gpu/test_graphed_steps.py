"""Steps that are launched as one CUDA graph."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from tests.gpu.test_training import resumed
from tests.training.test_classifier_run import images, measurements, start  # noqa: F401
from tests.training.test_classifier_run_own import colours, equal_weights, noise
from tests.training.test_classifier_run_own import start as start_own
from tune_app.data.split_data import SplitData
from tune_app.training.graphed_step import CudaRecorder
from tune_app.training.model_family import ModelFamily

# A fixture that is imported has the name of the argument that asks for it.
# ruff: noqa: F811

UNRECORDABLE = """
from tests.training.test_classifier_run import start
from tune_app.data.images import load_datasets
run = start(load_datasets(["mnist"], "sample", 200)["mnist"], device="cuda", cuda_graphs=True)
run.model.register_forward_hook(lambda _model, _inputs, outputs: float(outputs.sum()) and None)
run.train_epoch(1)
"""
"""A process that fails so may not be able to use the GPU afterwards, so this has its own."""


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return a list to which each recording of a step adds an entry."""
    found: list[bool] = []
    record = CudaRecorder.record

    def watched(recorder: CudaRecorder, step: Any) -> Any:
        found.append(True)
        return record(recorder, step)

    monkeypatch.setattr(CudaRecorder, "record", watched)
    return found


@pytest.mark.parametrize("mixed_precision", [False, True])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_graphed_training_equals_one_without_graphs_bit_for_bit(
    images: SplitData,
    tmp_path: Path,
    recorded: list[bool],
    optimizer: str,
    mixed_precision: bool,
) -> None:
    changes = {"device": "cuda", "optimizer": optimizer, "mixed_precision": mixed_precision}
    changes |= {"lr_schedule": "cosine", "batch_size": 8}  # 17 whole batches, and one of 4
    plain, graphed = start(images, **changes), start(images, **changes, cuda_graphs=True)
    expected = [measurements(plain.train_epoch(epoch)) for epoch in (1, 2, 3)]
    assert measurements(graphed.train_epoch(1)) == expected[0]
    second = start(images, **changes, cuda_graphs=True)
    second.load_state(resumed(graphed, tmp_path, 1))
    assert [measurements(second.train_epoch(epoch)) for epoch in (2, 3)] == expected[1:]
    assert equal_weights(plain, second) and len(recorded) == 3


def dropping(_config: Any, data: SplitData) -> nn.Module:
    """Return a model that draws from torch's generator alone, unlike that of ``start_own``."""
    conv = nn.Conv2d(3, 8, 5, padding=2, stride=3)
    layers = [conv, nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Dropout(0.5)]
    return nn.Sequential(*layers, nn.Linear(32, data.num_classes))


def test_graphed_dropout_and_augmentation_are_those_without_graphs(recorded: list[bool]) -> None:
    data = colours(160)  # ten batches of 8 to train on
    family = ModelFamily(models={"net": dropping}, augment=noise)
    plain = start_own(data, family, device="cuda")
    graphed = start_own(data, family, device="cuda", cuda_graphs=True)
    for epoch in (1, 2):
        assert measurements(graphed.train_epoch(epoch)) == measurements(plain.train_epoch(epoch))
    assert equal_weights(plain, graphed) and len(recorded) == 2


def test_graphed_steps_warn_of_nothing(recwarn: pytest.WarningsRecorder) -> None:
    for num in (60, 160):  # three whole batches and one of 6; ten whole batches
        start_own(colours(num), device="cuda", cuda_graphs=True).train_epoch(1)
    told = [str(warning.message) for warning in recwarn]
    assert not [text for text in told if "capturable" in text or "AccumulateGrad" in text]


def test_a_step_that_cannot_be_recorded_is_said() -> None:
    command = [sys.executable, "-c", UNRECORDABLE]
    folder = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    print(done.stderr)
    assert "UserError: cuda_graphs: a training step of this model cannot be" in done.stderr
