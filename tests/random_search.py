"""A random search of an own function over continuous factors, with an error to be kept low."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

from analysis.frames.load import Study, load_study
from tests.studies import study_json, write_study, write_trial

EPOCHS = 4
BEGAN = 1_750_000_000.0


def random_search(path: Path, count: int = 40, seeds: tuple[int, ...] = (0,)) -> Study:
    """Return a study whose error depends on ``lr`` most, then on ``width``; ``kernel`` is a name.

    Trial after trial takes a minute; the error falls with every epoch.
    """
    chance = random.Random(7)
    configurations = {
        f"r{number:04d}": {
            "lr": 10 ** chance.uniform(-4, -1),
            "width": chance.uniform(8, 64),
            "kernel": chance.choice(["rbf", "poly"]),
        }
        for number in range(count)
    }
    space = {
        "name": "search",
        "is_own": True,
        "trainable": "own",
        "factors": ["lr", "width", "kernel"],
        "metric": "val_rmse",
        "mode": "min",
        "measures": {"val_rmse": {"unit": "mm"}},
    }
    write_study(path, study_json(configurations, name="search", space=space, seeds=seeds))
    for number, (config_id, config) in enumerate(configurations.items()):
        for seed in seeds:
            lines = _lines(config, number, seed)
            key = f"{config_id}s{seed}"
            write_trial(path, key, config, {EPOCHS: [config_id]}, lines, seed=seed)
    return load_study(path)


def rmse(config: dict[str, Any]) -> float:
    """Return the error of a configuration after its last epoch."""
    return float(2.0 + (math.log10(config["lr"]) + 2.0) ** 2 + 0.004 * abs(config["width"] - 32))


def _lines(config: dict[str, Any], number: int, seed: int) -> list[dict[str, Any]]:
    lines = []
    for epoch in range(1, EPOCHS + 1):
        line: dict[str, Any] = {
            "epoch": epoch,
            "status": "ok",
            "val_rmse": rmse(config) + (EPOCHS - epoch) + 0.01 * seed,
            "timestamp": BEGAN + 60 * number + 15 * epoch,
            "epoch_seconds": 15.0,
        }
        if epoch == EPOCHS:
            line |= {"milestone": EPOCHS, "test_rmse": rmse(config) + 0.1}
        lines.append(line)
    return lines
