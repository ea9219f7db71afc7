from __future__ import annotations

import json
from pathlib import Path

import pytest

from analysis.figures.budget import budget_chart, budget_data
from analysis.figures.rows import rows_of
from analysis.frames.load import load_study
from analysis.frames.summary import compared
from analysis.sections.course_figures import budget
from tests.analysed_studies import grid_study
from tests.drawn_charts import problems, texts
from tests.own_studies import own_study, report
from tests.random_search import random_search
from tune_app.study.ledger import Ledger
from tune_app.study.stop import STOPPED_FILE, Stop


def test_the_best_of_one_is_the_mean_and_more_are_better(tmp_path: Path) -> None:
    study = random_search(tmp_path / "search", count=12)
    rows = rows_of(study, "search")
    assert rows is not None
    data = budget_data(rows, compared(study))
    values = [float(value) for value in rows.objective.values]
    assert list(data["trials"]) == list(range(1, 13))
    assert data["best"].iloc[0] == pytest.approx(sum(values) / 12)
    assert data["best"].is_monotonic_decreasing, "a lower error is better"
    assert (data["low"] >= min(values)).all() and (data["high"] <= max(values)).all()
    chart = budget_chart(rows, data, "search-budget")
    assert problems(chart) == []
    assert "expected best validation rmse (mm)" in texts(chart)


def test_a_few_configurations_have_none(tmp_path: Path) -> None:
    study = grid_study(tmp_path / "grid")
    rows = rows_of(study, "grid")
    assert rows is not None and budget_data(rows, compared(study)).empty


def five_rates(folder: Path) -> Ledger:
    """Return the ledger of a study of six rates at two seeds, and write all but the best rate."""
    configs = [{"rate": rate} for rate in range(6)]
    ledger = own_study(folder, configs, seeds=(0, 1), metric="val_loss", mode="min")
    for config in configs[1:]:
        for seed in (0, 1):
            report(ledger, config, [{"val_loss": config["rate"] + seed / 10 - 0.05}], seed=seed)
    return ledger


def test_what_cannot_be_picked_is_not_drawn(tmp_path: Path) -> None:
    ledger = five_rates(tmp_path / "own")
    report(ledger, {"rate": 0}, [{"val_loss": 0.0}], seed=0)
    study = load_study(tmp_path / "own")
    rows = rows_of(study, "own")
    assert rows is not None
    data = budget_data(rows, compared(study))
    assert data["best"].tolist()[0] == pytest.approx(3.0) and data["best"].iloc[-1] == 1.0
    assert budget(study, "own") is not None


def test_a_result_that_no_seed_changes_counts_at_all_of_them(tmp_path: Path) -> None:
    ledger = five_rates(tmp_path / "own")
    report(ledger, {"rate": 0}, [{"val_loss": 0.0}], seed=0)
    rows = rows_of(load_study(tmp_path / "own"), "own")
    assert rows is not None
    fixed = str(rows.frame["config_id"][rows.frame["rate"] == 0].item())
    meta = json.loads((tmp_path / "own" / "study.json").read_text())
    meta["same_at_every_seed"] = [fixed]
    (tmp_path / "own" / "study.json").write_text(json.dumps(meta))
    study = load_study(tmp_path / "own")
    rows = rows_of(study, "own")
    assert rows is not None
    data = budget_data(rows, compared(study))
    assert data["trials"].max() == 6 and data["best"].iloc[-1] == 0.0


def test_the_survivors_of_a_search_say_nothing_of_a_smaller_one(tmp_path: Path) -> None:
    ledger = five_rates(tmp_path / "own")
    folder = report(ledger, {"rate": 0}, [{"val_loss": 9.0}], ended=False)
    (folder / STOPPED_FILE).write_text(Stop("stopped", 1, "asha").as_json())
    assert budget(load_study(tmp_path / "own"), "own") is None
