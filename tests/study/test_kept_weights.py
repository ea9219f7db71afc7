"""Where the best weights are, and lines that load them as they are printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.own_studies import own_study, report, rmse_study
from tests.studies import line, resnet_config, study_json, write_study, write_trial
from tune_app.storage.local_store import LocalStore
from tune_app.storage.open_store import open_store
from tune_app.study.kept_weights import KeptWeights, checkpoint_lines, kept_weights, loading_lines
from tune_app.study.ledger import Ledger
from tune_app.study.recorded import read_recorded
from tune_app.study.row_details import read_row
from tune_app.study.study_file import read_study
from tune_app.training.models import build_model


def weights_study(root: Path, trainable: str = "resnet", **config: Any) -> Path:
    """Write a study whose one trial kept weights; return their file, which is empty."""
    configs = {"a": resnet_config(**config)}
    write_study(root, study_json(configs, name=root.name, space={"trainable": trainable}))
    folder = write_trial(root, "k", configs["a"], {2: ["a"]}, [line(1), line(2, milestone=True)])
    file = folder / "weights" / "mnist-resnet18.epoch_2.pt"
    file.parent.mkdir()
    file.touch()
    name_weights(root, str(file.relative_to(root)))
    return file


def percent_study(root: Path) -> Ledger:
    """Write a study of errors in percent, 0.8 and 3.4; the row of the lower one kept weights."""
    configs = [{"lr": 0.1}, {"lr": 0.2}]
    space = {"metric": "val_error", "mode": "min", "measures": {"val_error": {"unit": "%"}}}
    ledger = own_study(root, configs, **space)
    folder = report(ledger, configs[0], [{"val_error": 0.9}, {"val_error": 0.8}])
    report(ledger, configs[1], [{"val_error": 3.5}, {"val_error": 3.4}])
    file = folder / "weights" / "own.epoch_2.pt"
    file.parent.mkdir()
    file.touch()
    name_weights(ledger.root, str(file.relative_to(ledger.root)), metric="val_error", score=0.8)
    return ledger


def name_weights(root: Path, file: str, **changes: Any) -> None:
    entry = {"metric": "val_accuracy", "score": 0.9, "file": file} | changes
    (root / "weights").mkdir(exist_ok=True)
    (root / "weights" / "mnist-resnet18.json").write_text(json.dumps(entry))


def kept(root: Path) -> tuple[dict[str, Any], tuple[KeptWeights, ...]]:
    store = LocalStore(root)
    study = read_study(store)
    assert study is not None
    return study, kept_weights(store, read_recorded(root, study).directories)


def run(lines: list[str]) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)  # noqa: S102
    return names


@pytest.mark.parametrize("size", [28, 32])
def test_the_printed_lines_load_the_weights(tmp_path: Path, size: int) -> None:
    file = weights_study(tmp_path / "gr'id", in_channels=3, image_size=size)
    trained = build_model("resnet18", in_channels=3, image_size=(size, size))
    torch.save(trained.state_dict(), file)
    study, [weights] = kept(tmp_path / "gr'id")
    assert (weights.group, weights.score, weights.path) == ("mnist-resnet18", 0.9, file)
    lines = loading_lines(LocalStore(tmp_path / "gr'id"), study, weights)
    assert len(lines) == 4, "three lines after the imports or fewer"
    loaded = run(lines)["model"].state_dict()
    assert loaded.keys() == trained.state_dict().keys()
    assert all(torch.equal(loaded[name], value) for name, value in trained.state_dict().items())


@pytest.mark.parametrize(
    ("entry", "num_outputs"),
    [({"class_names": ["cat", "dog"]}, 2), ({"targets": [3]}, 3), ({}, 1)],
    ids=["classes", "several targets", "one target"],
)
def test_the_printed_lines_load_weights_of_the_users_data(
    tmp_path: Path, entry: dict[str, Any], num_outputs: int
) -> None:
    weights_study(tmp_path / "grid", dataset="pets")
    study, [weights] = kept(tmp_path / "grid")
    study["data"]["datasets"]["pets"] = entry | {"input": {"shape": [28, 28]}}
    trained = build_model("resnet18", num_classes=num_outputs)
    torch.save(trained.state_dict(), weights.path)
    loaded = run(loading_lines(LocalStore(tmp_path / "grid"), study, weights))["model"]
    assert torch.equal(loaded.state_dict()["fc.bias"], trained.state_dict()["fc.bias"])


def test_a_damaged_study_puts_nothing_into_the_printed_lines(tmp_path: Path) -> None:
    weights_study(tmp_path / "grid", dataset="pets")
    study, [weights] = kept(tmp_path / "grid")
    for targets in (["0); print("], "0); print(", [True, None], 7):
        study["data"]["datasets"]["pets"] = {"targets": targets, "input": {"shape": [28, 28]}}
        lines = loading_lines(LocalStore(tmp_path / "grid"), study, weights)
        assert lines[2] == "model = build_model('resnet18', num_classes=1)"


def test_the_printed_lines_load_weights_from_a_url(tmp_path: Path) -> None:
    file = weights_study(tmp_path / "grid")
    trained = build_model("resnet18")
    torch.save(trained.state_dict(), file)
    with open_store((tmp_path / "grid").as_uri()) as store:
        study = read_study(store)
        assert study is not None
        [weights] = kept_weights(store, read_recorded(store.root, study).directories)
        lines = loading_lines(store, study, weights)
    assert str(store.root) not in "\n".join(lines), "the copy is gone when the lines are run"
    loaded = run(lines)["model"].state_dict()
    assert torch.equal(loaded["fc.bias"], trained.state_dict()["fc.bias"])


def test_a_model_of_the_users_is_built_by_the_users_function(tmp_path: Path) -> None:
    weights_study(tmp_path / "grid", trainable="classifier", model="cnn")
    study, [weights] = kept(tmp_path / "grid")
    [_, model, load] = loading_lines(LocalStore(tmp_path / "grid"), study, weights)
    assert "# your function of the search space, for model 'cnn'; if it is torchvision's" in model
    assert load.endswith("epoch_2.pt', weights_only=True))")


def test_entries_that_lead_elsewhere_are_left_out(tmp_path: Path) -> None:
    file = weights_study(tmp_path / "grid")
    root, inside = tmp_path / "grid", str(file.relative_to(tmp_path / "grid"))
    assert len(kept(root)[1]) == 1
    outside = tmp_path / "outside.pt"
    outside.touch()
    for entry in ("../outside.pt", str(outside), f"tune/../{inside}", "tune/001/none/weights/x.pt"):
        name_weights(root, entry)
        assert kept(root)[1] == ()
    name_weights(root, inside, score="high")
    assert kept(root)[1] == ()
    name_weights(root, inside)
    file.unlink()
    file.symlink_to(outside)
    assert kept(root)[1] == ()


def test_the_printed_lines_open_a_checkpoint_of_the_users(tmp_path: Path) -> None:
    ledger = rmse_study(tmp_path / "rmse")
    configuration = ledger.configurations()[0]
    key = configuration.config_id, 0
    outcome = ledger.read_trials().outcomes(ledger.study)[key]
    assert outcome.trial is not None and outcome.trial.newest.path is not None
    folder = outcome.trial.newest.path / "checkpoint_000002"
    folder.mkdir()
    (folder / "state.txt").write_text("state")
    details = read_row(ledger.store, key, configuration.config, outcome, most_lines=1)
    lines = checkpoint_lines(ledger.store, details.attempts[-1])
    assert len(lines) == 3
    lines[2] = "    import pathlib; state = (pathlib.Path(folder) / 'state.txt').read_text()"
    assert run(lines)["state"] == "state"
