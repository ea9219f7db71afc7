"""``tune-app rm`` deletes a study after asking, and never one that is being run."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from tests.cli.status_studies import make_study, record
from tune_app.cli.main import main
from tune_app.cli.rm_command import build_parser
from tune_app.storage.local_store import LocalStore


class Terminal(io.StringIO):
    """Somebody who answers."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a study with one finished row of two."""
    ledger = make_study(tmp_path, lrs=(0.1,))
    record(ledger, 0, 1, 2)
    return ledger.root


@pytest.mark.parametrize(("answer", "is_deleted"), [("y\n", True), ("\n", False), ("", False)])
def test_it_asks(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    is_deleted: bool,
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert main(["rm", str(root)]) == (0 if is_deleted else 1)
    assert root.exists() is not is_deleted
    printed = capsys.readouterr().out
    assert printed.startswith(f"delete {root} (1 of 2 rows have results)? [y/N] ")
    assert printed.endswith(f"{root}: {'deleted' if is_deleted else 'kept'}\n")


def test_nothing_is_deleted_where_nobody_can_be_asked(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert main(["rm", str(root)]) == 2
    assert "add --yes" in capsys.readouterr().err and root.exists()
    assert main(["rm", str(root), "--yes"]) == 0
    assert list(root.parent.iterdir()) == []


def test_a_study_that_is_run_stays(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with LocalStore(root).lock():
        assert main(["rm", str(root), "--yes"]) == 2
    refusal = capsys.readouterr().err
    assert "being run by" in refusal and "--study" not in refusal, "rm has no such option"
    assert (root / "study.json").exists()


def test_a_published_study_stays_and_is_not_offered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rm", "published:q1a", "--yes"]) == 2
    assert "a part of the package and cannot be deleted" in capsys.readouterr().err
    assert "published" not in build_parser().format_help()


def test_what_is_no_study_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "precious").write_text("x")
    assert main(["rm", str(tmp_path), "--yes"]) == 2
    assert "no study there" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_a_damaged_study_and_one_at_a_url(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "study.json").write_text("{")
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert main(["rm", root.as_uri()]) == 0
    assert "(a damaged study)?" in capsys.readouterr().out and not root.exists()
