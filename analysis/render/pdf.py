"""Render the report as PDF, with Typst and without the network, packages or installed fonts.

The template reads the report as JSON and evaluates none of it. Text of a study stays text and
cannot become markup.
"""

from __future__ import annotations

import json
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

from analysis.render.document import (
    Block,
    Bullets,
    Code,
    Document,
    Figure,
    Paragraph,
    Section,
    Table,
)
from analysis.render.drawings import Drawings

MOST_ROWS = 200
"""Of a longer table the PDF shows the first ``SHOWN_ROWS`` rows."""
SHOWN_ROWS = 50


def render_pdf(document: Document, drawings: Drawings) -> bytes:
    """Return the report as a tagged PDF (PDF/UA); the same report gives the same bytes."""
    import typst

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for figure in document.figures:
            (root / f"{figure.name}.svg").write_text(drawings.svg(figure), encoding="utf-8")
        (root / "report.json").write_text(json.dumps(_document(document)), encoding="utf-8")
        # The DejaVu fonts have every symbol that the tables use.
        fonts = Path(str(files("analysis.render") / "templates" / "fonts"))
        template = root / "report.typ"
        template.write_bytes((files("analysis.render") / "templates" / "report.typ").read_bytes())
        return bytes(
            typst.compile(
                template,
                root=root,
                font_paths=[fonts],
                ignore_system_fonts=True,
                package_path=root / "none",
                package_cache_path=root / "none",
                timestamp=0,
            )
        )


def _document(document: Document) -> dict[str, Any]:
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "warnings": document.warnings,
        "sections": [_section(section) for section in document.sections],
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "title": section.title,
        "blocks": [_block(block) for block in section.blocks],
        "sections": [_section(below) for below in section.sections],
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Paragraph(text):
            return {"kind": "paragraph", "text": text}
        case Bullets(items):
            return {"kind": "bullets", "items": items}
        case Code(lines):
            return {"kind": "code", "text": "\n".join(lines)}
        case Figure():
            return {
                "kind": "figure",
                "file": f"{block.name}.svg",
                "caption": block.caption,
                "alt": block.alt,
                "notes": block.notes,
            }
        case Table():
            return _table(block)


def _table(table: Table) -> dict[str, Any]:
    lines = table.lines
    notes = list(table.notes)
    if len(lines) > MOST_ROWS:
        lines = lines[:SHOWN_ROWS]
        notes.insert(
            0,
            f"The first {SHOWN_ROWS} of {len(table.lines)} rows. All rows are in "
            f"tables/{table.name}.csv.",
        )
    return {
        "kind": "table",
        "caption": table.caption,
        "headings": table.headings,
        "lines": lines,
        "numbers": table.is_number,
        "marked": sorted(table.marked),
        "notes": notes,
    }
