"""A study as an object: its best row and its models."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from search_spaces.errors import UserError
from tests.own_studies import rmse_study
from tests.studies import (
    line,
    resnet_config,
    shared_study,
    study_json,
    write_study,
    write_trial,
)
from tests.study.test_kept_weights import weights_study
from tune_app import load_study
from tune_app.training.models import build_model


def test_the_best_row_by_the_objective(tmp_path: Path) -> None:
    configs = {"a": resnet_config(), "b": resnet_config(lr=0.1), "c": resnet_config(dataset="x")}
    write_study(tmp_path / "s", study_json(configs, name="s"))
    for name, accuracy in (("a", 0.5), ("b", 0.75), ("c", 0.25)):
        rows = [line(1), line(2, milestone=True, val_accuracy=accuracy, test_accuracy=accuracy)]
        write_trial(tmp_path / "s", name, configs[name], {2: [name]}, rows)
    study = load_study(tmp_path / "s")
    assert list(study.best()["config_id"]) == ["b"]
    assert list(study.best(by="dataset")["config_id"]) == ["b", "c"]
    assert len(study.epochs) == 6 and len(study.rows) == 3
    assert repr(study) == "<study s: 3 finished; by val_accuracy>"
    with pytest.raises(UserError, match="by='data' is no parameter of s; allowed: "):
        study.best(by=["data"])


def test_a_group_whose_rows_repeat_others_has_its_best_row(tmp_path: Path) -> None:
    study = load_study(shared_study(tmp_path / "grid"))
    found = study.best(by="pin_memory")
    assert list(found["pin_memory"]) == [False, True] and found["val_accuracy"].nunique() == 1


def test_a_study_without_results_has_no_best_row(tmp_path: Path) -> None:
    write_study(tmp_path / "s", study_json({"a": resnet_config()}, name="s"))
    with pytest.raises(UserError, match="no row of s has val_accuracy yet"):
        load_study(tmp_path / "s").best()


@pytest.mark.parametrize("at_url", [False, True])
def test_a_model_is_loaded_with_its_weights(tmp_path: Path, at_url: bool) -> None:
    root = tmp_path / "grid"
    file = weights_study(root, in_channels=3, image_size=32)
    trained = build_model("resnet18", 3, 10, (32, 32))
    torch.save(trained.state_dict(), file)
    study = load_study(root.as_uri() if at_url else root)
    model = study.load_model()
    assert not model.training
    inputs = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        assert torch.equal(model(inputs), trained.eval()(inputs))
    assert torch.equal(study.load_model("a").state_dict()["fc.bias"], trained.fc.bias)  # type: ignore[union-attr]
    with pytest.raises(UserError, match="no weights of b are kept; allowed: a"):
        study.load_model("b")


def test_a_model_of_ones_own_is_built_by_its_function(tmp_path: Path) -> None:
    file = weights_study(tmp_path / "grid", model="mine", width=3)
    torch.save(nn.Linear(3, 2).state_dict(), file)
    study = load_study(tmp_path / "grid")
    model = study.load_model(build=lambda config: nn.Linear(config["width"], 2))
    assert model.state_dict()["weight"].shape == (2, 3)
    with pytest.raises(UserError, match="the model mine is not one of torchvision; give the func"):
        study.load_model()
    with pytest.raises(UserError, match="no weights of the model mine"):
        study.load_model(build=lambda config: nn.Linear(9, 2))


def test_a_damaged_file_and_a_study_without_weights(tmp_path: Path) -> None:
    weights_study(tmp_path / "grid").write_bytes(b"no weights")
    with pytest.raises(UserError, match="no weights of the model resnet18"):
        load_study(tmp_path / "grid").load_model()
    rmse_study(tmp_path / "rmse")
    with pytest.raises(UserError, match="rmse keeps no weights"):
        load_study(tmp_path / "rmse").load_model()


def test_weights_that_better_ones_have_replaced_meanwhile_are_one_line(tmp_path: Path) -> None:
    file = weights_study(tmp_path / "grid")
    study = load_study((tmp_path / "grid").as_uri())
    file.unlink()
    with pytest.raises(UserError, match=r"\.pt: cannot be read \(No such file .*read the study ag"):
        study.load_model()
