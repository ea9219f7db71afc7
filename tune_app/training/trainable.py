"""The declaration of a trainable, from which plans are made without importing torch."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from search_spaces.configuration import Config
from search_spaces.errors import UserError, choices, did_you_mean
from tune_app.training.parameter import OPTIONAL, REQUIRED, WORKERS, Parameter

_TYPING_ERROR = 0.8
"""Names that resemble a declared one by more than this are taken for typing errors."""


def _never(*_arguments: object) -> bool:
    return False


def _no_reason(*_arguments: object) -> str | None:
    return None


def _equal_cost(_config: Config) -> float:
    return 1.0


@dataclass(frozen=True, eq=False)
class Trainable:
    """A family of models that trials can train.

    Attributes:
        name: its name in search spaces.
        function: the Tune function, called as ``function(config, data=..., settings=...)``, or
            ``"module:function"``, which is imported when it is first used.
        parameters: name -> declaration of every parameter.
        label: configuration -> the readable part of a trial's name.
        prefix_axis: the parameter that gives the length of the training (epochs): a short training
            is the beginning of a longer one.
        shares_prefix: configuration -> whether that is so. It is not if the training depends on the
            last epoch, as with a learning-rate schedule.
        inert_axes: parameter -> (configuration with resolved device -> whether the parameter has no
            effect).
        ignores_seed: (configuration, number of training images) -> whether the seed has no effect
            while the split stays the same.
        cost: configuration -> its training cost in any unit. Long trials are launched first.
        cannot_run: (configuration, number of training images) -> why it cannot run, or None.
        probe: ``"module:function"``, (configuration, images, threads) ->
            :class:`tune_app.training.probe.Probe`; None if no estimate is possible.
        probe_axes: the parameters on which the measured speed depends.
        uses_images: whether trials need data sets.
        reports: kind of labels (``"classes"``, ``"targets"``) -> the measures of its rows. Data of
            another kind are refused. Empty if only the rows tell.
        is_own: whether it is a user's function or class. It may have any parameters. Without a
            ``prefix_axis`` its trials end when the function returns (``AT_RETURN``).
        takes_further: whether configurations may have parameters that are not declared, because a
            user's functions read them.
        further: such names that may resemble a declared one.
        is_unchecked: whether configurations may have any parameters and values, because the user's
            file that declares them is not read.
        keep_checkpoints: which checkpoints stay after a trial has ended: ``"last"``, ``"best"``,
            the newest N, or ``"none"``.
    """

    name: str
    function: str | Callable[..., None]
    parameters: Mapping[str, Parameter]
    label: Callable[[Config], str]
    prefix_axis: str | None = None
    shares_prefix: Callable[[Config], bool] = _never
    inert_axes: Mapping[str, Callable[[Config], bool]] = field(default_factory=dict)
    ignores_seed: Callable[[Config, int], bool] = _never
    cost: Callable[[Config], float] = _equal_cost
    cannot_run: Callable[[Config, int], str | None] = _no_reason
    probe: str | None = None
    probe_axes: tuple[str, ...] = ()
    uses_images: bool = True
    reports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_own: bool = False
    takes_further: bool = False
    further: tuple[str, ...] = ()
    is_unchecked: bool = False
    keep_checkpoints: str | int = "none"

    def load(self) -> Callable[..., None]:
        """Return the Tune function; import it if necessary."""
        return load_object(self.function) if isinstance(self.function, str) else self.function

    def defaults(self) -> Config:
        """Return the default of each parameter that a configuration may leave out."""
        absent = (REQUIRED, OPTIONAL)
        return {key: p.default for key, p in self.parameters.items() if p.default not in absent}

    def num_workers(self, config: Config) -> int:
        """Return how many processes train the model; a user's function divides its work itself."""
        return int(config.get(WORKERS, 1)) if WORKERS in self.parameters else 1

    def complete(self, config: Config) -> Config:
        """Return the configuration with the default of every parameter that it leaves out."""
        return {**self.defaults(), **config}


def load_object(path: str) -> Any:
    """Import and return the object named ``"module:attribute"``."""
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)


def check_config(where: str, trainable: Trainable, config: Config) -> None:
    """Check one configuration against the trainable's declared parameters.

    A user's function or class declares none and may have any.

    Args:
        where: what holds the configuration; the message begins with it.
        trainable: the trainable.
        config: the configuration.

    Raises:
        UserError: unknown or missing parameter, or a value that is not allowed.
    """
    if trainable.is_own or trainable.is_unchecked:
        return
    known = trainable.parameters
    for key, value in config.items():
        if key not in known:
            _check_further(where, trainable, key)
        elif not known[key].accepts(value):
            hint = did_you_mean(value, known[key].further()) if isinstance(value, str) else ""
            raise UserError(f"{where}: {key} is {value!r}{hint}; allowed: {known[key].describe()}")
    missing = [k for k, p in known.items() if p.default is REQUIRED and k not in config]
    if missing:
        raise UserError(
            f"{where}: param_space lacks {choices(missing)}, which trainable {trainable.name} needs"
        )


def _check_further(where: str, trainable: Trainable, key: str) -> None:
    """Check a parameter that the trainable does not declare."""
    known = trainable.parameters
    if trainable.takes_further:
        hint = did_you_mean(key, known, _TYPING_ERROR)
        if key in trainable.further or not hint:
            return
        way_out = f"; if your functions read it, add classifier(parameters=({key!r},))"
    else:
        hint, way_out = did_you_mean(key, known), ""
    raise UserError(
        f"{where}: trainable {trainable.name} has no parameter {key!r}{hint}; allowed: "
        f"{choices(known)}{way_out}"
    )
