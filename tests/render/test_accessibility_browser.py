"""The HTML report for readers with a keyboard, a screen reader, or little patience."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.render.writing import write_report
from tests.chaos.browser import needs_chromium
from tests.report_pages import browsing, opened, resized

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def page(real_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a browser with the report of a real study."""
    out = tmp_path_factory.mktemp("accessible")
    write_report([real_study], out, formats=["html"])
    with browsing() as found:
        resized(found, 1400)
        found.get((out / "report.html").as_uri())
        yield found


def test_the_first_screen_answers_in_less_than_ten_lines(page: Any) -> None:
    script = """
        const answer = document.querySelector("main section");
        const lines = (box) => Math.round(
          box.getBoundingClientRect().height / parseFloat(getComputedStyle(box).lineHeight));
        const list = answer.querySelector("ul"), figure = answer.querySelector("figure svg");
        return [[...list.children].map(lines).reduce((sum, one) => sum + one, 0),
                list.getBoundingClientRect().bottom, figure.getBoundingClientRect().bottom];
    """
    page.execute_script("window.scrollTo(0, 0)")
    number, text_ends, figure_ends = page.execute_script(script)
    assert 3 < number < 10
    assert text_ends < 700 and figure_ends <= 1000, "the forest plot is on the screen too"


def test_headings_go_down_one_level_at_a_time(page: Any) -> None:
    script = "return [...document.querySelectorAll('h1,h2,h3,h4,h5')].map((h) => +h.tagName[1]);"
    levels = page.execute_script(script)
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(below <= above + 1 for above, below in itertools.pairwise(levels))


def test_every_figure_has_a_text_in_its_place(page: Any) -> None:
    script = """
        return [...document.querySelectorAll("figure")].map((figure) => {
          const svg = figure.querySelector("svg[role=img]");
          const alt = document.getElementById(svg.getAttribute("aria-labelledby"));
          return [figure.id, alt.textContent, figure.querySelector("figcaption").textContent];
        });
    """
    found = page.execute_script(script)
    assert len(found) > 10
    for name, alt, caption in found:
        assert len(alt) > 30 and alt.strip().endswith(".") and caption, name


def test_drawn_figures_are_named_and_described(page: Any) -> None:
    opened(page, "q1a-explore")
    script = """
        const frame = document.querySelector("#figure-q1a-explore .drawn");
        const texts = frame.getAttribute("aria-describedby").split(" ")
          .map((id) => document.getElementById(id).textContent);
        const named = [...document.querySelectorAll("#figure-q1a-explore :is(select, input)")]
          .map((one) => one.labels.length);
        return [frame.getAttribute("aria-label"), texts.join(" "), named];
    """
    name, described, labels = page.execute_script(script)
    assert "test accuracy" in name.lower() and "Arrow keys" in described
    assert labels and all(labels), "every control has a label"


def test_headings_of_tables_have_a_scope_and_tables_a_caption(page: Any) -> None:
    script = """
        const tables = [...document.querySelectorAll("table")];
        return [tables.length,
          tables.filter((table) => !table.caption?.textContent.trim()).length,
          document.querySelectorAll("th:not([scope])").length];
    """
    number, bare, without = page.execute_script(script)
    assert number > 5 and bare == without == 0


def test_what_the_tab_key_reaches_is_seen_to_have_the_focus(page: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    # Without a focus the key would go on from where an earlier test had it.
    page.execute_script("document.body.tabIndex = -1; document.body.focus();")
    page.execute_script("document.body.removeAttribute('tabindex'); window.scrollTo(0, 0);")
    script = """
        const one = document.activeElement, box = one.getBoundingClientRect();
        const shown = one.matches(".modes input") ? one.parentElement : one;
        const style = getComputedStyle(shown);
        return [one.tagName, style.outlineStyle, parseFloat(style.outlineWidth)];
    """
    seen = set()
    for _ in range(60):
        ActionChains(page, duration=0).send_keys("\ue004").perform()
        tag, style, width = page.execute_script(script)
        seen.add(tag)
        assert style != "none" and width >= 1, tag
    assert {"A", "BUTTON"} <= seen


def test_nothing_moves_for_readers_who_want_less_motion(page: Any) -> None:
    script = "return getComputedStyle(document.documentElement).scrollBehavior;"
    for wish, behaviour in (("reduce", "auto"), ("no-preference", "smooth")):
        resized(page, 1400, prefers_reduced_motion=wish)
        assert page.execute_script(script) == behaviour
    assert page.execute_script("return document.getAnimations().length") == 0
