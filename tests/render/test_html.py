from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from analysis.figures.chart import Chart, Choice, Data
from analysis.render.document import Document, Figure, Paragraph, Section, Table
from analysis.render.drawings import Drawings
from analysis.render.html import SHOWN_ROWS, render_html
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
    markup = re.sub(r"<script.*?</script>", "", rendered, flags=re.DOTALL)
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', markup))
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
    chart = figure.draw()
    choice = Choice(EVIL, {EVIL: {"/title": EVIL}}, EVIL)
    data = (*chart.data, Data(EVIL, {EVIL: [EVIL]}))
    evil_chart = replace(chart, spec=chart.spec | {"title": EVIL}, data=data, choices=(choice,))
    evil = Figure("f", EVIL, EVIL, lambda: evil_chart, notes=(EVIL,))
    table = Table("t", EVIL, {EVIL: [EVIL]}, pd.DataFrame(), (EVIL,), filters=(EVIL,))
    section = Section(EVIL, (Paragraph(EVIL), evil, table))
    plain = render_html(Document("t", "s", (), (Section("x"),)), Drawings())
    text = render_html(Document(EVIL, EVIL, (EVIL,), (section,)), Drawings())
    tags = [tag for tag, _ in Outline(text).elements]
    assert "img" not in tags
    # The one more holds the figure.
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


def test_of_a_long_table_the_scripts_add_the_rows_that_the_file_does_not_show() -> None:
    numbers = [str(number) for number in range(SHOWN_ROWS + 3)]
    table = Table("long", "c", {"n": numbers}, pd.DataFrame(), marked=frozenset({SHOWN_ROWS + 1}))
    text = render_html(Document("t", "s", (), (Section("x", (table,)),)), Drawings())
    cells = [tag for tag, _ in Outline(text).elements if tag == "td"]
    assert len(cells) == SHOWN_ROWS
    assert f"The first {SHOWN_ROWS} of {SHOWN_ROWS + 3} rows" in text
    [more] = re.findall(r'class="more">(.*?)</script>', text)
    assert json.loads(more) == {
        "lines": [["200"], ["201"], ["202"]],
        "marked": [SHOWN_ROWS + 1],
        "panels": [],
    }


def test_figures_that_follow_one_another_stand_side_by_side_and_share_their_data() -> None:
    data = Data("rows", {"id": ["a"], "x": [1]})
    chart = Chart({"data": {"name": "rows"}, "mark": "point", "encoding": {}}, (data,))

    def figure(name: str, *, is_wide: bool = False) -> Figure:
        return Figure(name, "c", "a", lambda: chart, is_wide=is_wide)

    blocks = (figure("a"), figure("b"), figure("c", is_wide=True), figure("d"), Paragraph("p"))
    text = render_html(Document("t", "s", (), (Section("x", blocks),)), Drawings())
    assert text.count('<div class="figures">') == 1
    assert text.index('<div class="figures">') < text.index("figure-a") < text.index("figure-b")
    [shared] = re.findall(r'id="shared">(.*?)</script>', text)
    assert json.loads(shared)["data"] == {"data0": {"id": ["a"], "x": [1]}}


def test_no_line_ends_between_a_number_and_the_sign_beside_it() -> None:
    section = Section("s", (Paragraph("98.4 % of 5 % & % ≤ 4 → > −2 or < b"),))
    text = "<p>98.4\u00a0% of 5\u00a0% &amp; % ≤\u00a04 → &gt;\u00a0−2 or &lt; b</p>"
    assert text in render_html(Document("t", "", (), (section,)), Drawings())
