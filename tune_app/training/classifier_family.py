"""The declaration of the shipped training loop, with or without a user's own functions.

This module does not import torch, so that a space file is read quickly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from search_spaces.configuration import Config
from search_spaces.errors import UserError, choices
from tune_app.training.classifier_parameters import OPTIMIZERS, SCHEDULES, classifier_parameters
from tune_app.training.model_family import SHIPPED, Function, ModelFamily
from tune_app.training.parameter import WORKERS, Parameter
from tune_app.training.probe import Probe
from tune_app.training.reported_names import OF_CLASSIFIER
from tune_app.training.trainable import Trainable

FAMILY = "classifier"
# A file of weights is named DATASET-MODEL, so a model's name has no hyphen.
_NAME_OF_A_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.]{0,59}")
LEAST_PART = 4
"""The fewest items of a batch for each worker. The last batch of an epoch may have a quarter."""
_RELATIVE_COST = {"resnet18": 1.0, "resnet50": 2.8}
"""Seconds of an epoch on a CPU, as measured; other models count as a ResNet-18."""

_PROBE_AXES = (
    *("model", "batch_size", "optimizer", "in_channels", "image_size"),
    *("mixed_precision", "cuda_graphs"),
)


def classifier(
    models: Mapping[str, Function] | None = None,
    *,
    loss: Function | None = None,
    optimizers: Mapping[str, Function] | None = None,
    schedules: Mapping[str, Function] | None = None,
    augment: Function | None = None,
    parameters: Sequence[str] = (),
) -> Trainable:
    """Return a trainable that trains models with the shipped loop, on any data set.

    A data set with classes is a classification, one with float targets a regression. A space's
    ``param_space`` has ``batch_size``, ``epochs``, ``optimizer`` (``sgd``, ``adam``, ``adamw`` or a
    name of ``optimizers``), ``lr``, and ``model`` unless there is just one. It may have every other
    parameter that these functions read from ``config``.

    Args:
        models: name -> ``build(config, data)``, which returns an ``nn.Module``. ``data`` has
            ``inputs``, ``labels``, ``class_names`` and ``num_classes``. Without it, ``model`` is
            the name of any classifier of ``torchvision.models``; with it, those can be named too.
        loss: ``loss(outputs, labels)``, which returns the mean over a batch as a tensor; by default
            cross entropy, or the mean squared error of a regression.
        optimizers: name -> ``make(parameters, config)``, which returns a torch optimizer.
        schedules: name -> ``factor(epoch, last_epoch, config)``, by which the learning rate of an
            epoch is multiplied. Such trainings never share a trial.
        augment: ``augment(inputs, generator)``, which returns the batch to train on. ``inputs`` are
            normalised, float32, (B, C, H, W) for images, on the device. It draws from
            ``generator``, a ``torch.Generator`` that depends on (seed, epoch, batch).
        parameters: names of ``param_space`` that these functions read and that resemble a shipped
            name so much that they would be taken for a typing error.

    Raises:
        UserError: an argument is not of this form.
    """
    family = ModelFamily(
        _functions("models", models, "build(config, data)"),
        _function("loss", loss, "loss(outputs, labels)"),
        _functions("optimizers", optimizers, "make(parameters, config)"),
        _functions("schedules", schedules, "factor(epoch, last_epoch, config)"),
        _function("augment", augment, "augment(inputs, generator)"),
    )
    if isinstance(parameters, str) or not all(str(name).isidentifier() for name in parameters):
        raise UserError(f"classifier: parameters is {parameters!r}; allowed: a tuple of names")
    for field, own, shipped in (
        ("optimizers", family.optimizers, OPTIMIZERS),
        ("schedules", family.schedules, SCHEDULES),
    ):
        if taken := own.keys() & set(shipped):
            raise UserError(
                f"classifier: {field}: {choices(sorted(taken))} is a shipped one; choose another "
                "name"
            )
    declared, axes = classifier_parameters(family), ("dataset", *_PROBE_AXES)
    return _trainable(FAMILY, FamilyTraining(family), declared, axes, parameters)


def shipped_resnet() -> Trainable:
    """Return the trainable of the shipped spaces, whose parameters have the defaults of MNIST."""
    declared = {
        **classifier_parameters(SHIPPED),
        "in_channels": Parameter(int, default=1, minimum=1, maximum=64),
        "image_size": Parameter(int, default=28, minimum=8, maximum=1024),
    }
    function = "tune_app.training.classifier:train_classifier"
    return _trainable("resnet", function, declared, _PROBE_AXES)


@dataclass(frozen=True, eq=False)
class FamilyTraining:
    """The Tune function of a family: the shipped training with the user's functions."""

    family: ModelFamily

    def __call__(self, config: dict[str, Any], **given: Any) -> None:
        """Run one trial, with the arguments of ``train_classifier``."""
        from tune_app.training.classifier import train_classifier

        train_classifier(config, **given, family=self.family)

    def probe(self, config: Config, data: Any, num_threads: int) -> Probe:
        """Measure a few steps of a trial."""
        from tune_app.training.classifier_probe import probe

        return probe(config, data, num_threads, self.family)


