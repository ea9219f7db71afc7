"""A study whose user's code changed is refused, unless the user accepts the change."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from analysis.frames.arithmetic import warning
from analysis.frames.load import load_study
from analysis.frames.tables import study_table
from search_spaces.errors import UserError
from tests.studies import line
from tune_app.engine.trial_configs import trial_configs
from tune_app.planning.checked_request import check_request
from tune_app.planning.overview import read_overview
from tune_app.planning.prepared_study import PreparedStudy, prepare
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.space_file import code_files, load_space
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import Ledger, open_ledger

CLUSTER = Cluster(({"CPU": 2.0},))
SPACE = """
from ray import tune
from search_spaces import SearchSpace

def train(config):
    from change_helper import loss
    tune.report({"loss": loss(config["x"])})

SPACE = SearchSpace(
    name="mine", trainable=train, metric="loss", mode="min", prefix_axis="epochs",
    param_space={"x": tune.grid_search([1, 2]), "epochs": 3},
)
"""
HELPER = "def loss(x):\n    return x * x\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a user's folder: a space and its helper."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    sys.modules.pop("change_helper", None)  # of another test's folder
    (tmp_path / "space.py").write_text(SPACE)
    (tmp_path / "change_helper.py").write_text(HELPER)
    return tmp_path


def prepared(folder: Path, name: str = "space.py", *, accept: bool = False) -> PreparedStudy:
    """Prepare the user's study, as a command does."""
    path = str(folder / name)
    space = load_space(path)
    request = StudyRequest(
        space,
        LocalStore(folder / "results" / "mine"),
        code=code_files(path, space),
        accept_code_change=accept,
    )
    return prepare(check_request(request), CLUSTER)


def launch(study: PreparedStudy, *num_epochs: int) -> None:
    """Write what a launch leaves that trained each trial for so many epochs."""
    entry = {"code": study.ledger.study["code"]}
    name = study.ledger.start_launch(entry)
    planned = study.plan(CLUSTER).trials[: len(num_epochs)]
    configs = trial_configs(planned, study.ledger, study.recorded, name)
    for config, number in zip(configs, num_epochs, strict=True):
        path = study.ledger.root / config["plan"]["directory"]
        path.mkdir(parents=True)
        (path / "params.json").write_text(json.dumps(config))
        rows = [line(e, milestone=e == 3, loss=1 / e) for e in range(1, number + 1)]
        (path / "result.json").write_text("".join(json.dumps(row) + "\n" for row in rows))


def reopened(folder: Path) -> Ledger:
    """Return the user's study as it is on disk."""
    ledger = open_ledger(LocalStore(folder / "results" / "mine"))
    assert ledger is not None
    return ledger


def other_code(folder: Path) -> None:
    """Change the helper."""
    (folder / "change_helper.py").write_text(HELPER.replace("x * x", "x + x"))


def test_the_study_says_which_files_it_was_made_with(folder: Path) -> None:
    study = prepared(folder)
    code = study.ledger.study["code"]
    assert list(code["files"]) == ["space.py", "change_helper.py"]
    configs = trial_configs(study.plan(CLUSTER).trials, study.ledger, study.recorded, "001")
    assert {config["plan"]["code"] for config in configs} == {code["sha256"]}


def test_a_shipped_trainable_brings_no_code(tmp_path: Path) -> None:
    assert code_files("q1a", load_space("q1a")) == {}
    path = tmp_path / "q1a_short.py"
    path.write_text(
        "from dataclasses import replace\nfrom search_spaces.q1a import SPACE as LONG\n"
        "SPACE = replace(LONG, name='short')"
    )
    assert code_files(str(path), load_space(str(path))) == {}


def test_own_models_and_own_data_are_code(folder: Path) -> None:
    (folder / "net.py").write_text(
        "from change_helper import loss\nfrom tune_app import SearchSpace, classifier\n"
        "def build(config, data): ...\nSPACE = SearchSpace(name='net', trainable="
        "classifier(models={'net': build}), param_space={'dataset': 'mnist', 'batch_size': 8, "
        "'epochs': 1, 'optimizer': 'sgd', 'lr': 0.1})"
    )
    path = str(folder / "net.py")
    assert set(code_files(path, load_space(path))) == {"net.py", "change_helper.py"}
    (folder / "data.py").write_text(
        "from tune_app import SearchSpace\nSPACE = SearchSpace(name='data', trainable='svm', "
        "datasets={'mine': lambda: None}, param_space={'dataset': 'mine', 'kernel': 'rbf', 'C': 1})"
    )
    path = str(folder / "data.py")
    assert set(code_files(path, load_space(path))) == {"data.py"}


