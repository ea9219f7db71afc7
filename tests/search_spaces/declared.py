"""A search space with domains, for the tests of what it is made of."""

from __future__ import annotations

from typing import Any

from ray import tune

from search_spaces.space import SearchSpace

OPTIMIZER = tune.choice(
    [
        {"optimizer": "sgd", "momentum": tune.uniform(0.5, 0.99)},
        {"optimizer": "adam", "amsgrad": tune.choice([True, False])},
    ]
)


def declare(**changes: Any) -> SearchSpace:
    fields: dict[str, Any] = {
        "name": "mine",
        "trainable": "resnet",
        "param_space": {"lr": tune.loguniform(1e-5, 1e-1), "opt": OPTIMIZER, "epochs": 2},
    }
    return SearchSpace(**{**fields, **changes})
