"""The pages say what the published studies found, and nothing of studies that are not there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.docs import findings, judged
from tests.docs.made import END, bullets, filled
from tests.docs.pages import text_of
from tests.docs.prepared import Q1A
from tests.docs.published import COMMAND, FIGURES, PAGES, PARTS, STATIC, written
from tune_app.storage import published

MOST_BYTES = 8_000_000
"""All published studies together: they are a part of the wheel."""
ELSEWHERE = re.compile(rb"/(?:home|root|work|tmp|var|mnt)/")


def test_pages_and_figures_are_those_that_the_command_writes() -> None:
    for name, text in written().items():
        assert text_of(name) == text, f"{name}: run {COMMAND}"
    known = {Path(name).name for name in written()}
    assert {path.name for path in STATIC.glob(FIGURES)} <= known, f"run {COMMAND}"


def test_every_part_stands_in_a_page() -> None:
    named = re.findall(rf"made by {COMMAND}: (\w+)", "".join(map(text_of, PAGES)))
    assert sorted(named) == sorted(PARTS)


def test_only_what_lies_between_the_marks_is_replaced() -> None:
    page = f"a\n<!-- made by x: one -->\nold\n{END}\nb\n<!-- made by y: one -->\nkept\n{END}\n"
    assert filled(page, "x", {"one": lambda: "new"}) == page.replace("old\n", "\nnew\n\n")
    with pytest.raises(KeyError):
        filled(page, "x", {})
    assert bullets(["word " * 40]).splitlines()[1].startswith("  word")


def test_the_published_studies_are_small_and_name_no_place_of_their_machine() -> None:
    files = [path for path in published.FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
    for path in files:
        assert not ELSEWHERE.search(path.read_bytes()) or path.suffix == ".npz", path


@pytest.fixture
def half_of_q1a(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let q1a be published with the results of its first 20 trainings only."""
    shutil.copytree(Q1A, tmp_path / "q1a")
    for trial in sorted((tmp_path / "q1a" / "tune" / "001").iterdir())[20:]:
        shutil.rmtree(trial)
    monkeypatch.setattr(published, "FOLDER", tmp_path)
    caches = (findings.published_studies, judged.on_our_runs)
    for cached in caches:
        cached.cache_clear()
        monkeypatch.setattr(cached, "cache_clear", cached.cache_clear)


@pytest.mark.usefixtures("half_of_q1a")
def test_a_study_with_open_rows_says_how_many_are_done() -> None:
    text = findings.answers()
    assert "**q1a** (80 of 128 rows, the others are 48 missing)" in " ".join(text.split())
    assert "`q1b` (0 of 30 rows)" in text


def test_without_studies_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(published, "FOLDER", tmp_path / "none")
    findings.published_studies.cache_clear()
    text = " ".join(findings.answers().split())
    assert text.startswith("- Not published yet, so nothing is said about their questions: `q1a`")
    assert "%" not in text
    assert findings.in_full() == "No study is published yet."
    findings.published_studies.cache_clear()
