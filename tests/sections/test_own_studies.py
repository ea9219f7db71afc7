"""The report of a study of a user's own function: any measure, any parameter, no images."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.checks.audit.study import audit_study
from analysis.frames.effects import main_effects_data
from analysis.frames.load import load_study
from analysis.frames.measures import num_items_of, picked_by
from analysis.report import main
from analysis.sections.panels import panels
from tests.own_studies import Json, mixed_study, own_study, report, rmse_study, score_study
from tests.studies import line, resnet_config, study_json, write_study, write_trial
from tune_app.study.ledger import Ledger

GRID = [{"lr": lr, "width": width} for lr in (0.1, 0.2, 0.3) for width in (1, 2)]


def written(path: Path) -> str:
    """Write the report of a study as Markdown and HTML with its figures; return the Markdown.

    Constants of the report that are percentages whatever the objective is are left out: of shares
    of variance, intervals and convergence.
    """
    assert main([str(path), "--formats", "md,html"]) == 0
    text = (path / "report/report.md").read_text()
    return re.sub(r"variance \(%\)|95 % interval|below 5 %|to 1 % of it", "", text)


def grid_study(path: Path, row_of: Callable[[int], Json], **space: Any) -> Path:
    """Write a finished study of lr × width; ``row_of`` has the result of each configuration."""
    entry = {"factors": ["lr", "width"], "mode": "max"} | space
    ledger = own_study(path, GRID, **entry)
    for place, config in enumerate(GRID):
        report(ledger, config, [row_of(place)])
    return path


def test_the_objective_has_its_name_and_unit_everywhere(tmp_path: Path) -> None:
    ledger = rmse_study(tmp_path / "rmse")
    text = written(ledger.root)
    assert "%" not in text and "accuracy" not in text
    assert "The best configuration of the study, picked on validation." in text
    assert "The configuration with the lowest validation rmse (mm) is picked" in text
    assert re.search(
        r"\| 32b632da76 \| learning rate 0.1, width 8 \| +3 \| +3 \| +5 \| +6 \| same", text
    )
    assert "Not compared, with results at fewer seeds: 1 configuration." in text
    assert "its test rmse (mm) |   difference (mm) |" in text
    assert re.search(r"\| +5.0 ± 1.0 \| +6.0 ± 1.0 \|", text)
    assert "Validation rmse (mm) goes from 5 to 34." in text
    assert "The picked configuration ends at validation rmse 5 mm (mean of 3 seeds)." in text
    assert "Validation rmse (mm) by epoch" in text
    assert "The widest span is that of learning rate, 20 mm." in text
    assert "test rmse is 20 mm higher on average, higher in 4 of 4 pairs at 3 seeds" in text
    assert "Which data the user's own code reads is not recorded." in text


def test_tables_of_an_own_study_hold_its_measures_and_parameters_only(tmp_path: Path) -> None:
    path = rmse_study(tmp_path / "rmse").root
    written(path)
    with (path / "report/tables/rmse.csv").open() as stream:
        columns = next(csv.reader(stream))
    assert columns[:7] == ["id", "lr", "width", "seed", "val_rmse", "test_rmse", "loss"]
    assert set(columns[7:]) == {"device", "trial_id", "shared_with", "status"}
    text = (path / "report/report.md").read_text()
    settings = text[text.index("# Hyperparameters") : text.index("# Hardware")]
    assert re.findall(r"^\| (\S.*?) +\|", settings, re.MULTILINE)[1:] == ["learning rate", "width"]


def test_an_objective_without_test_data_is_said_to_be_optimistic(tmp_path: Path) -> None:
    ledger = score_study(tmp_path / "score")
    assert picked_by(load_study(ledger.root)).is_optimistic
    text = written(ledger.root)
    assert "%" not in text and "test result" not in text and "on validation" not in text
    assert "so the pick is shown by the values of score that selected it" in text
    assert "Best of 4 configurations, picked by its score: depth 4. Score 93." in text
    assert "depth 4 instead of 3 (+1)" in text and "A pick on test" not in text


def test_none_and_flags_are_values_of_their_own(tmp_path: Path) -> None:
    ledger = mixed_study(tmp_path / "mixed")
    text = written(ledger.root)
    assert "kind a, limit None, model small" in text
    first = panels(load_study(ledger.root), "mixed")[0]
    assert "kind a, limit None, model small" in first.title
    assert ("limit", "None") in first.configuration.pairs
    assert re.search(r"\| limit +\| 0.5, None +\| varied \|", text)
    effects = main_effects_data(load_study(ledger.root)).set_index(["factor", "level"])
    # The losses are 1 to 12 in the order of kind (a, 1, True), limit (None, 0.5) and model.
    assert dict(effects.loc["kind", "mean_loss"]) == {1: 6.5, "a": 2.5, "True": 10.5}
    assert dict(effects.loc["limit", "mean_loss"]) == {0.5: 7.5, "None": 5.5}


def test_texts_that_read_like_other_values_stand_in_quotes(tmp_path: Path) -> None:
    kinds = ("", " ", None, "None", 1.0, "1")
    configs = [{"kind": kind, "width": width} for kind in kinds for width in (1, 2)]
    ledger = own_study(tmp_path / "texts", configs, metric="score", mode="max", factors=["kind"])
    for place, config in enumerate(configs):
        report(ledger, config, [{"score": 0.0}, {"score": float(place)}])
    text = written(ledger.root)
    assert re.search(r"\| kind +\| 1, '', ' ', None, 'None', '1' \| varied \|", text)
    study = load_study(ledger.root)
    effects = main_effects_data(study).set_index(["factor", "level"])
    assert dict(effects.loc["kind", "mean_score"]) == {
        **{"": 0.5, " ": 2.5, "None": 4.5, "'None'": 6.5, 1: 8.5, "'1'": 10.5}
    }
    assert set(study.epochs["kind"]) == set(study.rows["kind"])


def test_parameters_that_are_lists_and_mappings(tmp_path: Path) -> None:
    layers: list[Json] = [{"layers": [64, 32]}, {"layers": [8]}]
    configs = [one | {"optimizer": {"lr": lr}} for one in layers for lr in (0.1, 0.2)]
    factors = ["layers", "optimizer/lr"]
    ledger = own_study(tmp_path / "lists", configs, metric="score", mode="max", factors=factors)
    for place, config in enumerate(configs):
        report(ledger, config, [{"score": float(place)}])
    assert "layers \\[8\\], optimizer/lr 0.2" in written(ledger.root)
    first = panels(load_study(ledger.root), "lists")[0]
    assert "layers [64, 32], optimizer/lr 0.1" in first.title
    assert first.configuration.pairs == (("layers", "[64, 32]"), ("optimizer/lr", "0.1"))


def test_a_users_own_percentages_stay_as_they_are(tmp_path: Path) -> None:
    def row(place: int) -> Json:
        return {"val_accuracy": 80.0 + place, "test_accuracy": 79.0 + place}

    path = grid_study(tmp_path / "own", row, metric="val_accuracy")
    text = written(path)
    assert "%" not in text and "points" not in text
    assert "| 698932a164 | learning rate 0.3, width 2 |            6 |       1 |" in text
    assert re.search(r"\| learning rate +\| +0.3 \| +2 \| +84.5 \| +83.5 \|", text)
    assert not audit_study(load_study(path)).findings


def test_shares_are_percentages_and_apart_only_where_items_were_counted(tmp_path: Path) -> None:
    def counted(place: int) -> Json:
        return {"hit": 0.1 * place, "test_hit": 0.1 * place, "num_shots": 1000}

    share = {"hit": {"unit": "%"}}
    measures = {**share, "test_hit": {"count": "num_shots"}}
    path = grid_study(tmp_path / "hits", counted, metric="hit", measures=measures)
    text = written(path)
    assert "test hit is 10.0 points higher on average, higher in 3 of 3 pairs" in text
    # 500 of 1,000: Clopper and Pearson's exact interval.
    assert "Test hit 50.0 % ( 46.9 to 53.1, 1,000 test examples)" in text
    assert num_items_of(load_study(path), None, "test_hit") == 1000
    plain = grid_study(
        tmp_path / "plain", lambda p: {"val_accuracy": 0.1 * p}, metric="val_accuracy"
    )
    assert "95 % interval 46" not in (text := written(plain)) and "accuracy 50.00 %." in text


def test_a_function_with_the_names_of_this_package_is_taken_for_no_resnet(tmp_path: Path) -> None:
    configs = [{"model": m, "kernel": k} for m in ("resnet18", "resnet50") for k in (3, 5)]
    space = {"trainable": "resnet", "factors": ["model", "kernel"], "metric": "val_accuracy"}
    ledger = own_study(tmp_path / "mine", configs, **space)
    for place, config in enumerate(configs):
        report(ledger, config, [{"val_accuracy": 0.5 + place / 10, "test_accuracy": 0.5}])
    text = written(ledger.root)
    for absent in ("Support vector", "MACs", "Published claims", "images", "lab reports"):
        assert absent not in text
    assert "The best configuration of the study, picked on validation." in text
    assert text.count("★") == 2, "one pick and its note"


@pytest.mark.parametrize("metric", ["level", "factor", "gap", "value", "difference", "num_sets"])
def test_a_measure_with_the_name_of_a_column(tmp_path: Path, metric: str) -> None:
    path = grid_study(tmp_path / "names", lambda place: {metric: place + 1.0}, metric=metric)
    words = metric.replace("_", " ")
    text = written(path)
    assert f"Learning rate 0.2 instead of 0.1: {words} is 2 higher on average" in text
    assert re.search(r"\| learning rate +\| +0.3 \| +2 \| +5.5 \|", text)
    assert re.search(r"learning rate 0.3, width 2 \| +6 \| +1 \| +6 \|", text)


def test_a_gap_beside_one_on_test_data_is_not_how_much_a_pick_on_test_gains(tmp_path: Path) -> None:
    rows = [{"gap": 0.25, "test_gap": 5.0}, {"gap": 1.25, "test_gap": 3.0}]
    ledger = own_study(tmp_path / "gap", GRID[:2], metric="gap", mode="min", factors=["lr"])
    for config, row in zip(GRID, rows, strict=False):
        report(ledger, config, [row])
    text = written(ledger.root)
    assert "Test gap 5; a pick on test would have claimed 2 less." in text
    heading = next(line for line in text.splitlines() if "picked on test" in line)
    values = text[text.index(heading) :].splitlines()[2].split("|")
    assert [cell.strip() for cell in values[5:7]] == ["0.25", "5"]


def test_a_measure_that_ends_in_sd_is_not_the_spread_over_seeds(tmp_path: Path) -> None:
    ledger = own_study(tmp_path / "sd", [{"lr": 0.1}], seeds=(0, 1), metric="val_score", mode="max")
    for seed in (0, 1):
        row = {"val_score": 0.25 + seed / 2, "val_score_sd": 77.0 + seed}
        report(ledger, {"lr": 0.1}, [row], seed=seed)
    text = written(ledger.root)
    assert "0.50 ± 0.35" in text and re.search(r"\| +77.50 ± 0.71 +\|", text)


def strange(place: int) -> Json:
    values = [float("nan"), 1e300, -5.0, 0.0, float("inf"), 3.0]
    more = {"note": "x" * 300, "flag": True, "best_so_far": None, "fit_seconds": 0.5}
    return {"reward": values[place], **more}


@pytest.mark.parametrize(
    "make",
    [
        lambda path: grid_study(path, strange, metric="reward").name,
        lambda path: grid_study(path, lambda _: {"score": 1.0}, metric="loss").name,
        lambda path: own_study(path, GRID, metric="loss", factors=["lr"]).name,
        lambda path: own_study(path, [{"lr": 0.1}], metric="loss").name,
    ],
    ids=["strange values", "an objective that is never reported", "nothing begun", "one row"],
)
def test_any_own_study_has_a_report(
    tmp_path: Path, make: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "mine")
    text = written(tmp_path / "mine")
    assert "%" not in text and "accuracy" not in text and "Best configurations" in text


def test_failed_and_unfinished_rows_are_said(tmp_path: Path) -> None:
    ledger: Ledger = rmse_study(tmp_path / "rmse")
    text = written(ledger.root)
    assert "10 of 12 rows have ended, 1 failed." in text
    assert "| finished, failed, unfinished | 1770404281 |" in text
    assert "| failed   | ValueError: no |" in text
    assert "| unfinished | 2 epochs, not at its end |" in text
    assert "2 of 12 rows of study rmse have no result: 1 failed; 1 unfinished" in text


def test_a_regression_of_this_package_is_shown_by_its_objective(tmp_path: Path) -> None:
    configs = {f"{m}{lr}": resnet_config(model=m, lr=lr) for m in "ab" for lr in (0.1, 0.2)}
    space = {"metric": "val_rmse", "mode": "min", "factors": ["model", "lr"]}
    path = write_study(tmp_path / "regression", study_json(configs, space=space))
    for place, (name, config) in enumerate(configs.items()):
        rows = []
        for epoch in (1, 2):
            row = line(epoch, val_rmse=4.0 + place - epoch, test_rmse=3.0 + place)
            rows.append({k: v for k, v in row.items() if not k.endswith("_accuracy")})
        write_trial(path, name, config, {2: [name]}, [*rows[:1], {**rows[1], "milestone": 2}])
    text = written(path)
    assert "accuracy" not in text and "%" not in text
    assert "a ends at validation rmse 2; b ends at validation rmse 4" in text
    assert "Test rmse 3; a pick on test would have claimed the same." in text
    assert "Model b instead of a: test rmse is 2 higher on average, higher in 2 of 2 pairs" in text
