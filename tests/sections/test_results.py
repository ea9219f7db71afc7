from __future__ import annotations

from pathlib import Path

from analysis.frames.load import load_study
from analysis.sections.results import rows_table
from tests.own_studies import own_study, report
from tests.studies import (
    line,
    resnet_config,
    study_json,
    write_study,
    write_trial,
)
from tune_app.study.stop import STOPPED_FILE, Stop


def test_seeds_are_one_line_with_their_spread(tmp_path: Path) -> None:
    config = resnet_config()
    path = write_study(tmp_path / "grid", study_json({"a": config}, seeds=(0, 1, 2)))
    for seed, accuracy in ((0, 126 / 140), (1, 133 / 140)):
        lines = [line(2, milestone=True, test_accuracy=accuracy)]
        write_trial(path, f"k{seed}", config, {2: ["a"]}, lines, seed=seed)
    table = rows_table(load_study(path), "grid")
    assert table.cells["test accuracy (%)"] == ["92.5 ± 3.5"]
    assert table.cells["seeds"] == ["2/3"]
    assert table.cells["status"] == ["finished, not begun"]
    assert len(table.frame) == 3, "the CSV has every row"


def test_a_parameter_may_have_the_name_of_a_column(tmp_path: Path) -> None:
    configs = [{"pick": kind, "seeds": number} for kind in ("x", "y") for number in (1, 2)]
    space = {"metric": "loss", "mode": "min", "factors": ["pick", "seeds"]}
    ledger = own_study(tmp_path / "own", configs, seeds=(0, 1), **space)
    for place, config in enumerate(configs):
        for seed in (0, 1):
            report(ledger, config, [{"loss": place + seed / 10}], seed=seed)
    table = rows_table(load_study(tmp_path / "own"), "own")
    assert table.cells["pick"] == ["★", "", "", ""] and table.marked == {0}
    assert table.cells["pick\u2032"] == ["x", "x", "y", "y"]
    assert table.cells["seeds"] == ["1", "2", "1", "2"]
    assert set(table.cells["seeds\u2032"]) == {"2/2"}
    assert table.filters == ("pick\u2032", "seeds")


def test_a_parameter_that_some_rows_do_not_have_is_none_that_all_have(tmp_path: Path) -> None:
    configs = [{"opt": "sgd", "momentum": 0.9, "wd": 0.1}, {"opt": "adam", "wd": 0.1}]
    space = {"metric": "loss", "mode": "min", "factors": ["opt", "momentum", "wd"]}
    ledger = own_study(tmp_path / "own", configs, **space)
    for config in configs:
        report(ledger, config, [{"loss": 1.0}])
    table = rows_table(load_study(tmp_path / "own"), "own")
    assert table.cells["momentum"] == ["0.9", "–"]
    assert table.caption.endswith("first. All have wd 0.1.")


def test_a_row_that_was_stopped_tells_how_far_it_came_and_its_value_there(tmp_path: Path) -> None:
    configs = [{"lr": lr} for lr in (0.1, 0.2, 0.3, 0.4)]
    measures = {"loss": {"unit": "nats"}}
    ledger = own_study(tmp_path / "own", configs, metric="loss", mode="min", measures=measures)
    report(ledger, configs[0], [{"loss": 3.0}, {"loss": 0.5}])
    halted: list[list[dict[str, float]]] = [
        [{"loss": 2.0}, {"loss": 1.5}],
        [{"x": 1}],
        [{"loss": 2.5}, {"x": 1}],
    ]
    for config, rows in zip(configs[1:], halted, strict=True):
        folder = report(ledger, config, rows, ended=False)
        (folder / STOPPED_FILE).write_text(Stop("stopped", len(rows), "asha").as_json())
    table = rows_table(load_study(tmp_path / "own"), "own")
    assert table.cells["status"] == [
        "finished",
        "stopped at epoch 2: 1.5 nats",
        "stopped",
        "stopped at epoch 2: 2.5 nats at epoch 1",
    ]
    assert table.cells["loss (nats)"] == ["0.5", "–", "–", "–"], "its value is no result"


def test_seeds_of_which_some_were_stopped_have_their_states_only(tmp_path: Path) -> None:
    ledger = own_study(tmp_path / "own", [{"lr": 1}], seeds=(0, 1), metric="loss", mode="min")
    report(ledger, {"lr": 1}, [{"loss": 3.0}])
    folder = report(ledger, {"lr": 1}, [{"loss": 2.0}], seed=1, ended=False)
    (folder / STOPPED_FILE).write_text(Stop("timed_out", 1, "").as_json())
    table = rows_table(load_study(tmp_path / "own"), "own")
    assert table.cells["status"] == ["finished, timed out"]