def test_other_code_is_refused_and_nothing_is_written(folder: Path) -> None:
    launch(prepared(folder), 3, 1)
    before = (folder / "results" / "mine" / "study.json").read_bytes()
    other_code(folder)
    with pytest.raises(UserError) as refused:
        prepared(folder)
    assert str(refused.value) == (
        "study mine was made with other code (change_helper.py changed); its 1 finished row stays "
        "as it is; use --accept-code-change to go on with the new code (the rows then say which "
        "code made them), or use --study NAME for another study or --fresh to put this one aside"
    )
    assert (folder / "results" / "mine" / "study.json").read_bytes() == before


def test_a_wider_axis_and_a_comment_are_no_change(folder: Path) -> None:
    launch(prepared(folder), 3)
    (folder / "space.py").write_text(SPACE.replace("[1, 2]", "[1, 2, 3]") + "# wider\n")
    assert prepared(folder).num_added == 1


def test_a_renamed_file_is_no_change(folder: Path) -> None:
    launch(prepared(folder), 3)
    (folder / "space.py").rename(folder / "renamed.py")
    assert prepared(folder, "renamed.py").notes() == []


def test_a_deleted_helper_is_a_change(folder: Path) -> None:
    launch(prepared(folder), 3)
    (folder / "change_helper.py").unlink()
    with pytest.raises(UserError, match=r"\(change_helper.py is gone\)"):
        prepared(folder)


@pytest.mark.parametrize("begun", [(), (0,)])
def test_code_that_trained_nothing_may_change(folder: Path, begun: tuple[int, ...]) -> None:
    launch(prepared(folder), *begun)
    other_code(folder)
    study = prepared(folder)
    assert study.notes() == [
        "note: the code has changed (change_helper.py changed); nothing was trained with the old "
        "code"
    ]
    assert study.is_changed()


def test_an_accepted_change_goes_on_and_rows_say_their_code(folder: Path) -> None:
    first = prepared(folder)
    launch(first, 3, 1)
    other_code(folder)
    second = prepared(folder, accept=True)
    assert second.notes() == [
        "note: the code has changed (change_helper.py changed); its 1 finished row stays as it "
        "is; 1 trial begun with the old code may go on from a checkpoint of "
        "the old code"
    ]
    assert len(second.plan(CLUSTER).finished) == 1
    launch(second, 3)
    third = prepared(folder)
    assert third.notes() == [], "the change is accepted once"
    old, new = (s.ledger.study["code"]["sha256"] for s in (first, second))
    assert reopened(folder).study["code"]["sha256"] == new != old

    study = load_study(folder / "results" / "mine")
    assert sorted(study.rows["code"]) == sorted([old, new])
    assert sorted(study_table(study)["code"]) == sorted([old, new])
    (text,) = warning(study)
    assert text == (
        "These rows were not computed alike, so a part of their differences may come from the "
        f"code: code {old} (launch 001); code {new} (launch 002)."
    )
    view = read_overview(reopened(folder), since=None)
    assert view.notes == (
        "1 of 2 rows with a result were made with older code than the study's, wholly or in part",
    )


def test_a_row_of_one_code_has_no_column_for_it(folder: Path) -> None:
    launch(prepared(folder), 3, 3)
    study = load_study(folder / "results" / "mine")
    assert "code" not in study.rows
    assert warning(study) == ()


def test_a_trial_continued_with_other_code_names_both(folder: Path) -> None:
    first = prepared(folder)
    launch(first, 3, 1)
    other_code(folder)
    second = prepared(folder, accept=True)
    (begun,) = second.plan(CLUSTER).trials
    launch(second, 3)
    path = second.ledger.root / "tune" / "002" / begun.name / "result.json"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    old, new = (s.ledger.study["code"]["sha256"] for s in (first, second))
    rows = load_study(folder / "results" / "mine").rows
    assert sorted(rows["code"]) == sorted([old, f"{old}+{new}"])
