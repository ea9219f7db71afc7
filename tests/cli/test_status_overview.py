"""What a study's directory says of its rows, its epochs and the time that is left."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.status_studies import START, make_study, plain, record, told
from tests.own_studies import own_study, report
from tune_app.planning.overview import best_configurations, read_overview
from tune_app.planning.remaining import planned_trials
from tune_app.training.checkpoint import write_checkpoint


def save_checkpoint(directory: Path, epoch: int) -> None:
    folder = directory / f"checkpoint_{epoch:06d}"
    folder.mkdir()
    key = json.loads((directory / "params.json").read_text())["plan"]["trial_key"]
    write_checkpoint(folder, key, epoch, {"weights": epoch})


def test_what_came_after_the_newest_checkpoint_is_still_to_be_trained(tmp_path: Path) -> None:
    """4 epochs of another trial are left too; the next launch begins where a checkpoint is."""
    ledger = make_study(tmp_path)
    directory = record(ledger, 0, 1, 2, 3)
    assert read_overview(ledger, since=0.0).num_epochs_left == 1 + 4
    assert read_overview(ledger, since=None).num_epochs_left == 4 + 4
    save_checkpoint(directory, 1)
    view = read_overview(ledger, since=None)
    assert view.num_epochs_left == 3 + 4 and view.seconds_left == pytest.approx(70.0)
    save_checkpoint(directory, 2)
    assert read_overview(ledger, since=None).num_epochs_left == 2 + 4
    (directory / "checkpoint_000002" / "checkpoint.json").write_text("{")
    assert read_overview(ledger, since=None).num_epochs_left == 3 + 4


def test_epochs_that_were_trained_twice_or_beyond_the_end_count_once_or_not(tmp_path: Path) -> None:
    ledger = make_study(tmp_path)
    record(ledger, 0, 1, 2, 2, 3, 5)
    view = read_overview(ledger, since=0.0)
    assert view.num_epochs_left == 1 + 4, "epoch 4, and the other trial"
    assert view.speed is not None and view.speed.num_epochs == 4


def test_epochs_of_trials_of_other_lengths_take_equally_long(tmp_path: Path) -> None:
    ledger = make_study(tmp_path, sharing=False)
    trials = planned_trials(ledger, ())
    assert trials is not None
    [short, *_] = [place for place, trial in enumerate(trials) if trial.num_epochs == 2]
    record(ledger, short, 1, 2)
    view = read_overview(ledger, since=0.0)
    # Two of twelve epochs took 20 s: 2 + 4 + 4 are left.
    assert view.num_epochs_left == 10 and view.seconds_left == pytest.approx(100.0)


def test_epochs_of_a_trial_that_cannot_be_read_are_of_no_row(tmp_path: Path) -> None:
    ledger = make_study(tmp_path)
    record(ledger, 0, 1, 2)
    damaged = record(ledger, 1, 1, 2, 3)
    (damaged / "params.json").write_text("{")
    rows = [json.loads(text) for text in (damaged / "result.json").read_text().splitlines()]
    stripped = "".join(json.dumps({**row, "config": {}}) + "\n" for row in rows)
    (damaged / "result.json").write_text(stripped)
    view = read_overview(ledger, since=None)
    assert (view.num_epochs, view.num_unreadable) == (2, 1)


def test_items_of_all_seeds_of_the_best_are_counted(tmp_path: Path) -> None:
    measures = {"hit": {"unit": "%"}, "test_hit": {"count": "num_shots"}}
    space = {"metric": "hit", "mode": "max", "measures": measures}
    ledger = own_study(tmp_path / "own", [{"lr": 0.1}], seeds=(0, 1, 2), **space)
    for seed in (0, 1):
        row = {"hit": 0.5, "test_hit": 0.5, "num_shots": 160}
        report(ledger, {"lr": 0.1}, [row], seed=seed)
    [best] = best_configurations(ledger, read_overview(ledger, since=None))
    assert (best["num_seeds"], best["test_metric"], best["num_test_items"]) == (2, "test_hit", 320)


def test_a_configuration_at_fewer_seeds_is_said_not_to_be_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one at one seed has the higher score, and the third none."""
    configs = [{"lr": 0.1}, {"lr": 0.2}, {"lr": 0.3}]
    space = {"metric": "score", "mode": "max"}
    ledger = own_study(tmp_path / "own", configs, seeds=(0, 1), **space)
    for lr, seed, score in ((0.1, 0, 0.5), (0.1, 1, 0.5), (0.2, 0, 0.9)):
        report(ledger, {"lr": lr}, [{"score": score}], seed=seed)
    [best] = best_configurations(ledger, read_overview(ledger, since=None))
    assert (best["config"]["lr"], best["num_at_fewer_seeds"]) == (0.1, 1)
    line = "mean of 2 seeds (lr 0.1); not compared: 1 configuration at fewer seeds"
    assert line in told(capsys, ledger.root)


