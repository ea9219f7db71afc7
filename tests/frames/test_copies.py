"""Studies at a URL, which are read from a copy."""

from __future__ import annotations

import gc
import json
from pathlib import Path

import pandas as pd
import pytest

from analysis.frames.copies import study_store
from analysis.frames.load import load_study
from search_spaces.errors import UserError
from tests.own_studies import own_study, report
from tests.studies import shared_study
from tune_app.storage.remote_folder import RemoteFolder
from tune_app.study.search_log import SEARCH_FILE
from tune_app.study.stop import STOPPED_FILE, Stop


def test_a_study_at_a_url_owns_its_copy(tmp_path: Path) -> None:
    there = shared_study(tmp_path / "grid")
    study = load_study(there.as_uri())
    assert study.path.name == "grid" and study.path != there
    assert list(study.rows["config_id"]) == ["a2", "a5", "b2", "b5"]
    copy = study.path
    assert (copy / "study.json").exists()
    del study
    gc.collect()
    assert not copy.exists() and (there / "study.json").exists()


def test_a_search_at_a_url_is_read_as_it_is(tmp_path: Path) -> None:
    """Its configurations are in a log, and which rows were stopped in files of the trials."""
    configs = [{"lr": 0.1}, {"lr": 0.2}]
    ledger = own_study(tmp_path / "search", configs, metric="val_loss", mode="min")
    report(ledger, configs[0], [{"val_loss": 1.0}, {"val_loss": 0.8}])
    folder = report(ledger, configs[1], [{"val_loss": 1.5}], ended=False)
    (folder / STOPPED_FILE).write_text(Stop("stopped", 1, "asha", 60.0).as_json())
    asked = {"event": "ask", "number": 0, "config_id": "c9", "config": {"lr": 0.3}, "from": "tpe"}
    (ledger.root / SEARCH_FILE).write_text(json.dumps(asked) + "\n")
    here, there = load_study(ledger.root), load_study(ledger.root.as_uri())
    assert list(here.rows["status"]) == ["finished", "stopped", "missing"]
    pd.testing.assert_frame_equal(there.rows, here.rows)


def test_a_store_is_read_as_it_is_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = shared_study(tmp_path / "grid")
    store = study_store(there.as_uri())
    assert load_study(store).name == "grid"
    meta = json.loads((there / "study.json").read_text())
    (there / "study.json").write_text(json.dumps({**meta, "study": "longer"}))
    fetched: list[str] = []
    fetch = RemoteFolder.fetch

    def fetch_and_tell(self: RemoteFolder, name: str, path: Path) -> None:
        fetched.append(name)
        fetch(self, name, path)

    monkeypatch.setattr(RemoteFolder, "fetch", fetch_and_tell)
    assert load_study(store).name == "longer"
    assert fetched == ["study.json"], "what has not changed is not fetched again"


def test_storage_that_does_not_answer_is_one_line() -> None:
    with pytest.raises(UserError, match=r"^data://lab/mine: cannot be read \(\w+Error: "):
        load_study("data://lab/mine")  # that storage has no listings
