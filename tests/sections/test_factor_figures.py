"""Figures of factors in words, for readers who cannot see them."""

from __future__ import annotations

from pathlib import Path

from analysis.figures.rows import rows_of
from analysis.figures.surrogate import importances
from analysis.frames.load import load_study
from analysis.sections.factor_figures import important, interactions
from tests.any_studies import odd_names
from tests.own_studies import own_study, report
from tests.random_search import random_search
from tests.studies import line, resnet_config, study_json, write_study, write_trial


def test_panels_of_data_sets_are_told_one_by_one(tmp_path: Path) -> None:
    configs = {
        f"{d}{m}{lr}": resnet_config(dataset=d, model=m, lr=lr)
        for d in ("mnist", "fashion_mnist")
        for m in ("resnet18", "resnet50")
        for lr in (1, 2)
    }
    space = {"factors": ["dataset", "model", "lr"]}
    path = write_study(tmp_path / "grid", study_json(configs, space=space))
    for name, config in configs.items():
        base = 0.9 if config["dataset"] == "mnist" else 0.5
        value = base - 0.2 * (config["model"] == "resnet50") - 0.1 * (config["lr"] == 2)
        result = line(2, milestone=True, test_accuracy=value)
        write_trial(path, name, config, {2: [name]}, [result])
    figures = interactions(load_study(path), "grid")
    assert len(figures) == 2
    assert figures[0].caption.endswith(
        "Means of all finished configurations at those levels, one each."
    )
    for figure in figures:
        assert figure.alt.endswith(
            "Data set MNIST: highest 90.0 at ResNet-18 and 1; lowest 60.0 at ResNet-50 and 2. "
            "Data set FashionMNIST: highest 50.0 at ResNet-18 and 1; lowest 20.0 at ResNet-50 "
            "and 2."
        )


def test_parameters_that_no_row_has_together_do_not_interact(tmp_path: Path) -> None:
    """Of the conditional ones, ``alpha`` goes with one method and ``trees`` with the other."""
    parts = [{"method": "ridge", "alpha": value} for value in (0.1, 1.0)]
    parts += [{"method": "trees", "trees": value} for value in (20, 50)]
    figures = {}
    for name, bags in (("one", [0.5]), ("two", [0.5, 1.0])):
        configs = [part | {"bag": bag} for part in parts for bag in bags]
        ledger = own_study(tmp_path / name, configs, metric="val_rmse", mode="min")
        for place, config in enumerate(configs):
            report(ledger, config, [{"val_rmse": float(place)}])
        figures[name] = interactions(load_study(tmp_path / name), name)
    assert figures["one"] == []
    lines, _ = figures["two"]
    assert lines.caption.split(":")[0].endswith("and bag")


def test_bars_are_told_where_there_are_any(tmp_path: Path) -> None:
    odd_names(tmp_path / "odd")  # three factors, of which two are shown
    lines, _ = interactions(load_study(tmp_path / "odd"), "odd")
    assert lines.caption.endswith(
        "the bars are the standard error, and the configurations differ in other settings too."
    )


def test_importances_are_shares_of_one_sum(tmp_path: Path) -> None:
    study = random_search(tmp_path / "search", count=60)
    rows = rows_of(study, "search")
    assert rows is not None
    found = importances(rows, rows.objective)
    assert found is not None
    assert (found.frame[["low", "mean", "high"]] >= 0).all(axis=None)
    assert (found.frame["high"] <= 1).all() and abs(found.frame["mean"].sum() - 1) < 1e-9
    figure = important(study, "search")
    assert figure is not None and "as a share of the sum over all factors" in figure.caption


def test_a_forest_that_predicts_nothing_has_no_importances(tmp_path: Path) -> None:
    odd_names(tmp_path / "odd")
    assert important(load_study(tmp_path / "odd"), "odd") is None
