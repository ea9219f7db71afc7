"""The audit of a report's own studies."""

from __future__ import annotations

import re
from pathlib import Path

from analysis.frames.load import load_study
from analysis.render.document import Paragraph, Table
from analysis.sections.audited import audited
from tests.studies import prefix_study, shared_study


def test_our_own_study_passes_our_own_audit(real_study: Path) -> None:
    section = audited({"q1a": load_study(real_study)})
    assert section is not None
    assert not [block for block in section.walk() if isinstance(block, Table)]
    [text] = [block.text for block in section.walk() if isinstance(block, Paragraph)]
    assert re.match(r"\d+ of 2\d rules could be applied .* 0 findings", text), text


def test_an_inconsistent_study_is_named(tmp_path: Path) -> None:
    study = shared_study(tmp_path / "grid")
    for path in study.glob("tune/*/*/result.json"):
        path.write_text(path.read_text().replace('"test_recall": 0.985', '"test_recall": 0.5'))
    section = audited({"grid": load_study(study)})
    assert section is not None
    [table] = [block for block in section.walk() if isinstance(block, Table)]
    assert "error" in table.cells["severity"]


def test_a_study_without_results_is_not_audited(tmp_path: Path) -> None:
    assert audited({"grid": load_study(prefix_study(tmp_path))}) is None
