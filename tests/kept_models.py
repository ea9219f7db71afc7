"""A study that keeps the weights of its best models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from tests.studies import line, resnet_config, study_json, write_study, write_trial
from tune_app.training.models import build_model

MODEL = "shufflenet_v2_x0_5"
SCORES = {"a": 0.9, "b": 0.95, "c": 0.8}
LOSSES = {"a": 0.1, "b": 0.3, "c": 0.2}
CONFIGS = {
    "a": resnet_config(model=MODEL),
    "b": resnet_config(model=MODEL, lr=0.1),
    "c": resnet_config(model=MODEL, dataset="fashion_mnist"),
}


def kept_study(root: Path) -> Path:
    """Write a study: b is the best of two on MNIST, c the only one on FashionMNIST.

    The weights of b are those of seed 1, the weights of c those of seed 2; none of a are kept.
    """
    write_study(root, study_json(CONFIGS, name=root.name))
    (root / "weights").mkdir()
    for seed, (name, score) in enumerate(SCORES.items()):
        values = {"val_accuracy": score, "val_loss": LOSSES[name]}
        rows = [line(1), line(2, milestone=True, **values)]
        folder = write_trial(root, name, CONFIGS[name], {2: [name]}, rows)
        if name != "a":
            group = f"{CONFIGS[name]['dataset']}-{MODEL}"
            file = folder / "weights" / f"{group}.epoch_2.pt"
            file.parent.mkdir()
            torch.save(state_of(seed), file)
            entry = {"metric": "val_accuracy", "score": score, "file": str(file.relative_to(root))}
            (root / "weights" / f"{group}.json").write_text(json.dumps(entry))
    return root


def state_of(seed: int) -> dict[str, Any]:
    """Return the weights of the untrained model at a seed."""
    torch.manual_seed(seed)
    return build_model(MODEL).state_dict()
