from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from analysis.render.document import Document, Figure, Paragraph, Section, Table
from analysis.render.drawings import Drawings
from analysis.render.html import render_html
from analysis.sections.report_document import build_document
from tests.analysed_studies import grid_study

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'--><!--"
VOID = {"meta", "link", "input", "br", "img"}


class Outline(HTMLParser):
    """Collects what an HTML file holds, and checks that its elements close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the report of a small study as HTML."""
    study = grid_study(tmp_path_factory.mktemp("html") / "grid")
    return render_html(build_document({"grid": study}), Drawings())


def test_everything_is_inside_of_the_file(rendered: str) -> None:
    outline = Outline(rendered)
    for tag, attributes in outline.elements:
        for name in ("src", "href", "xlink:href", "action", "srcset", "data"):
            target = attributes.get(name) or "#"
            assert target.startswith(("#", "data:")), (tag, target)
    policies = [a["content"] for t, a in outline.elements if a.get("http-equiv")]
    assert len(policies) == 1 and str(policies[0]).startswith("default-src 'none'")


def test_identifiers_are_unique_and_references_lead_somewhere(rendered: str) -> None:
    elements = Outline(rendered).elements
    names = [str(a["id"]) for _, a in elements if a.get("id")]
    assert len(names) == len(set(names))
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', rendered))
    used_names = {name for pair in used for name in pair if name}
    for _, attributes in elements:
        used_names |= set((attributes.get("aria-labelledby") or "").split())
    assert used_names <= set(names)


def test_tables_and_figures_are_named_for_screen_readers(rendered: str) -> None:
    elements = Outline(rendered).elements
    tags = [tag for tag, _ in elements]
    assert tags.count("caption") == tags.count("table") > 5
    assert all(a.get("scope") == "col" for tag, a in elements if tag == "th")
    drawings = [a for tag, a in elements if tag == "svg" and a.get("aria-hidden") != "true"]
    assert drawings and all(a["role"] == "img" and a["aria-labelledby"] for a in drawings)
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(below <= above + 1 for above, below in itertools.pairwise(levels))


def test_colours_follow_the_theme_of_the_page(rendered: str) -> None:
    drawings = "".join(re.findall(r"<svg.*?</svg>", rendered, re.DOTALL))
    assert "var(--ink)" in drawings and "var(--series-1)" in drawings
    assert "#1b1f24" not in drawings and "<metadata" not in drawings


def test_no_text_is_markup(tmp_path: Path) -> None:
    study = grid_study(tmp_path / "grid")
    figure = build_document({"grid": study}).figures[0]
    data = {"axes": [], "lines": [{"id": EVIL}]}
    evil = Figure("f", EVIL, EVIL, figure.draw, data, notes=(EVIL,))
    table = Table("t", EVIL, {EVIL: [EVIL]}, pd.DataFrame(), (EVIL,), filters=(EVIL,))
    section = Section(EVIL, (Paragraph(EVIL), evil, table))
    plain = render_html(Document("t", "s", (), (Section("x"),)), Drawings())
    text = render_html(Document(EVIL, EVIL, (EVIL,), (section,)), Drawings())
    tags = [tag for tag, _ in Outline(text).elements]
    assert "img" not in tags
    # The one more holds the figure's data.
    assert tags.count("script") == [t for t, _ in Outline(plain).elements].count("script") + 1


def test_a_table_of_sentences_names_each_cell_for_narrow_screens() -> None:
    sentence = "A sentence that is too long to be read as one of many cells beside each other."
    cells = {"claim": [sentence], 'a "b"': ["yes"]}
    tables = (
        Table("prose", "Prose.", cells, pd.DataFrame()),
        Table("numbers", "Numbers.", {"n": ["1"]}, pd.DataFrame()),
        Table("filtered", "Filtered.", cells, pd.DataFrame(), filters=("claim",)),
    )
    document = Document("t", "s", (), (Section("x", tables),))
    elements = Outline(render_html(document, Drawings())).elements
    named = [a["data-heading"] for tag, a in elements if tag == "td" and "data-heading" in a]
    assert named == ["claim", 'a "b"']
    assert [a.get("class") for tag, a in elements if tag == "table"] == ["prose", None, None]
