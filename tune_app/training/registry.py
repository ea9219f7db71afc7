"""The trainables: those that ship with the package, and those that a search space brings along.

To add one to the package, write a module here with a function ``train(config, *, data, settings)``
and add an entry to :data:`TRAINABLES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from search_spaces.configuration import Config
from search_spaces.errors import UserError, choices, did_you_mean
from search_spaces.own_work import is_own
from search_spaces.space import SearchSpace
from tune_app.data.datasets import DATASETS
from tune_app.training.classifier_family import FAMILY, classifier, power, shipped_resnet
from tune_app.training.own_datasets import with_datasets, with_recorded_datasets
from tune_app.training.own_trainable import own_trainable, recorded_trainable
from tune_app.training.parameter import DEVICES, REQUIRED, Parameter
from tune_app.training.reported_names import OF_SVM
from tune_app.training.trainable import Trainable, check_config, load_object

__all__ = [
    "DEVICES",
    "REQUIRED",
    "TRAINABLES",
    "Parameter",
    "Trainable",
    "check_config",
    "find_trainable",
    "load_object",
    "trainable_of_study",
]


def find_trainable(space: SearchSpace) -> Trainable:
    """Return the space's trainable, after checking every configuration of the space.

    Raises:
        UserError: unknown trainable, unknown or missing parameter, or a value that is not allowed.
    """
    where = f"search space {space.name}"
    given = space.trainable
    if is_own(given):
        return with_datasets(own_trainable(space), space)
    if isinstance(given, Trainable):
        trainable = given
    elif given in TRAINABLES:
        trainable = TRAINABLES[given]
    else:
        raise UserError(
            f"{where}: no trainable {given!r}{did_you_mean(str(given), TRAINABLES)}; allowed: "
            f"{choices(TRAINABLES)}, or a function train(config) of your own"
        )
    trainable = with_datasets(trainable, space)
    if space.keep_checkpoints is not None:
        trainable = replace(trainable, keep_checkpoints=space.keep_checkpoints)
    for configuration in space.corners():
        check_config(where, trainable, configuration.config)
    return trainable


def trainable_of_study(study: Mapping[str, Any]) -> Trainable | None:
    """Return the trainable of an existing study, or None if this version lacks it.

    Of a user's functions only the description is known: the space's file is not run. A family's
    study may have models and parameters that only that file declares.
    """
    space = study["space"]
    if space.get("is_own") is True:
        return recorded_trainable(space)
    shipped = TRAINABLES.get(space["trainable"])
    if shipped is not None and shipped.name == FAMILY:
        shipped = replace(shipped, is_unchecked=True)
    return shipped and with_recorded_datasets(shipped, study)


def _svm_label(config: Config) -> str:
    degree = f"-d{config['degree']}" if config["kernel"] == "poly" else ""
    size = "" if config["num_train_images"] is None else f"-n{config['num_train_images']}"
    gamma = config["gamma"] if isinstance(config["gamma"], str) else power(config["gamma"])
    return f"{config['dataset']}-{config['kernel']}-C{config['C']:g}{degree}-g{gamma}{size}"


def _takes_all_images(config: Config, num_train: int) -> bool:
    """Return whether an SVM uses all images; otherwise its seed chooses some of them."""
    return config["num_train_images"] in (None, num_train)


def _lacks_images(config: Config, num_train: int) -> str | None:
    wanted = config["num_train_images"]
    if wanted is None or wanted <= num_train:
        return None
    return f"needs {wanted:,} training images, the study's data have {num_train:,}"


TRAINABLES: dict[str, Trainable] = {
    "resnet": shipped_resnet(),
    "classifier": classifier(),
    "svm": Trainable(
        name="svm",
        function="tune_app.training.svm:train_svm",
        parameters={
            "dataset": Parameter(str, allowed=tuple(DATASETS)),
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
        reports=OF_SVM,
        probe_axes=("dataset", "kernel", "C", "degree", "gamma", "max_iter"),
    ),
}
