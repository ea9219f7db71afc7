"""The sections of a report together."""

from __future__ import annotations

from pathlib import Path

from analysis.render.document import Bullets
from analysis.sections.report_document import build_document
from tests.analysed_studies import device_study, grid_study, svm_study


def test_names_of_tables_and_figures_are_unique_over_studies(tmp_path: Path) -> None:
    studies = {"grid": grid_study(tmp_path / "grid"), "svm": svm_study(tmp_path)}
    studies |= {"devices": device_study(tmp_path)}
    document = build_document(studies)
    for blocks in (document.tables, document.figures):
        names = [block.name for block in blocks]
        assert len(names) == len(set(names)) > 5
    sharing = [b for s in document.sections[0].sections for b in s.blocks if isinstance(b, Bullets)]
    assert not sharing, "none of them shares anything"
