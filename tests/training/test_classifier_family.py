"""The declaration that a user's space gives as its trainable."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from search_spaces import SearchSpace
from search_spaces.errors import UserError
from tune_app.training.classifier_family import classifier
from tune_app.training.registry import TRAINABLES, find_trainable, trainable_of_study
from tune_app.training.trainable import Trainable, check_config


def build(config: Any, data: Any) -> None:
    """Stands for a function that builds a model."""


def space_with(trainable: Any, lacking: str = "", **changes: Any) -> SearchSpace:
    params = {"batch_size": 16, "optimizer": "sgd", "lr": 0.1, "epochs": 1} | changes
    params = {key: value for key, value in params.items() if key != lacking}
    datasets = {"digits": build}
    return SearchSpace(name="mine", trainable=trainable, param_space=params, datasets=datasets)


def completed(trainable: Trainable, **changes: Any) -> dict[str, Any]:
    space = space_with(trainable, **changes)
    (configuration,) = space.expand()
    return find_trainable(space).complete(configuration.config)


def test_one_model_needs_no_parameter() -> None:
    own = classifier(models={"cnn": build})
    assert find_trainable(space_with(own)).name == "classifier"
    config = completed(own)
    assert "model" not in config and config["image_size"] is None
    assert own.label(config) == "digits-bs16-sgd-lr0.1"
    two = classifier(models={"cnn": build, "mlp": build})
    with pytest.raises(UserError, match="lacks model, which trainable classifier needs"):
        find_trainable(space_with(two))
    named = completed(two, model="mlp", width=32, deep=True, lr=1e-4)
    assert two.label(named) == "digits-mlp-bs16-sgd-lr1e-4-width32-deep_True"


def test_own_names_are_allowed_where_a_function_can_read_them() -> None:
    own = classifier(models={"cnn": build})
    find_trainable(space_with(own, width=32, dropout=0.5, depth=3, hidden=8))
    with pytest.raises(UserError, match=r"no parameter 'batchsize'; did you mean 'batch_size'\?"):
        find_trainable(space_with(own, batchsize=3))
    with pytest.raises(UserError, match=r"add classifier\(parameters=\('momentum2',\)\)"):
        find_trainable(space_with(own, momentum2=0.5))
    find_trainable(space_with(classifier({"cnn": build}, parameters=("momentum2",)), momentum2=1))
    with pytest.raises(UserError, match="trainable classifier has no parameter 'width'"):
        find_trainable(space_with(classifier(), model="resnet34", width=32))


@pytest.mark.parametrize("trainable", ["resnet", "classifier", classifier()])
def test_every_classifier_of_torchvision_by_its_name(trainable: Any) -> None:
    for model in ("resnet18", "resnet34", "mobilenet_v2", "vgg11_bn", "vit_b_16"):
        find_trainable(space_with(trainable, model=model, dataset="mnist"))
    with pytest.raises(UserError) as error:
        find_trainable(space_with(trainable, model="mobilenet_v4", dataset="mnist"))
    assert str(error.value) == (
        "search space mine: model is 'mobilenet_v4'; did you mean 'mobilenet_v2'?; allowed: "
        "resnet18, resnet50 or the name of another classifier of torchvision.models"
    )


def test_own_names_of_optimizers_and_schedules() -> None:
    own = classifier(optimizers={"lion": build}, schedules={"steps": build})
    config = {"model": "resnet18", "optimizer": "lion", "lr_schedule": "steps"}
    find_trainable(space_with(own, lacking="lr", **config))
    with pytest.raises(UserError, match="optimizer is 'lamb'; allowed: sgd, adam, adamw, lion"):
        find_trainable(space_with(own, **config | {"optimizer": "lamb"}))
    assert not own.shares_prefix({"lr_schedule": "steps"})
    assert not own.shares_prefix({"lr_schedule": "cosine"})
    assert own.shares_prefix({"lr_schedule": "constant"})
    assert own.cannot_run({"optimizer": "sgd"}, 100) == "optimizer sgd needs the parameter lr"
    assert own.cannot_run({"optimizer": "lion"}, 100) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"models": build}, r"classifier: models is .*; allowed: \{'name': build\}"),
        ({"models": {"cnn": "resnet"}}, r"models\['cnn'\] is 'resnet'; allowed: a function build"),
        ({"models": {"a-b": build}}, "models: 'a-b': use letters, digits, _ and ., at most 60"),
        ({"models": {"../x": build}}, "use letters, digits"),
        ({"loss": "mse"}, r"loss is 'mse'; allowed: a function loss\(outputs, labels\)"),
        ({"augment": 3}, "augment is 3"),
        ({"optimizers": {"sgd": build}}, "optimizers: sgd is a shipped one; choose another name"),
        ({"schedules": {"cosine": build}}, "schedules: cosine is a shipped one"),
        ({"parameters": "width"}, "parameters is 'width'; allowed: a tuple of names"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        classifier(**arguments)


def test_a_study_is_described_without_the_users_file() -> None:
    study = {"space": {"trainable": "classifier"}, "data": {"datasets": {"digits": {}}}}
    found = trainable_of_study(study)
    assert found is not None and found.prefix_axis == "epochs"
    check_config("study.json", found, {"model": "cnn", "width": 3, "optimizer": "lion"})
    with pytest.raises(UserError, match="lacks"):
        check_config("a space", TRAINABLES["classifier"], {"dataset": "mnist"})
    own = classifier(models={"cnn": build}, schedules={"steps": build})
    config = completed(own, epochs=3, width=3, device="cpu")
    for schedule in ("constant", "steps"):
        at = config | {"lr_schedule": schedule}
        assert found.shares_prefix(at) == own.shares_prefix(at)
        assert found.cost(at) == own.cost(at)
    assert found.inert_axes["pin_memory"](config)


def test_shipped_spaces_keep_their_configurations() -> None:
    resnet = TRAINABLES["resnet"]
    assert resnet.defaults() == {
        "momentum": 0.9,
        "lr_schedule": "constant",
        "label_smoothing": 0.0,
        "augmentation": "none",
        "pin_memory": False,
        "mixed_precision": False,
        "resident_images": False,
        "cuda_graphs": False,
        "in_channels": 1,
        "image_size": 28,
        "device": "auto",
    }


def test_a_users_function_takes_the_place_of_a_shipped_parameter() -> None:
    own = classifier(models={"cnn": build}, loss=build, augment=build)
    assert not {"label_smoothing", "augmentation"} & own.parameters.keys()
    assert {"label_smoothing", "augmentation"} <= classifier(
        models={"cnn": build}
    ).parameters.keys()


def test_a_space_file_does_not_import_torch() -> None:
    code = (
        "import sys; from tune_app import classifier; classifier(models={'cnn': print}); "
        "print(sorted({'torch', 'ray', 'torchvision'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