def test_an_unfinished_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = make_study(tmp_path)
    save_checkpoint(record(ledger, 0, 1, 2, 3), 3)
    state = plain(capsys, ledger.root)
    assert state["num_rows"] == 4 and state["running"] is False
    nonzero = {name: number for name, number in state["rows"].items() if number}
    assert nonzero == {"finished": 1, "unfinished": 1, "missing": 2}
    # 3 of 4 epochs of one trial took 30 s; 1 + 4 are left, of equal cost: 50 s.
    assert (state["num_epochs"], state["num_epochs_left"]) == (3, 5)
    assert state["speed"] == pytest.approx(
        {
            **state["speed"],
            **{"launch": "001", "num_epochs": 3, "seconds": 30.0, "num_trials": None},
        }
    )
    assert state["seconds_left"] == pytest.approx(50.0)
    assert state["last_result"] == START + 30
    text = told(capsys, ledger.root)
    assert "driver: none" in text and "rows: 4: 1 finished, 1 interrupted, 2 not begun" in text
    assert "about 50 s once it runs again, at the speed of launch 001 (3 epochs in 30 s)" in text


def test_a_row_of_an_earlier_launch_is_not_running_before_the_next_launch_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Between a driver's lock and its launch record, the newest launch is one that has ended."""
    ledger = make_study(tmp_path)
    record(ledger, 0, 1, 2, 3)
    file = ledger.root / "launches" / "001.json"
    launch = {**json.loads(file.read_text()), "started_at": "2026-01-01T00:00:00+00:00"}
    file.write_text(json.dumps(launch))
    with ledger.store.lock():
        state = plain(capsys, ledger.root)
        assert state["running"] is True and state["rows"]["running"] == 0
        assert state["rows"]["unfinished"] == 1 and state["num_epochs_left"] == 4 + 4
        now = datetime.now(UTC).isoformat(timespec="seconds")
        file.write_text(json.dumps(launch | {"started_at": now}))
        state = plain(capsys, ledger.root)
        assert state["rows"]["running"] == 1 and state["rows"]["unfinished"] == 0
        assert state["num_epochs_left"] == 1 + 4
        for damage in (
            "yesterday",
            None,
            3,
            "9999-12-31T23:59:59-23:59",
            now.replace("+00:00", ""),
        ):
            file.write_text(json.dumps(launch | {"started_at": damage}))
            assert plain(capsys, ledger.root)["rows"]["running"] in (0, 1)


def test_a_study_that_has_recorded_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = make_study(tmp_path)
    text = told(capsys, ledger.root)
    assert "4 not begun" in text and "0 recorded, 8 to go" in text
    assert "time left: not known: the newest launch has recorded no epoch yet" in text
    assert "best so far" not in text and "last result" not in text
    ledger.study["launches"] = []
    ledger.save()
    assert plain(capsys, ledger.root)["seconds_left"] is None


