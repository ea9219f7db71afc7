"""Declares which data sets the configurations of a search space may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from search_spaces.errors import UserError, choices, did_you_mean
from search_spaces.space import SearchSpace
from tune_app.data.datasets import DATASETS
from tune_app.training.parameter import REQUIRED, Parameter
from tune_app.training.trainable import Trainable

DATASET = "dataset"
"""The parameter with which a configuration chooses its data set."""


def with_datasets(trainable: Trainable, space: SearchSpace) -> Trainable:
    """Return a trainable whose parameter ``dataset`` also allows the data sets of the space.

    If the space has exactly one, that one is the default, so no configuration has to name it.

    Raises:
        UserError: a data set has the name of one that ships with the package, or a configuration
            does not choose its data set.
    """
    where = f"search space {space.name}"
    for name in space.datasets:
        if name in DATASETS:
            raise UserError(
                f"{where}: datasets: {name!r} is the name of a data set that ships with the "
                "package; give yours another name"
            )
    if not trainable.uses_images or (DATASET not in trainable.parameters and not trainable.is_own):
        return trainable
    default = next(iter(space.datasets)) if len(space.datasets) == 1 else REQUIRED
    allowed = (*DATASETS, *space.datasets)
    if trainable.is_own:
        _check_choices(where, space, allowed, has_default=default is not REQUIRED)
    if trainable.is_own and default is REQUIRED:
        return trainable
    parameter = Parameter(str, default=default, allowed=allowed)
    return replace(trainable, parameters={**trainable.parameters, DATASET: parameter})


def with_recorded_datasets(trainable: Trainable, study: Mapping[str, Any]) -> Trainable:
    """Return a trainable whose parameter ``dataset`` allows what a study has recorded.

    Args:
        trainable: a trainable that ships with the package.
        study: ``study.json``.
    """
    declared = trainable.parameters.get(DATASET)
    if declared is None:
        return trainable
    defaults = study["space"].get("defaults") or {}
    parameter = replace(
        declared,
        allowed=(*declared.allowed, *study["data"]["datasets"]),
        default=defaults.get(DATASET, declared.default),
    )
    return replace(trainable, parameters={**trainable.parameters, DATASET: parameter})


def _check_choices(
    where: str, space: SearchSpace, allowed: tuple[str, ...], *, has_default: bool
) -> None:
    """Check the data set of each configuration of a user's function."""
    for configuration in space.corners():
        if DATASET not in configuration.config and has_default:
            continue
        name = configuration.config.get(DATASET)
        if name is None:
            raise UserError(
                f"{where}: param_space lacks 'dataset', which chooses one of "
                f"{choices(space.datasets or allowed)}"
            )
        if name not in allowed:
            raise UserError(
                f"{where}: dataset is {name!r}{did_you_mean(str(name), allowed)}; allowed: "
                f"{choices(allowed)}"
            )
