"""The command `status`: who runs a study, watching it, damage and mistakes."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.cli.status_studies import make_study, plain, record, told
from tune_app.cli import status_command
from tune_app.cli.status_command import main
from tune_app.storage.lease import CLAIMS, Lease
from tune_app.storage.lock import LOCK_FILE, find_holder
from tune_app.storage.remote_folder import RemoteFolder
from tune_app.storage.remote_store import RemoteStore
from tune_app.study.search_log import append_event, ask_event
from tune_app.study.search_settings import SearchSettings
from tune_app.study.stop import Stop


def test_a_running_study_names_its_driver(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = make_study(tmp_path)
    record(ledger, 0, 1)
    begun = int(time.time())
    with ledger.store.lock():
        state = plain(capsys, ledger.root)
        text = told(capsys, ledger.root)
        # Looking has not given the lock away.
        with (ledger.root / LOCK_FILE).open() as stream, pytest.raises(BlockingIOError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert state["running"] is True and state["rows"]["running"] == 2
    assert begun <= state["driver"]["since"] <= time.time()
    assert f"process {state['driver']['pid']} on {state['driver']['host']}, since 20" in text
    assert "about 1 min 10 s, at the speed" in text, "7 epochs of 10 s are left"
    assert ledger.store.holder() is None and find_holder(tmp_path) is None


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
        ([""], "argument STUDY: is empty"),
        ([str(tmp_path / "damaged")], "not a study file"),
        ([root, "--watch", "0"], "0 is not a number of seconds from 1 to 86400"),
        ([root, "--watch", "nan"], "nan is not"),
        ([root, "--jsn"], "unrecognized arguments: --jsn; did you mean '--json'?"),
    ):
        assert main(words) == 2
        out, err = capsys.readouterr()
        assert out == "" and part in err and err.count("\n") == 1, err


def test_it_needs_neither_torch_nor_ray(tmp_path: Path) -> None:
    root = make_study(tmp_path).root
    code = (
        "import sys; from tune_app.status import main; status = main([sys.argv[1]]); "
        "print({'ray', 'torch', 'numpy', 'pandas'} & sys.modules.keys()); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("\nset()\n")


def test_how_far_a_search_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = make_study(tmp_path)
    lr = {"domain": "loguniform", "low": 0.001, "high": 1.0}
    ledger.study["space"]["param_space"]["lr"] = lr
    ledger.study["search"] = SearchSettings("tpe", 30, stopping="asha").as_json()
    ledger.save()
    for number, configuration in enumerate(ledger.configurations()[:2]):
        asked = ask_event(number, configuration.config_id, configuration.config, "tpe")
        append_event(ledger.store, asked)
    (record(ledger, 0, 1) / "stopped.json").write_text(Stop("stopped", 1, "asha").as_json())
    text = told(capsys, ledger.root)
    assert "rows: 4: 2 stopped by the search, 2 not begun" in text
    assert "search: tpe, 2 of 30 configurations begun" in text
    assert "epochs: 1 recorded, 28 configurations are still to be chosen" in text
    # One of the 5 epochs of the two trials took 10 s: the 4 left, and 28 times the mean of 2.5.
    assert "time left: about 12 min once it runs again, at the speed of launch 001" in text
    state = plain(capsys, ledger.root)
    assert (state["num_asked"], state["search"]["sampler"]) == (2, "tpe")
    assert state["num_to_ask"] == 28
    ledger.study["space"]["param_space"]["lr"] = {"grid_search": [0.1, 0.01]}
    ledger.save()
    assert plain(capsys, ledger.root)["num_to_ask"] == 2, "two times two points are all there are"
    assert state["rows"]["stopped"] == 2 and state["seconds_left"] == pytest.approx(740)
