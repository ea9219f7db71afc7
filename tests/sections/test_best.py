"""Picks, and studies whose objective or parameters have names of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.frames.load import Study, load_study
from analysis.frames.tables import study_table
from analysis.render.document import Paragraph, Table
from analysis.render.markdown import render_markdown
from analysis.sections.best import best
from analysis.sections.report_document import build_document
from analysis.sections.results import rows_table
from tests.studies import line, resnet_config, study_json, write_study, write_trial


def lr_study(path: Path, results: dict[float, dict[str, Any]], **space: Any) -> Study:
    """Return a finished study with a row of two epochs for each learning rate."""
    configurations = {f"lr{lr}": resnet_config(lr=lr) for lr in results}
    study = write_study(path / "grid", study_json(configurations, space=space))
    for number, (config_id, config) in enumerate(configurations.items()):
        result = line(2, milestone=True, **results[config["lr"]])
        lines = [line(1), {name: value for name, value in result.items() if value is not None}]
        write_trial(study, f"k{number}", config, {2: [config_id]}, lines)
    return load_study(study)


def table_of(study: Study) -> Table:
    """Return the table of the picks."""
    [table] = best(study, "grid").blocks
    assert isinstance(table, Table)
    return table


def test_a_tie_is_decided_by_data_and_said(tmp_path: Path) -> None:
    """Both rows have the default 0.9 on validation; the second was faster that day."""
    study = lr_study(tmp_path, {0.1: {"train_seconds": 30.0}, 0.2: {"train_seconds": 20.0}})
    table = table_of(study)
    assert table.cells["id"] == ["lr0.1"], "the one declared first"
    assert table.frame["num_tied"].item() == 2
    assert (
        "Equally good on validation: MNIST, ResNet-18: 2 configurations. The one with the fewest "
        "epochs is picked; if several have as few, the one that was declared first."
    ) in table.notes


def test_a_pick_alone_says_nothing_of_ties(tmp_path: Path) -> None:
    study = lr_study(tmp_path, {0.1: {"val_accuracy": 0.8}, 0.2: {"val_accuracy": 0.7}})
    table = table_of(study)
    assert table.frame["num_tied"].item() == 1
    assert not any("Equally good" in note for note in table.notes)


@pytest.mark.parametrize(("on_test", "said"), [(0.7, "same"), (0.95, "learning rate 0.2")])
def test_a_pick_on_test_is_named_where_it_is_another(
    tmp_path: Path, on_test: float, said: str
) -> None:
    first = {"val_accuracy": 0.8, "test_accuracy": 0.75}
    second = {"val_accuracy": 0.7, "test_accuracy": on_test}
    table = table_of(lr_study(tmp_path, {0.1: first, 0.2: second}))
    assert table.cells["id"] == ["lr0.1"]
    [picked] = table.cells["picked on test"]
    assert picked == said if said == "same" else said in picked.split(", ")


def test_fewer_epochs_win_a_tie(tmp_path: Path) -> None:
    configurations = {"long": resnet_config(epochs=5), "short": resnet_config(epochs=2)}
    study = write_study(tmp_path / "grid", study_json(configurations))
    lines = [line(epoch, milestone=epoch in (2, 5)) for epoch in range(1, 6)]
    write_trial(study, "k", configurations["long"], {2: ["short"], 5: ["long"]}, lines)
    assert table_of(load_study(study)).cells["id"] == ["short"]


def test_an_objective_that_nothing_reports_is_named(tmp_path: Path) -> None:
    study = lr_study(tmp_path, {0.1: {}, 0.2: {}}, metric="val_f1")
    [paragraph] = best(study, "grid").blocks
    assert isinstance(paragraph, Paragraph)
    assert paragraph.text.startswith(
        "No row can be picked: the study picks by val_f1, which no finished row reports. "
        "Rows report "
    )
    assert "val_accuracy" in paragraph.text and "val_loss" in paragraph.text


def test_the_table_shows_what_it_is_sorted_by(tmp_path: Path) -> None:
    results = {0.1: {"val_loss": 0.5}, 0.2: {"val_loss": 0.25}}
    study = lr_study(tmp_path, results, metric="val_loss", mode="min")
    table = rows_table(study, "grid")
    assert table.caption.startswith("All configurations, the lowest validation loss first.")
    assert table.cells["validation loss"] == ["0.25", "0.5"]
    assert list(study_table(study)["val_loss"]) == [0.5, 0.25]


def test_a_parameter_with_the_name_of_a_share_is_no_percentage(tmp_path: Path) -> None:
    configurations = {f"t{t}": resnet_config() | {"train_f1": t} for t in (1, 2)}
    factors = ["dataset", "model", "train_f1"]
    path = write_study(tmp_path / "grid", study_json(configurations, space={"factors": factors}))
    for number, (config_id, config) in enumerate(configurations.items()):
        accuracy = 0.9 - number / 100
        lines = [line(1), line(2, milestone=True, val_accuracy=accuracy)]
        write_trial(path, f"k{number}", config, {2: [config_id]}, lines)
    text = render_markdown(build_document({"grid": load_study(path)}, figures=False))
    assert "200" not in text and "train F1 (%)" not in text
    assert rows_table(load_study(path), "grid").cells["train F1"] == ["1", "2"]


@pytest.mark.parametrize("metric", ["val_accuracy", "val_rmse"])
def test_a_metric_outside_of_0_to_1_is_no_share(tmp_path: Path, metric: str) -> None:
    results: dict[float, dict[str, Any]] = {
        lr: {metric: value, metric.replace("val", "test"): value + 1}
        for lr, value in ((0.1, 12.25), (0.2, 90.0))
    }
    study = lr_study(tmp_path, results, metric=metric)
    name = "validation accuracy" if metric == "val_accuracy" else "validation rmse"
    table = table_of(study)
    assert table.cells[name] == ["90"] and table.cells[metric.replace("val_", "test ")] == ["91"]
    assert rows_table(study, "grid").cells[name] == ["90", "12.25"]
