from __future__ import annotations

from pathlib import Path

import pytest

from analysis.frames.load import load_study
from analysis.sections.best import best
from analysis.sections.captions import of_dataset
from analysis.sections.grid import pivots
from tests.analysed_studies import models_study
from tests.any_studies import regression
from tests.own_studies import own_study, report
from tests.sections.tables import table_of
from tests.studies import (
    line,
    resnet_config,
    study_json,
    write_study,
    write_trial,
)


def test_means_name_the_seeds_they_are_of_and_what_does_not_vary(tmp_path: Path) -> None:
    configurations = {
        f"{m}{lr}": resnet_config(model=m, lr=lr) for m in ("resnet18", "resnet50") for lr in (1, 2)
    }
    space = {"factors": ["model", "lr", "optimizer"]}
    path = write_study(tmp_path / "grid", study_json(configurations, seeds=(0, 1, 2), space=space))
    done = [("resnet181", 0), ("resnet181", 1), ("resnet501", 0), ("resnet182", 0)]
    for name, seed in done:
        lines = [line(2, milestone=True)]
        write_trial(path, f"{name}{seed}", configurations[name], {2: [name]}, lines, seed=seed)
    table = table_of(pivots(load_study(path), "grid"))
    assert table.notes == ("Mean over the seeds that have finished, 1 to 2 of 3.",)
    assert table.caption == (
        "MNIST: test accuracy (%) of each setting, by model. All have optimizer SGD."
    )


def test_means_have_the_digits_of_all_their_images(tmp_path: Path) -> None:
    """Of 8 seeds, 70 images make 560 and 140 make 1120: one and two decimals."""
    study = models_study(
        tmp_path / "grid", tuple(range(8)), resnet18=(0.8, 0.7), resnet50=(0.9, 0.8)
    )
    picks = table_of(best(study, "grid")).cells
    assert picks["validation accuracy (%)"] == ["80.0", "90.0"]
    assert picks["test accuracy (%)"] == ["70.00", "80.00"]
    assert pivots(study, "grid") is None, "one factor makes no grid"


def test_the_grid_of_a_function_has_its_measure_and_its_unit(tmp_path: Path) -> None:
    regression(tmp_path / "regression")
    table = table_of(pivots(load_study(tmp_path / "regression"), "regression"))
    assert table.caption == "Test rmse (mm) of each setting, by learning rate."
    assert table.cells["learning rate 0.1"] == ["6.267", "7.267"]


def test_a_level_may_have_the_name_of_another_parameter(tmp_path: Path) -> None:
    configs = [{"by": by, "lr": lr} for by in ("lr", "width") for lr in (0.1, 0.2, 0.3)]
    ledger = own_study(tmp_path / "own", configs, metric="score", mode="max")
    for place, config in enumerate(configs):
        report(ledger, config, [{"score": float(place)}])
    table = table_of(pivots(load_study(ledger.root), "own"))
    assert table.cells == {
        "learning rate": ["0.1", "0.2", "0.3"],
        "lr": ["0", "1", "2"],
        "width": ["3", "4", "5"],
    }
    assert list(table.frame) == ["lr", "lr\u2032", "width"]


@pytest.mark.parametrize(
    ("dataset", "caption"), [("mnist", "MNIST: wrong ones."), (None, "Wrong ones.")]
)
def test_a_caption_begins_with_its_data_set_or_a_capital(dataset: str | None, caption: str) -> None:
    assert of_dataset(dataset, "wrong ones.") == caption