def test_failures_are_named_and_retries_are_not_failures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = make_study(tmp_path)
    directory = record(ledger, 0, 1, 2, error="Traceback\n\nValueError: bad\x1b[31m pixel\n")
    state = plain(capsys, ledger.root)
    assert state["failures"] == {directory.name: "ValueError: bad pixel"}
    assert state["rows"]["failed"] == 1 and state["rows"]["finished"] == 1
    assert state["num_epochs_left"] == 4 + 4, "the next launch runs failed rows again"
    text = told(capsys, ledger.root)
    assert f"failed: {directory.name}: ValueError: bad pixel (traceback: " in text
    assert f"{directory}/error.txt)\n" in text
    assert read_overview(ledger, since=0.0).num_epochs_left == 4
    (directory / "error.txt").write_text("Failure # 1 (occurred at 2026-01-01_12-00-00)\nOops\n")
    view = read_overview(ledger, since=0.0)
    assert not view.failures and list(view.rows.values()).count("running") == 1
    assert not read_overview(ledger, since=None).failures, "the next launch goes on with it"


def test_diverged_and_open_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [c.config_id for c in make_study(tmp_path / "ids").configurations()]
    rows = [{"config_id": i, "seed": 0, "reason": "no GPU in the cluster"} for i in ids]
    ledger = make_study(tmp_path, open=[*rows[2:], {"config_id": "x", "seed": [1]}, 3])
    record(ledger, 0, 1, status="diverged", train_loss=float("nan"))
    state = plain(capsys, ledger.root)
    assert state["rows"]["diverged"] == 2 and state["rows"]["open"] == 2
    assert state["seconds_left"] == 0.0 and state["num_epochs_left"] == 0
    assert [entry["config_id"] for entry in state["open"]] == ids[2:]
    assert "2 rows stay open: no GPU in the cluster" in told(capsys, ledger.root)
    assert state["best"] == []


def test_the_best_is_selected_on_validation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = make_study(tmp_path)
    record(ledger, 0, 1, 2, 3, 4, val_accuracy=0.95, test_accuracy=0.5)
    record(ledger, 1, 1, 2, val_accuracy=0.94, test_accuracy=0.99)
    [best] = plain(capsys, ledger.root)["best"]
    trials = planned_trials(ledger, ())
    assert trials is not None
    assert best["config_id"] == trials[0].serves[4][0]
    assert (best["score"], best["test_score"]) == (0.95, 0.5)
    text = told(capsys, ledger.root)
    assert "  mnist resnet18: val_accuracy 95.00 %, test_accuracy 50.00 % (lr " in text


def test_only_shares_are_percentages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = make_study(tmp_path)
    ledger.study["space"] |= {"metric": "val_rmse", "mode": "min"}
    ledger.save()
    record(ledger, 0, 1, 2, 3, 4, val_rmse=12.3, test_rmse=1230, val_share=3)
    assert "mnist resnet18: val_rmse 12.3, test_rmse 1230 (lr " in told(capsys, ledger.root)
    ledger.study["space"] |= {"metric": "val_share", "mode": "max"}
    ledger.save()
    assert "mnist resnet18: val_share 3 (lr " in told(capsys, ledger.root), "not reported on test"


def test_a_trainable_of_another_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = make_study(tmp_path)
    record(ledger, 0, 1, 2)
    ledger.study["space"]["trainable"] = "of_tomorrow"
    ledger.save()
    assert "time left: not known: this version does not have the study's trainable" in told(
        capsys, ledger.root
    )


def test_a_tie_is_decided_by_fewer_epochs_then_by_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report's rule: what took longer on the day does not matter."""
    ledger = make_study(tmp_path)
    record(ledger, 0, 1, 2, 3, 4, val_accuracy=0.9, train_seconds=50.0)
    record(ledger, 1, 1, 2, 3, 4, val_accuracy=0.9, train_seconds=40.0)
    [best] = plain(capsys, ledger.root)["best"]
    configurations = ledger.configurations()
    assert best["config_id"] == configurations[0].config_id
    assert configurations[0].config["epochs"] == 2
