"""``tune-app copy``: what a study found, in another place."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from analysis.frames.load import load_study
from tests.cli.status_studies import make_study, record
from tests.full_disk import no_file_larger_than
from tune_app.cli.main import main
from tune_app.planning.remaining import planned_trials
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import open_ledger
from tune_app.study.trials import FINISHED

LEFT = (
    "weights/mnist.json",
    "checkpoint_000001/state.pt",
    "weights/mnist.epoch_2.pt",
    "x.tfevents",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a study of four rows, two of them finished, with files of every kind."""
    ledger = make_study(tmp_path)
    folder = record(ledger, 0, 1, 2, 3, 4)
    for name in (*LEFT, "predictions/epoch_2.npz", "output.txt"):
        path = (ledger.root if name == LEFT[0] else folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return ledger.root


@pytest.mark.parametrize("from_url", [False, True])
@pytest.mark.parametrize("to_url", [False, True])
def test_a_copy_is_the_study_without_what_is_large(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], from_url: bool, to_url: bool
) -> None:
    target = tmp_path / "shared" / "grid"
    places = (root.as_uri() if from_url else root, target.as_uri() if to_url else target)
    assert main(["copy", *map(str, places)]) == 0
    said = capsys.readouterr().out
    begin = re.escape(f"{places[0]} -> {places[1]}: 6 files, ")
    assert re.match(rf"{begin}\d\.\d kB, no checkpoints", said)
    names = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    kept = {name.rpartition("/")[2] for name in names if not name.startswith(".")}
    assert kept == {
        *("study.json", "001.json", "params.json", "result.json", "epoch_2.npz", "output.txt"),
    }
    pd.testing.assert_frame_equal(load_study(target).rows, load_study(root).rows)


def test_it_is_continued_where_it_is(root: Path, tmp_path: Path) -> None:
    assert main(["copy", str(root), str(tmp_path / "there")]) == 0
    ledger = open_ledger(LocalStore(tmp_path / "there"))
    assert ledger is not None
    outcomes = ledger.read_trials().outcomes(ledger.study)
    done = [key for key, outcome in outcomes.items() if outcome.status in FINISHED]
    assert len(done) == 2
    left = planned_trials(ledger, done)
    assert left is not None and [trial.config["lr"] for trial in left] == [0.01]


@pytest.mark.parametrize("to_url", [False, True])
def test_a_copy_that_cannot_be_written_leaves_nothing(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], to_url: bool
) -> None:
    target = tmp_path / "shared" / "grid"
    words = ["copy", str(root), target.as_uri() if to_url else str(target)]
    with no_file_larger_than(500):
        assert main(words) == 2
    assert "cannot be written (File too large)" in capsys.readouterr().err
    assert not target.exists() or {path.name for path in target.iterdir()} <= {".lock"}
    assert main(words) == 0, "the same command again, as the message says"


def test_what_a_link_leads_to_is_not_copied(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    [predictions] = root.glob("tune/*/*/predictions")
    (predictions / "epoch_4.npz").symlink_to(tmp_path / "secret")
    assert main(["copy", str(root), str(tmp_path / "there")]) == 0
    assert [path.name for path in tmp_path.glob("there/tune/*/*/predictions/*")] == ["epoch_2.npz"]


def test_nothing_is_written_over(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("x")
    assert main(["copy", str(root), str(tmp_path / "full")]) == 2
    assert "full: is not empty; name a new folder" in capsys.readouterr().err
    assert main(["copy", str(tmp_path / "full"), str(tmp_path / "new")]) == 2
    assert "full: no study there" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_the_place_holds_a_study_only_once_all_of_it_is_there(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, write = [], LocalStore.write

    def noting(store: LocalStore, path: Path, content: bytes) -> None:
        written.append(path.name)
        write(store, path, content)

    monkeypatch.setattr(LocalStore, "write", noting)
    assert main(["copy", str(root), str(tmp_path / "there")]) == 0
    assert len(written) == 6 and written[-1] == "study.json"
