"""The parameters of the shipped training loop, with or without a user's own functions."""

from __future__ import annotations

from collections.abc import Sequence

from tune_app.data.datasets import DATASETS
from tune_app.training.model_family import ModelFamily
from tune_app.training.parameter import DEVICES, OPTIONAL, REQUIRED, WORKERS, Parameter

OPTIMIZERS = ("sgd", "adam", "adamw")
SCHEDULES = ("constant", "cosine")
AUGMENTATION_NAMES = ("none", "shift", "flip_shift")
_RESNETS = ("resnet18", "resnet50")


def classifier_parameters(family: ModelFamily) -> dict[str, Parameter]:
    """Return the parameters of a family of models, in the order in which messages list them."""
    models = (*family.models, *_RESNETS)
    only = next(iter(family.models), None) if len(family.models) == 1 else None
    optimizers = (*OPTIMIZERS, *family.optimizers)
    return {
        "dataset": Parameter(str, allowed=tuple(DATASETS)),
        "model": Parameter(
            str,
            default=OPTIONAL if only else REQUIRED,
            allowed=models,
            further=_torchvision_models,
            further_name="the name of another classifier of torchvision.models",
        ),
        "batch_size": Parameter(int, minimum=2),
        "optimizer": Parameter(str, allowed=optimizers),
        "lr": Parameter(
            float, default=OPTIONAL if family.optimizers else REQUIRED, minimum=0, above=True
        ),
        "momentum": Parameter(float, default=0.9, minimum=0),
        "weight_decay": Parameter(float, default=OPTIONAL, minimum=0),
        "lr_schedule": Parameter(str, default="constant", allowed=(*SCHEDULES, *family.schedules)),
        **_unless_own(family),
        "epochs": Parameter(int, minimum=1),
        WORKERS: Parameter(int, default=OPTIONAL, minimum=1, maximum=1024),
        "pin_memory": Parameter(bool, default=False),
        "mixed_precision": Parameter(bool, default=False),
        "resident_images": Parameter(bool, default=False),
        "cuda_graphs": Parameter(bool, default=False),
        "in_channels": Parameter(int, default=None, allowed=(None,), minimum=1, maximum=64),
        "image_size": Parameter(int, default=None, allowed=(None,), minimum=8, maximum=1024),
        "device": Parameter(str, default="auto", allowed=DEVICES),
    }


def _unless_own(family: ModelFamily) -> dict[str, Parameter]:
    """Return the parameters of what a user's function takes the place of."""
    found: dict[str, Parameter] = {}
    if family.loss is None:
        found["label_smoothing"] = Parameter(float, default=0.0, minimum=0, maximum=1)
    if family.augment is None:
        found["augmentation"] = Parameter(str, default="none", allowed=AUGMENTATION_NAMES)
    return found


def _torchvision_models() -> Sequence[str]:
    from tune_app.training.models import model_names

    return model_names()
