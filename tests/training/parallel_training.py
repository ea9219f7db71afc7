"""Trains in two processes that talk by gloo, and alone, for tests that compare the two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn, optim

from tests.training.test_classifier_run_own import colours, measurements, noise
from tune_app.data.split_data import SplitData
from tune_app.training.classifier_family import classifier
from tune_app.training.classifier_run import ClassifierRun
from tune_app.training.model_family import ModelFamily
from tune_app.training.process_group import ALONE, ProcessGroup, join
from tune_app.training.synced_batch_norm import synced

SIZE = 2


class Net(nn.Module):
    """A convolution that is cropped, two BatchNorm layers, and dropout."""

    def __init__(self, num_classes: int, drop: float) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 5, padding=2, stride=3)
        self.norm = nn.BatchNorm2d(6)
        self.hidden = nn.Linear(24, 12)
        self.flat_norm = nn.BatchNorm1d(12, momentum=None)
        self.drop = nn.Dropout(drop)
        self.head = nn.Linear(12, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        maps = torch.relu(self.norm(self.conv(images))).flatten(1)
        return self.head(self.drop(torch.relu(self.flat_norm(self.hidden(maps)))))


def start(group: ProcessGroup = ALONE, *, drop: float = 0.0, augment: bool = True) -> ClassifierRun:
    """Return a training whose batches of 9 two processes cannot halve; the last one has 6."""
    family = ModelFamily(
        models={"net": lambda config, data: Net(data.num_classes, drop)},
        augment=noise if augment else None,
    )
    given = {"batch_size": 9, "optimizer": "sgd", "lr": 0.1, "epochs": 3, "momentum": 0.5}
    trainable = classifier(models=family.models, augment=family.augment)
    config = trainable.complete(given) | {"seed": 0, "device": "cpu"}
    return ClassifierRun(config, data(), 3, family, group)


def with_own_statistics(group: ProcessGroup) -> dict[str, Any]:
    """Train a model with a layer whose running statistics are those of one process's part."""
    family = ModelFamily(
        models={
            "own": lambda config, data: nn.Sequential(
                nn.InstanceNorm2d(3, track_running_stats=True), nn.Flatten(), nn.LazyLinear(3)
            )
        }
    )
    given = {"batch_size": 9, "optimizer": "sgd", "lr": 0.1, "epochs": 1}
    config = classifier(models=family.models).complete(given) | {"seed": 0, "device": "cpu"}
    run = ClassifierRun(config, data(), 1, family, group)
    row = measurements(run.train_epoch(1))
    alone = ClassifierRun(config, data(), 1, family)
    alone.load_state(run.state())
    return {"val_loss": row["val_loss"], "again": alone.evaluate(alone.data.val)[0]}


def data() -> SplitData:
    """Return 120 images, 60 of them to train on and 30 to validate on."""
    return colours(120)


def trained(run: ClassifierRun, first: int = 1) -> dict[str, Any]:
    """Train the epochs from ``first`` to 3; return what was measured and the weights."""
    rows = [measurements(run.train_epoch(epoch)) for epoch in range(first, 4)]
    test, predictions = run.test()
    return {
        "rows": rows,
        "test": test["test_loss"],
        "predictions": torch.from_numpy(predictions),
        "weights": run.weights(),
    }


def normalised(group: ProcessGroup, batches: list[Tensor], targets: Tensor) -> dict[str, Tensor]:
    """Train a model of two BatchNorm layers in float64 on parts of batches; return its state."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.BatchNorm1d(4, affine=False), nn.Linear(4, 3), nn.BatchNorm1d(3))
    model = group.synced(model.double(), torch.device("cpu"))
    called = group.parallel(model, trains_all=True)
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    for batch in batches:
        part, wanted = group.part(batch), group.part(targets)
        loss = (called(part) - wanted).square().mean() * group.weight(len(part), len(batch))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return {"outputs": model(group.part(batches[0])).detach(), **model.state_dict()}


def float64_batches() -> tuple[list[Tensor], Tensor]:
    generator = torch.Generator().manual_seed(1)
    batches = [torch.randn(7, 4, generator=generator, dtype=torch.float64) * 3 + 1] * 4
    return batches, torch.randn(7, 3, generator=generator, dtype=torch.float64)


def work(rank: int, folder: str) -> None:
    """Train as process ``rank``, and write what was found."""
    torch.set_num_threads(1)
    group = join(rank, SIZE, Path(folder), torch.device("cpu"))
    whole, first = start(group), start(group)
    first.train_epoch(1)
    second = start(group)
    state = first.state()
    second.load_state(state)
    same = start(group)
    same.load_state(torch.load(Path(folder, "state.pt"), weights_only=True))
    torch.save(
        {
            "whole": trained(whole),
            "resumed": trained(second, first=2),
            "evaluated": same.evaluate(same.data.val)[0],
            "plain": trained(start(group, augment=False)),
            "own_statistics": with_own_statistics(group),
            "drop": [trained(start(group, drop=0.5)) for _ in range(2)],
            "draws": torch.rand(1),
            "float64": normalised(group, *float64_batches()),
            "kept": [type(m).__name__ for m in synced(nn.Sequential(nn.ReLU()), whole.device)],
        },
        Path(folder, f"rank{rank}.pt"),
    )
