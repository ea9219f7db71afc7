"""What a study keeps of a row: texts, files and the curve up to its own end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.own_studies import report, rmse_study
from tests.studies import shared_study
from tune_app.storage.local_store import LocalStore
from tune_app.storage.open_store import open_store
from tune_app.study.ledger import Ledger, open_ledger
from tune_app.study.row_details import RowDetails, read_row
from tune_app.study.study_file import read_study


def details(ledger: Ledger, number: int, seed: int = 0, **options: bool) -> RowDetails:
    """Return the details of a configuration by its place."""
    configuration = ledger.configurations()[number]
    key = configuration.config_id, seed
    outcome = ledger.read_trials().outcomes(ledger.study)[key]
    return read_row(ledger.store, key, configuration.config, outcome, most_lines=3, **options)


def test_a_failed_row_has_its_traceback_output_and_files(tmp_path: Path) -> None:
    ledger = rmse_study(tmp_path / "rmse")
    [failed] = details(ledger, 3, seed=1).attempts
    folder = ledger.root / failed.folder
    (folder / "output.txt").write_text("one\ntwo\n\x1b[31mthree\nfour\n")
    (folder / "checkpoint_000000").mkdir()
    (folder / "checkpoint_000000" / "model.pt").write_bytes(b"12345")
    (folder / "weights").mkdir()
    (folder / "weights" / "w.pt").write_bytes(b"123")
    (folder / ".result.json.4711").touch()
    (folder / "secret").symlink_to("/etc/passwd")
    [failed] = details(ledger, 3, seed=1).attempts
    assert failed.error is not None and failed.output is not None
    assert failed.error.lines == ("ValueError: no",) and failed.error.is_whole
    assert failed.output.lines == ("two", "three", "four") and not failed.output.is_whole
    names = {file.path.removeprefix(f"{failed.folder}/"): file.num_bytes for file in failed.files}
    assert names.keys() == {
        *("checkpoint_000000/", "error.txt", "output.txt"),
        *("params.json", "result.json", "weights/w.pt"),
    }
    assert (names["checkpoint_000000/"], names["weights/w.pt"]) == (5, 3)
    assert [file.path for file in failed.checkpoints] == [f"{failed.folder}/checkpoint_000000/"]


def test_the_curve_ends_where_the_row_does(tmp_path: Path) -> None:
    store = LocalStore(shared_study(tmp_path / "grid"))
    study = read_study(store)
    assert study is not None
    ledger = Ledger(store, study)
    curves = {
        configuration.config_id: [record["epoch"] for record in details(ledger, place).curve]
        for place, configuration in enumerate(ledger.configurations())
    }
    assert curves["a2"] == [1, 2] and curves["b5"] == [1, 2, 3, 4, 5]


def test_a_row_that_has_not_begun_has_nothing(tmp_path: Path) -> None:
    ledger = rmse_study(tmp_path / "rmse")
    ledger.study["seeds"].append(7)
    found = details(ledger, 0, seed=7)
    assert found.attempts == () and found.curve == [] and found.outcome.status == "missing"


@pytest.mark.parametrize("fetches", [True, False])
def test_files_that_a_copy_lacks_are_fetched_from_the_url(tmp_path: Path, fetches: bool) -> None:
    local = rmse_study(tmp_path / "rmse")
    config = local.configurations()[0].config
    folder = next(
        local.root / attempt.folder for attempt in details(local, 0).attempts if attempt.files
    )
    assert config == {"lr": 0.1, "width": 8}
    (folder / "output.txt").write_text("printed\n")
    with open_store(local.root.as_uri()) as store:
        ledger = open_ledger(store)
        assert ledger is not None
        [attempt] = details(ledger, 0, fetches=fetches).attempts
    sizes = {file.path.rpartition("/")[2]: file.num_bytes for file in attempt.files}
    assert (attempt.output is not None) == fetches
    assert sizes["output.txt"] == (8 if fetches else 0)


def test_every_launch_of_a_trial_is_an_attempt(tmp_path: Path) -> None:
    ledger = rmse_study(tmp_path / "rmse")
    first = report(ledger, {"lr": 0.5, "width": 32}, [{"val_rmse": 1.0}], seed=2, launch="002")
    attempts = details(ledger, 3, seed=2).attempts
    assert [attempt.launch for attempt in attempts] == ["001", "002"]
    assert attempts[1].folder == first.relative_to(ledger.root).as_posix()
