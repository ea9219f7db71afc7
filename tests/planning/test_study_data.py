"""A study of own data as a command prepares it: loaded once, described, identified."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray import tune

from search_spaces.errors import UserError
from search_spaces.space import SearchSpace
from tune_app.data.array_data import ArrayData
from tune_app.engine.trial_configs import trial_configs
from tune_app.engine.user_code import ship
from tune_app.planning import study_estimate
from tune_app.planning.checked_request import check_request
from tune_app.planning.estimate import SplitSizes
from tune_app.planning.plan_power import power_of
from tune_app.planning.prepared_study import PreparedStudy, prepare
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.study_estimate import estimate_study, fit_budget
from tune_app.storage.local_store import LocalStore

CLUSTER = Cluster(({"CPU": 1.0},))


def train(config: dict[str, Any], data: Any) -> None:
    """A user's function that takes data."""


def trees(seed: int = 0) -> ArrayData:
    labels = np.arange(60) % 3
    inputs = np.random.default_rng(seed).normal(size=(60, 2)) + labels[:, None]
    return ArrayData(inputs, labels)


def request(
    root: Path,
    datasets: Mapping[str, Callable[..., Any]],
    trainable: Any = train,
    param_space: Mapping[str, Any] | None = None,
    **options: Any,
) -> StudyRequest:
    space = SearchSpace(
        name="mine",
        trainable=trainable,
        datasets=datasets,
        param_space=param_space or {"lr": tune.grid_search([0.1, 0.2])},
    )
    return StudyRequest(space, LocalStore(root), **options)


def prepared(root: Path, *args: Any, **kwargs: Any) -> PreparedStudy:
    return prepare(check_request(request(root, *args, **kwargs)), CLUSTER)


def fingerprints(study: PreparedStudy) -> set[str]:
    trials = study.plan(CLUSTER).trials
    return {c["plan"]["data"] for c in trial_configs(trials, study.ledger, study.recorded, "001")}


def test_the_study_describes_its_own_data(tmp_path: Path) -> None:
    study = prepared(tmp_path / "mine", {"trees": trees})
    entry = study.ledger.study["data"]["datasets"]["trees"]
    assert {key: entry[key] for key in entry if key.startswith("num_")} == {
        "num_images": 60,
        "num_train": 42,
        "num_val": 6,
        "num_test": 12,
    }
    assert study.images["trees"].num_classes == 3
    assert [trial.config["dataset"] for trial in study.plan(CLUSTER).trials] == ["trees"] * 2
    assert study.notes() == []


def test_data_are_loaded_once_with_a_line(tmp_path: Path) -> None:
    loaded, lines = [], []

    def load() -> ArrayData:
        loaded.append(1)
        return trees()

    param_space = {"kernel": "rbf", "C": tune.grid_search([0.1, 1.0])}
    mine = request(
        tmp_path / "mine",
        {"trees": load, "unused": load},
        "svm",
        {**param_space, "dataset": "trees"},
    )
    checked = check_request(replace(mine, budget_seconds=1e5)).with_own_data(lines.append)
    chosen = fit_budget(checked, CLUSTER, ship, lines.append)
    assert chosen.request.num_images == 60
    assert prepare(chosen, CLUSTER).images["trees"].num_images == 60
    assert loaded == [1]
    assert lines[0] == "loading data set trees" and lines[1].startswith("measuring the speed")
    assert lines[2:] == ["--budget: 60 images per data set"]


def many(number: int) -> ArrayData:
    labels = np.arange(number) % 3
    return ArrayData(np.random.default_rng(0).normal(size=(number, 2)) + labels[:, None], labels)


def svm_of(root: Path, **numbers: int) -> StudyRequest:
    """Return a request for an SVM on each of some data sets, of so many items."""
    datasets = {name: partial(many, number) for name, number in numbers.items()}
    axes = {"kernel": "rbf", "C": 1.0, "dataset": tune.grid_search(list(datasets))}
    return request(root, datasets, "svm", axes)


def test_a_subset_for_a_budget_is_a_round_number_or_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = replace(svm_of(tmp_path / "mine", one=400), budget_seconds=1e5)
    checked = check_request(asked).with_own_data(lambda _line: None)
    monkeypatch.setattr(study_estimate, "probe_trials", lambda *_args: {})
    for found, chosen in ((400, 400), (399, 390), (117, 110), (109, 100)):
        monkeypatch.setattr(study_estimate, "fit_to_budget", lambda *_args, n=found: n)
        assert fit_budget(checked, CLUSTER, ship, print).request.num_images == chosen


def test_the_estimate_of_several_data_sets_is_that_of_the_largest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def seconds(_trial: Any, _trainable: Any, _probes: Any, of: SplitSizes, _every: float) -> float:
        sizes.append(of)
        return 1.0

    monkeypatch.setattr(study_estimate, "probe_trials", lambda *_args: {})
    monkeypatch.setattr(study_estimate, "trial_seconds", seconds)
    asked = svm_of(tmp_path / "mine", one=90, two=120, three=60)
    study = prepare(check_request(asked), CLUSTER)
    found = estimate_study(study, study.plan(CLUSTER), CLUSTER, ship)
    assert sizes == [SplitSizes.of_total(120)] * 3 and found.seconds is not None