def _trainable(
    name: str,
    function: str | Callable[..., None],
    parameters: Mapping[str, Parameter],
    probe_axes: tuple[str, ...],
    further: Sequence[str] = (),
) -> Trainable:
    has_own = isinstance(function, FamilyTraining) and bool(function.family.functions())
    return Trainable(
        name=name,
        function=function,
        parameters=parameters,
        label=partial(_label, frozenset(parameters)),
        prefix_axis="epochs",
        shares_prefix=_has_no_schedule,
        # All of them concern a GPU: copying from page-locked host memory, keeping all inputs in GPU
        # memory, float16 on tensor cores, and one launch a step. They have no effect on a CPU.
        inert_axes={
            "pin_memory": _copies_no_batch,
            "mixed_precision": _trains_on_cpu,
            "resident_images": _trains_on_cpu,
            "cuda_graphs": _trains_on_cpu,
        },
        cost=_cost,
        cannot_run=_why_not,
        probe="tune_app.training.classifier_probe:probe",
        probe_axes=probe_axes,
        reports=OF_CLASSIFIER,
        takes_further=has_own,
        further=tuple(further),
    )


def _functions(
    field: str, given: Mapping[str, Function] | None, signature: str
) -> Mapping[str, Function]:
    functions = {} if given is None else given
    if not isinstance(functions, Mapping):
        raise UserError(
            f"classifier: {field} is {given!r}; allowed: {{'name': {signature.partition('(')[0]}}}"
        )
    for name, function in functions.items():
        if not isinstance(name, str) or not _NAME_OF_A_MODEL.fullmatch(name):
            raise UserError(
                f"classifier: {field}: {name!r}: use letters, digits, _ and ., at most 60"
            )
        _function(f"{field}[{name!r}]", function, signature)
    return dict(functions)


def _function(field: str, function: Function | None, signature: str) -> Function | None:
    if function is not None and not callable(function):
        raise UserError(f"classifier: {field} is {function!r}; allowed: a function {signature}")
    return function


def _trains_on_cpu(config: Config) -> bool:
    return bool(config["device"] == "cpu")


def _copies_no_batch(config: Config) -> bool:
    return _trains_on_cpu(config) or bool(config["resident_images"])


def _has_no_schedule(config: Config) -> bool:
    return bool(config["lr_schedule"] == "constant")


def _why_not(config: Config, num_train: int) -> str | None:
    """Return why a configuration cannot be trained, or None."""
    if config["optimizer"] in OPTIMIZERS and "lr" not in config:
        return f"optimizer {config['optimizer']} needs the parameter lr"
    workers = config.get(WORKERS, 1)
    return _too_many_workers(config, num_train, workers) if workers > 1 else None


def _too_many_workers(config: Config, num_train: int, workers: int) -> str | None:
    size, least = config["batch_size"], LEAST_PART * workers
    if size < least:
        return f"{workers} workers need a batch_size of at least {least}, not {size}"
    if 0 < num_train < least:
        return f"{workers} workers need at least {least} training items, not {num_train}"
    return "cuda_graphs is for one worker" if config["cuda_graphs"] else None


def _cost(config: Config) -> float:
    """Return relative seconds on a CPU."""
    model = _RELATIVE_COST.get(str(config.get("model")), 1.0)
    per_batch = 1.0 + 4.0 / config["batch_size"]
    return float(model * per_batch * config["epochs"] * ((config["image_size"] or 28) / 28) ** 2)


def _label(declared: frozenset[str], config: Config) -> str:
    """Return the name of a trial: the main parameters, then those that are the user's."""
    named = [config[key] for key in ("dataset", "model") if key in config]
    rate = [f"lr{power(config['lr'])}"] if "lr" in config else []
    own = [f"{key}{_short(value)}" for key, value in config.items() if key not in declared]
    return "-".join([*named, f"bs{config['batch_size']}", config["optimizer"], *rate, *own])


def _short(value: object) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return power(value)
    return f"_{value}"


def power(value: float) -> str:
    """Return a number as names of trials have it: ``1e-3``."""
    return f"{value:.0e}".replace("e-0", "e-") if 0 < value < 0.01 else f"{value:g}"
