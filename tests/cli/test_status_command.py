"""The state of a study, told from its directory alone."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from search_spaces import SearchSpace
from tests.studies import line, write_trial
from tune_app.cli import status_command
from tune_app.cli.status_command import main
from tune_app.planning.overview import read_overview
from tune_app.planning.remaining import planned_trials
from tune_app.storage.lease import CLAIMS, Lease
from tune_app.storage.local_store import LocalStore
from tune_app.storage.lock import LOCK_FILE, find_holder
from tune_app.storage.remote_folder import RemoteFolder
from tune_app.storage.remote_store import RemoteStore
from tune_app.study.ledger import Ledger, new_ledger
from tune_app.training.checkpoint import write_checkpoint

START = 1_767_268_800
DATA = {
    "source": "sample",
    "num_images": 700,
    "split_seed": 0,
    "datasets": {"mnist": {"num_images": 700, "num_train": 490, "sha256": {}}},
}


def make_study(root: Path, *, lrs: tuple[float, ...] = (0.1, 0.01), **launch: Any) -> Ledger:
    """Write a study of two rows, of 2 and 4 epochs, per learning rate, with one launch."""
    space = SearchSpace(
        name="grid",
        question="Which learning rate?",
        trainable="resnet",
        param_space={
            "dataset": "mnist",
            "model": "resnet18",
            "batch_size": 16,
            "optimizer": "sgd",
            "lr": {"grid_search": list(lrs)},
            "epochs": {"grid_search": [2, 4]},
        },
        factors=("lr", "epochs"),
    )
    ledger = new_ledger(
        LocalStore(root / "grid"), space, (0,), device="cpu", data=DATA, defaults={}
    )
    assert ledger.start_launch({"sharing": True, "open": [], **launch}) == "001"
    return ledger


def record(ledger: Ledger, number: int, *epochs: int, **changes: Any) -> Path:
    """Record epochs of the study's trial of that number, 10 seconds each; 2 and 4 are milestones.

    Changes are those of the last epoch's line, but for ``error``.
    """
    trials = planned_trials(ledger, ())
    assert trials is not None
    trial = trials[number]
    error = changes.pop("error", None)
    lines = []
    for epoch in epochs:
        stamps = {"timestamp": START + 10 * epoch, "time_this_iter_s": 10.0}
        extra = changes if epoch == epochs[-1] else {}
        lines.append(line(epoch, milestone=epoch in (2, 4), **{**stamps, **extra}))
    return write_trial(
        ledger.root, trial.key, trial.config, trial.serves, lines, error=error, seed=0
    )


def told(capsys: pytest.CaptureFixture[str], root: Path) -> str:
    assert main([str(root)]) == 0
    return capsys.readouterr().out


def plain(capsys: pytest.CaptureFixture[str], root: Path) -> dict[str, Any]:
    assert main([str(root), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def save_checkpoint(directory: Path, epoch: int) -> None:
    folder = directory / f"checkpoint_{epoch:06d}"
    folder.mkdir()
    key = json.loads((directory / "params.json").read_text())["plan"]["trial_key"]
    write_checkpoint(folder, key, epoch, {"weights": epoch})


def test_what_came_after_the_newest_checkpoint_is_still_to_be_trained(tmp_path: Path) -> None:
    """4 epochs of another trial are left too; the next launch begins where a checkpoint is."""
    ledger = make_study(tmp_path)
    directory = record(ledger, 0, 1, 2, 3)
    assert read_overview(ledger, running=True).num_epochs_left == 1 + 4
    assert read_overview(ledger, running=False).num_epochs_left == 4 + 4
    save_checkpoint(directory, 1)
    view = read_overview(ledger, running=False)
    assert view.num_epochs_left == 3 + 4 and view.seconds_left == pytest.approx(70.0)
    save_checkpoint(directory, 2)
    assert read_overview(ledger, running=False).num_epochs_left == 2 + 4
    (directory / "checkpoint_000002" / "checkpoint.json").write_text("{")
    assert read_overview(ledger, running=False).num_epochs_left == 3 + 4


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
        {"launch": "001", "num_epochs": 3, "seconds": 30.0, "cost": state["speed"]["cost"]}
    )
    assert state["seconds_left"] == pytest.approx(50.0)
    assert state["last_result"] == START + 30
    text = told(capsys, ledger.root)
    assert "driver: none" in text and "rows: 4: 1 finished, 1 interrupted, 2 not begun" in text
    assert "about 50 s once it runs again, at the speed of launch 001 (3 epochs in 30 s)" in text


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


def test_a_running_study_names_its_driver(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = make_study(tmp_path)
    record(ledger, 0, 1)
    with ledger.store.lock():
        state = plain(capsys, ledger.root)
        text = told(capsys, ledger.root)
        # Looking has not given the lock away.
        with (ledger.root / LOCK_FILE).open() as stream, pytest.raises(BlockingIOError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert state["running"] is True and state["rows"]["running"] == 2
    assert abs(state["driver"]["since"] - time.time()) < 60
    assert f"process {state['driver']['pid']} on {state['driver']['host']}, since 20" in text
    assert "about 1 min 10 s, at the speed" in text, "7 epochs of 10 s are left"
    assert ledger.store.holder() is None and find_holder(tmp_path) is None


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
    assert read_overview(ledger, running=True).num_epochs_left == 4
    (directory / "error.txt").write_text("Failure # 1 (occurred at 2026-01-01_12-00-00)\nOops\n")
    view = read_overview(ledger, running=True)
    assert not view.failures and list(view.rows.values()).count("running") == 1
    assert not read_overview(ledger, running=False).failures, "the next launch goes on with it"


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


def test_damaged_trials_do_no_harm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = make_study(tmp_path)
    directory = record(ledger, 0, 1, 2)
    with (directory / "result.json").open("a") as stream:
        stream.write('{"epoch": 3, "train_l')
    damaged = record(ledger, 1, 1)
    (damaged / "params.json").write_text("{")
    (damaged / "result.json").write_text("")
    outside = tmp_path / "outside"
    outside.write_text("secret\n")
    (directory / "error.txt").symlink_to(outside)
    state = plain(capsys, ledger.root)
    assert state["num_unreadable"] == 1 and state["num_epochs"] == 2
    assert "1 trial directories" in told(capsys, ledger.root) and not state["failures"]


def test_a_trainable_of_another_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = make_study(tmp_path)
    record(ledger, 0, 1, 2)
    ledger.study["space"]["trainable"] = "of_tomorrow"
    ledger.save()
    assert "time left: not known: this version does not have the study's trainable" in told(
        capsys, ledger.root
    )


def test_watching_ends_with_the_driver(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = make_study(tmp_path)
    assert main([str(ledger.root), "--watch", "60"]) == 0
    assert capsys.readouterr().out.count("driver: none") == 1


def point(link: Path, target: Path) -> None:
    """Have a link lead elsewhere, without a moment in which nothing is there."""
    link.with_name("next").symlink_to(target)
    link.with_name("next").replace(link)


def test_watching_outlives_storage_that_does_not_answer(tmp_path: Path) -> None:
    study, claims, no_folder = make_study(tmp_path).root, tmp_path / "claims", tmp_path / "file"
    claims.mkdir()
    no_folder.touch()
    there = tmp_path / "there"
    point(there, study)
    point(study / CLAIMS, claims)
    held = Lease(RemoteFolder(there.as_uri()))
    assert held.take() is None
    words = [sys.executable, "-m", "tune_app.status", there.as_uri(), "--watch", "1"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as watch:
        assert watch.stdout is not None
        lines = iter(watch.stdout)
        running = f"driver: process {os.getpid()}"
        assert any(running in line for line in lines)
        point(there, no_folder)
        note = next(line for line in lines if "cannot be read" in line)
        assert note.startswith(f"note: {there.as_uri()}: cannot be read (")
        assert note.endswith("; looking again in 1 s\n")
        point(there, study)
        assert any(running in line for line in lines)
        point(study / CLAIMS, study / CLAIMS)  # a loop
        assert any("driver: not known (" in line for line in lines)
        point(study / CLAIMS, claims)
        assert any(running in line for line in lines)
        held.release()
        rest = watch.stdout.read()
    assert "driver: none" in rest and watch.returncode == 0


def test_storage_that_does_not_say_who_runs_a_study_is_quoted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RemoteStore("data://lab/mine")  # that storage has no listings
    store.root.mkdir()
    shutil.copy(make_study(tmp_path).root / "study.json", store.root)
    monkeypatch.setattr(status_command, "open_store", lambda _place: nullcontext(store))
    assert re.search(r"driver: not known \(\w+Error: \w", told(capsys, store.root))
    assert plain(capsys, store.root)["running"] is None


def test_a_mistake_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "study.json").write_text("[]")
    root = str(make_study(tmp_path).root)
    for words, part in (
        ([], "required"),
        ([str(tmp_path)], "no study there"),
        ([str(tmp_path / "nope")], "no study there"),
        (["a\0b"], "holds a NUL byte"),
        ([""], "argument results/STUDY: is empty"),
        ([str(tmp_path / "damaged")], "not a study file"),
        ([root, "--watch", "0"], "0 is not a number of seconds from 1 to 86400"),
        ([root, "--watch", "nan"], "nan is not"),
        ([root, "--jsn"], "unrecognized arguments: --jsn; did you mean '--json'?"),
    ):
        assert main(words) == 2
        out, err = capsys.readouterr()
        assert out == "" and part in err and err.count("\n") == 1, err


def test_it_needs_neither_torch_nor_ray_and_starts_quickly(tmp_path: Path) -> None:
    root = make_study(tmp_path).root
    code = (
        "import resource, sys; from tune_app.status import main; status = main([sys.argv[1]]); "
        "print({'ray', 'torch', 'numpy', 'pandas'} & sys.modules.keys()); "
        "print(sum(resource.getrusage(resource.RUSAGE_SELF)[:2])); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=True
    )
    *_, heavy, cpu_seconds = done.stdout.split("\n")[:-1]
    assert heavy == "set()" and float(cpu_seconds) < 1.0


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
