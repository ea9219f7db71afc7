"""Nothing outside of someone else's study directory is read, written or removed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from analysis.frames.load import load_study
from analysis.report import main as report
from search_spaces.errors import UserError
from tests.recorded import ended
from tests.refusals import outcome
from tests.small_study import COMMAND
from tests.studies import (
    QUICK,
)
from tests.study.hostile import checkpoint, ledger_of
from tune_app.engine.housekeeping import tidy
from tune_app.engine.trial_configs import trial_configs
from tune_app.planning.checked_request import check_request
from tune_app.planning.prepared_study import prepare
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import open_ledger
from tune_app.training.checkpoint import load_newest


def outside(tmp_path: Path) -> Path:
    """Return a folder of somebody's, with everything that housekeeping looks for."""
    folder = tmp_path / "precious"
    (folder / "weights").mkdir(parents=True)
    (folder / "weights" / "mnist-resnet18.epoch_1.pt").write_text("precious")
    (folder / "weights" / "group.json").write_text("{}")
    (folder / ".study.json.123").write_text("precious")
    (folder / "weights" / ".x.123").write_text("precious")
    checkpoint(folder, 1, key="k1")
    return folder


def content(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


@pytest.mark.parametrize("level", ["trial", "launch", "checkpoint", "weights"])
def test_links_out_of_a_study_are_neither_read_nor_cleared(
    root: Path, tmp_path: Path, level: str
) -> None:
    precious = outside(tmp_path)
    real = root / "tune" / "001" / "trial-k1"
    for name in ("params.json", "result.json"):
        shutil.copy(real / name, precious / name)
    launch = tmp_path / "launch"
    launch.mkdir()
    shutil.copytree(precious, launch / "t")
    before = content(precious) + content(launch)
    finished = ended(ledger_of(root))
    if level == "trial":
        (root / "tune" / "001" / "linked").symlink_to(precious)
    elif level == "launch":
        (root / "tune" / "002").symlink_to(launch)
    elif level == "checkpoint":
        (real / "checkpoint_000001").symlink_to(precious / "checkpoint_000001")
    else:
        (real / "weights").symlink_to(precious / "weights")
    ledger = ledger_of(root)
    paths = [d.path for d in ledger.read_trials().directories if d.path]
    assert all(path.resolve().is_relative_to(root) for path in paths) and len(paths) == 2
    linked = real / "checkpoint_000001"
    if level == "checkpoint":
        assert load_newest(ledger.store, [linked], "k1").state is None
    tidy(ledger, ledger.read_trials())
    assert content(precious) + content(launch) == before
    assert ended(ledger) == finished


@pytest.mark.parametrize("name", ["tune", "weights", "launches"])
def test_a_linked_part_of_a_study_is_refused(root: Path, tmp_path: Path, name: str) -> None:
    precious = outside(tmp_path)
    before = content(precious)
    shutil.rmtree(root / name, ignore_errors=True)
    (root / name).symlink_to(precious)
    assert "a symbolic link, which is not followed" in outcome(COMMAND)[1]
    assert content(precious) == before
    with pytest.raises(UserError, match="a symbolic link, which is not followed"):
        load_study(root)


def test_the_lock_and_the_report_write_through_no_link(root: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("precious")
    (root / ".lock").symlink_to(precious / "file")
    with pytest.raises(UserError, match="cannot be written"), LocalStore(root).lock():
        pass
    (root / "report").symlink_to(precious)
    assert "a symbolic link" in outcome([str(root)], report)[1]
    (root / "report").unlink()
    (root / "report").mkdir()
    (root / "report" / "report.md").symlink_to(precious / "file")
    (root / "report" / f".report.md.{os.getpid()}").symlink_to(precious / "file")
    assert outcome([str(root), *QUICK], report)[0] == 0
    assert not (root / "report" / "report.md").is_symlink()
    assert [p.name for p in precious.iterdir()] == ["file"]
    assert (precious / "file").read_text() == "precious"


@pytest.mark.parametrize("escape_to", ["../../../precious", "/", "../x", "tune/001/../../.."])
def test_paths_inside_of_files_lead_nowhere(root: Path, tmp_path: Path, escape_to: str) -> None:
    """A plan's paths are the planner's own: what a study's files say of them is not used."""
    precious = outside(tmp_path)
    before = content(precious)
    file = root / "tune" / "001" / "trial-k2" / "params.json"
    config = json.loads(file.read_text())
    config["plan"] |= {"directory": escape_to, "resume_from": [escape_to], "name": escape_to}
    file.write_text(json.dumps(config))
    (root / "weights").mkdir()
    (root / "weights" / "mnist-resnet18.json").write_text(json.dumps({"file": escape_to}))
    ledger = ledger_of(root)
    request = StudyRequest(space=_space(), store=LocalStore(root), source="sample", num_images=100)
    cluster = Cluster(({"CPU": 1.0},))
    study = prepare(check_request(request), cluster)
    plan = study.plan(cluster)
    configs = trial_configs(plan.trials, study.ledger, study.recorded, "002")
    assert configs and all(c["plan"]["resume_from"] == [] for c in configs)
    for each in configs:
        directory = (root / each["plan"]["directory"]).resolve()
        assert directory.parent == root / "tune" / "002"
    tidy(ledger, ledger.read_trials())
    assert content(precious) == before


def _space() -> Any:
    from tune_app.planning.space_file import load_space

    return load_space("./my_space.py")


def test_a_study_name_or_launch_that_leads_out_is_not_used(root: Path) -> None:
    study = json.loads((root / "study.json").read_text())
    for name in ("../x", "/x", "a/b", "", "a\nb"):
        (root / "study.json").write_text(json.dumps({**study, "study": name}))
        with pytest.raises(UserError, match="name is damaged"):
            open_ledger(LocalStore(root))
    (root / "study.json").write_text(json.dumps(study))
    (root / "launches" / "001.json").unlink()
    assert ledger_of(root).start_launch({}) == "002", "001 is there, although its record is lost"
    (root / "launches" / "003.json").write_text('{"name": "../../x", "open": []}')
    ledger = ledger_of(root)
    assert [launch["name"] for launch in ledger.study["launches"]] == ["002", "003"]
    assert ledger.start_launch({}) == "004"


def test_a_trial_is_named_so_that_it_is_one_directory() -> None:
    from tests.refusals import COUNTING
    from tune_app.planning.planner import _file_name

    for label in ("../../x", "/x", "a/b\n", "é" * 500, "\0"):
        assert "/" not in _file_name(label) and len(_file_name(label).encode()) <= 120
        assert _file_name(label).isprintable()
    assert _file_name(COUNTING.label({"x": 3})) == "x3"