def test_the_power_of_a_study_is_that_of_its_smallest_test_split(tmp_path: Path) -> None:
    datasets = {"one": partial(many, 240), "two": partial(many, 90)}
    axes = {"dataset": tune.grid_search([*datasets])}
    found = power_of(prepared(tmp_path / "mine", datasets, param_space=axes))
    assert found is not None and found.num_test == 18
    assert found.accuracy_points == pytest.approx(196 * (0.9 * 0.1 / 18) ** 0.5)


def test_a_regression_has_no_accuracy_to_know(tmp_path: Path) -> None:
    found = power_of(prepared(tmp_path / "mine", {"wood": targets}))
    assert found is not None and found.num_test == 0 and found.accuracy_points is None


def test_other_content_has_another_fingerprint_and_is_refused(tmp_path: Path) -> None:
    first = prepared(tmp_path / "mine", {"trees": trees})
    first.ledger.save()
    again = prepared(tmp_path / "mine", {"trees": trees})
    assert fingerprints(first) == fingerprints(again)
    other = prepared(tmp_path / "other", {"trees": lambda: trees(1)})
    subset = prepared(tmp_path / "subset", {"trees": trees}, num_images=30)
    assert len(fingerprints(first) | fingerprints(other) | fingerprints(subset)) == 3
    with pytest.raises(UserError, match=r"^study mine was made with trees data of SHA-256 \['"):
        prepared(tmp_path / "mine", {"trees": lambda: trees(1)})
    with pytest.raises(UserError, match=r"^study mine was made with trees images 60, not 30"):
        prepared(tmp_path / "mine", {"trees": trees}, num_images=30)


def test_own_and_shipped_data_sets_are_mixed(tmp_path: Path) -> None:
    param_space = {"kernel": "rbf", "C": 1.0, "dataset": tune.grid_search(["mnist", "trees"])}
    study = prepared(tmp_path / "mine", {"trees": trees}, "svm", param_space, source="sample")
    assert set(study.images) == {"mnist", "trees"}
    assert len(fingerprints(study)) == 2


def test_a_data_set_that_the_space_lost_is_named(tmp_path: Path) -> None:
    axis = {"dataset": tune.grid_search(["trees", "shrubs"])}
    both = {"trees": trees, "shrubs": lambda: trees(1)}
    prepared(tmp_path / "mine", both, param_space=axis).ledger.save()
    with pytest.raises(UserError, match="study mine uses the data set shrubs, which the space"):
        prepared(tmp_path / "mine", {"trees": trees}, param_space={"dataset": "trees"})


def test_a_small_class_is_a_note(tmp_path: Path) -> None:
    labels = ["ash"] * 30 + ["elm"]
    study = prepared(tmp_path / "mine", {"trees": lambda: ArrayData(np.zeros((31, 2)), labels)})
    assert study.notes()[0].startswith("note: trees: too few items of elm for the class to be in")


def targets() -> ArrayData:
    return ArrayData(np.zeros((60, 2), np.float32), np.linspace(0.0, 1.0, 60))


LOOP = {"lr": 0.1, "batch_size": 8, "optimizer": "adam", "epochs": 1, "model": "resnet18"}
SVM = {"kernel": "rbf", "C": tune.grid_search([1, 2])}


@pytest.mark.parametrize(
    ("trainable", "load", "metric", "message"),
    [
        ("classifier", targets, "val_accuracy", "which has targets.*allowed: val_rmse"),
        ("classifier", trees, "val_acc", "which has classes; did you mean 'val_accuracy'"),
        ("classifier", trees, "val_rmse", "does not report for data set mine"),
        ("svm", trees, "val_loss", "trainable svm does not report"),
        ("svm", targets, "val_rmse", "data set mine has targets, .* takes classes"),
    ],
)
def test_an_objective_that_no_row_would_have_is_refused_before_anything_runs(
    tmp_path: Path, trainable: str, load: Callable[..., Any], metric: str, message: str
) -> None:
    asked = request(tmp_path, {"mine": load}, trainable, SVM if trainable == "svm" else LOOP)
    space = replace(asked.space, metric=metric, mode="min")
    with pytest.raises(UserError, match=message):
        prepare(check_request(replace(asked, space=space)), CLUSTER)


def test_every_measure_that_a_shipped_trainable_reports_can_be_the_objective(
    tmp_path: Path,
) -> None:
    for metric in ("val_loss", "test_f1_weighted", "train_seconds", "flops"):
        asked = request(tmp_path, {"mine": trees}, "classifier", LOOP)
        mode = "min" if metric == "train_seconds" else ""
        space = replace(asked.space, metric=metric, mode=mode)
        assert prepare(check_request(replace(asked, space=space)), CLUSTER).images
