"""Spaces and trainings for the tests of searches."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ray import tune

from search_spaces.configuration import Config
from search_spaces.space import SearchSpace
from tune_app.planning.search.sampler import Sampler, Told


def make_space(num_epochs: int = 9, **changes: Any) -> SearchSpace:
    """Return a space with conditional parameters."""
    fields: dict[str, Any] = {
        "name": "mine",
        "trainable": print,
        "prefix_axis": "epochs",
        "metric": "val_loss",
        "mode": "min",
        "param_space": {
            "lr": tune.loguniform(1e-5, 1e-1),
            "batch": tune.choice([16, 32, 64]),
            "drop": tune.quniform(0, 0.5, 0.1),
            "width": tune.lograndint(8, 128),
            "opt": tune.choice(
                [
                    {"optimizer": "sgd", "momentum": tune.uniform(0.5, 0.99)},
                    {"optimizer": "adam", "amsgrad": tune.choice([True, False])},
                ]
            ),
            "epochs": num_epochs,
        },
    }
    if "objectives" in changes:
        del fields["metric"], fields["mode"]
    return SearchSpace(**{**fields, **changes})


def finite_space(num_epochs: int = 9, **changes: Any) -> SearchSpace:
    """Return a space of 12 configurations."""
    axes = {
        "lr": tune.choice([0.1, 0.01, 0.001]),
        "batch": tune.randint(1, 3),
        "drop": tune.grid_search([0.0, 0.5]),
        "epochs": num_epochs,
    }
    return make_space(**{"param_space": axes, **changes})


def loss(config: Config, epoch: int) -> float | None:
    """Return a loss that is least at lr = 1e-3 and diverges above 0.07."""
    if config["lr"] > 0.07 and epoch >= 2:
        return None
    distance = (math.log10(config["lr"]) + 3) ** 2 + 0.01 * config.get("drop", 0)
    return distance + 1 / epoch + 0.001 * config["batch"]


def trained(
    sampler: Sampler, told_of: Callable[[Config], Told], number: int, first: int = 0
) -> list[Config]:
    """Return what a sampler proposes if each proposal is trained at once.

    Args:
        sampler: the sampler.
        told_of: configuration -> what became of its trial.
        number: how many proposals.
        first: the number of the first.
    """
    found = []
    for index in range(first, first + number):
        config = sampler.ask(index, 0)
        assert config is not None
        sampler.begin(index, config)
        sampler.tell(index, config, told_of(config))
        found.append(config)
    return found
