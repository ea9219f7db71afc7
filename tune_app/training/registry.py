"""The declarations of the trainables, from which plans are made without importing torch.

A trainable declares its parameters, when configurations can share a trial, and where its Tune
function is. To add one, write a module here with a function ``train(config, *, data, settings)``
and add an entry to :data:`TRAINABLES`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from search_spaces.configuration import Config
from search_spaces.errors import UserError, choices, did_you_mean
from search_spaces.space import SearchSpace
from tune_app.training.parameter import REQUIRED, Parameter

__all__ = [
    "DEVICES",
    "REQUIRED",
    "TRAINABLES",
    "Parameter",
    "Trainable",
    "check_config",
    "find_trainable",
    "load_object",
]

DEVICES = ("auto", "cpu", "cuda")


def _never(*_arguments: object) -> bool:
    return False


def _no_reason(*_arguments: object) -> str | None:
    return None


def _equal_cost(_config: Config) -> float:
    return 1.0


@dataclass(frozen=True)
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
        uses_images: whether trials need the image data sets.
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

    def load(self) -> Callable[..., None]:
        """Return the Tune function; import it if necessary."""
        return load_object(self.function) if isinstance(self.function, str) else self.function

    def defaults(self) -> Config:
        """Return the default of each parameter that a configuration may leave out."""
        return {key: p.default for key, p in self.parameters.items() if p.default is not REQUIRED}

    def complete(self, config: Config) -> Config:
        """Return the configuration with the default of every parameter that it leaves out."""
        return {**self.defaults(), **config}


def load_object(path: str) -> Any:
    """Import and return the object named ``"module:attribute"``."""
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)


def find_trainable(space: SearchSpace) -> Trainable:
    """Return the space's trainable, after checking every configuration of the space.

    Raises:
        UserError: unknown trainable, unknown or missing parameter, or a value that is not allowed.
    """
    where = f"search space {space.name}"
    if space.trainable not in TRAINABLES:
        raise UserError(
            f"{where}: no trainable {space.trainable!r}{did_you_mean(space.trainable, TRAINABLES)}"
            f"; allowed: {choices(TRAINABLES)}"
        )
    trainable = TRAINABLES[space.trainable]
    for configuration in space.expand():
        check_config(where, trainable, configuration.config)
    return trainable


def check_config(where: str, trainable: Trainable, config: Config) -> None:
    """Check one configuration against the trainable's declared parameters.

    Args:
        where: what holds the configuration; the message begins with it.
        trainable: the trainable.
        config: the configuration.

    Raises:
        UserError: unknown or missing parameter, or a value that is not allowed.
    """
    known = trainable.parameters
    for key, value in config.items():
        if key not in known:
            raise UserError(
                f"{where}: trainable {trainable.name} has no parameter {key!r}"
                f"{did_you_mean(key, known)}; allowed: {choices(known)}"
            )
        if not known[key].accepts(value):
            raise UserError(f"{where}: {key} is {value!r}; allowed: {known[key].describe()}")
    missing = [k for k, p in known.items() if p.default is REQUIRED and k not in config]
    if missing:
        raise UserError(
            f"{where}: param_space lacks {choices(missing)}, which trainable {trainable.name} needs"
        )


_DATASETS = ("mnist", "fashion_mnist")


def _trains_on_cpu(config: Config) -> bool:
    return bool(config["device"] == "cpu")


def _copies_no_batch(config: Config) -> bool:
    return _trains_on_cpu(config) or bool(config["resident_images"])


def _has_no_schedule(config: Config) -> bool:
    return bool(config["lr_schedule"] == "constant")


def _power(value: float) -> str:
    return f"{value:.0e}".replace("e-0", "e-") if 0 < value < 0.01 else f"{value:g}"


def _resnet_label(config: Config) -> str:
    return (
        f"{config['dataset']}-{config['model']}-bs{config['batch_size']}-{config['optimizer']}"
        f"-lr{_power(config['lr'])}"
    )


def _svm_label(config: Config) -> str:
    degree = f"-d{config['degree']}" if config["kernel"] == "poly" else ""
    size = "" if config["num_train_images"] is None else f"-n{config['num_train_images']}"
    gamma = config["gamma"] if isinstance(config["gamma"], str) else _power(config["gamma"])
    return f"{config['dataset']}-{config['kernel']}-C{config['C']:g}{degree}-g{gamma}{size}"


def _resnet_cost(config: Config) -> float:
    """Return relative seconds on a CPU; the ratio of the two models was measured."""
    model = {"resnet18": 1.0, "resnet50": 2.8}[config["model"]]
    per_batch = 1.0 + 4.0 / config["batch_size"]
    return float(model * per_batch * config["epochs"] * (config["image_size"] / 28) ** 2)


def _takes_all_images(config: Config, num_train: int) -> bool:
    """Return whether an SVM uses all images; otherwise its seed chooses some of them."""
    return config["num_train_images"] in (None, num_train)


def _lacks_images(config: Config, num_train: int) -> str | None:
    wanted = config["num_train_images"]
    if wanted is None or wanted <= num_train:
        return None
    return f"needs {wanted:,} training images, the study's data have {num_train:,}"


TRAINABLES: dict[str, Trainable] = {
    "resnet": Trainable(
        name="resnet",
        function="tune_app.training.classifier:train_classifier",
        parameters={
            "dataset": Parameter(str, allowed=_DATASETS),
            "model": Parameter(str, allowed=("resnet18", "resnet50")),
            "batch_size": Parameter(int, minimum=2),
            "optimizer": Parameter(str, allowed=("sgd", "adam")),
            "lr": Parameter(float, minimum=0, above=True),
            "momentum": Parameter(float, default=0.9, minimum=0),
            "lr_schedule": Parameter(str, default="constant", allowed=("constant", "cosine")),
            "epochs": Parameter(int, minimum=1),
            "pin_memory": Parameter(bool, default=False),
            "mixed_precision": Parameter(bool, default=False),
            "resident_images": Parameter(bool, default=False),
            "in_channels": Parameter(int, default=1, minimum=1, maximum=64),
            "image_size": Parameter(int, default=28, minimum=8, maximum=1024),
            "device": Parameter(str, default="auto", allowed=DEVICES),
        },
        label=_resnet_label,
        cost=_resnet_cost,
        prefix_axis="epochs",
        shares_prefix=_has_no_schedule,
        # All three concern a GPU: copying from page-locked host memory, keeping all images in GPU
        # memory, and float16 on tensor cores. They have no effect on a CPU.
        inert_axes={
            "pin_memory": _copies_no_batch,
            "mixed_precision": _trains_on_cpu,
            "resident_images": _trains_on_cpu,
        },
        probe="tune_app.training.classifier_probe:probe",
        probe_axes=("model", "batch_size", "optimizer", "in_channels", "image_size"),
    ),
    "svm": Trainable(
        name="svm",
        function="tune_app.training.svm:train_svm",
        parameters={
            "dataset": Parameter(str, allowed=_DATASETS),
            "kernel": Parameter(str, allowed=("poly", "rbf")),
            "C": Parameter(float, minimum=0, above=True),
            "degree": Parameter(int, default=3, minimum=1),
            "gamma": Parameter(
                float, default="scale", allowed=("scale", "auto"), minimum=0, above=True
            ),
            "max_iter": Parameter(int, default=-1, allowed=(-1,), minimum=1),
            "num_train_images": Parameter(int, default=None, allowed=(None,), minimum=100),
        },
        label=_svm_label,
        inert_axes={"degree": lambda config: bool(config["kernel"] != "poly")},
        ignores_seed=_takes_all_images,
        cost=lambda config: float(config["num_train_images"] or 1),
        cannot_run=_lacks_images,
        probe="tune_app.training.svm:probe",
        probe_axes=("dataset", "kernel", "C", "degree", "gamma", "max_iter"),
    ),
}
