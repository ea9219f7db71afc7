"""The figures of a search over numbers in a browser: zoom, surface, keyboard, reset, and room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from analysis.render.writing import write_report
from tests.chaos.browser import needs_chromium
from tests.random_search import random_search
from tests.report_pages import browsing, choose, drag, find, opened, place_of, resized, wait

pytestmark = needs_chromium
PLUS, RIGHT, ESCAPE = "+", "\ue014", "\ue00c"
ROWS = "#table-search tbody tr"
NAMED = "const figure = report.figures.find((one) => one.name === arguments[0]);"
DOMAIN = f"{NAMED} return figure.view.scale(arguments[1]).domain();"
TOLD = "document.querySelector('#table-search output').textContent"
OVERLAPS = f"""
{NAMED}
const found = [];
const walk = (mark) => {{
  if (mark.role === "axis-label") {{
    const shown = mark.items.filter((item) => item.opacity && item.text !== "" && !item.angle);
    shown.forEach((one, place) => shown.slice(place + 1).forEach((two) => {{
      if (one.bounds.intersects(two.bounds)) found.push(`${{one.text}} | ${{two.text}}`);
    }}));
  }}
  for (const item of mark.items ?? []) for (const below of item.items ?? []) walk(below);
}};
walk(figure.view.scenegraph().root);
return found;
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of the report of a random search."""
    path = tmp_path_factory.mktemp("figures") / "search"
    random_search(path)
    write_report([path], path.parent, formats=["html"])
    return (path.parent / "report.html").as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing() as found:
        yield found


@pytest.fixture
def page(browser: Any, report: str) -> Iterator[Any]:
    """Return a page that has opened the report anew; at the end its console must be empty."""
    resized(browser, 1400)
    browser.get(report)
    yield browser
    assert browser.get_log("browser") == []


def mode(page: Any, name: str, value: str) -> Any:
    """Choose what dragging does in a figure; return its canvas."""
    opened(page, name)
    script = f"{NAMED} figure.before = figure.view; document.querySelector(arguments[1]).click();"
    page.execute_script(script, name, f"#figure-{name} input[value='{value}']")
    wait(page, f"{NAMED} return figure.view !== figure.before && figure.items === null;", name)
    return find(page, f"#figure-{name} canvas")


def domain(page: Any, name: str, scale: str) -> list[float]:
    return list(page.execute_script(DOMAIN, name, scale))


def width(ends: list[float]) -> float:
    return ends[1] - ends[0]


def test_the_wheel_and_the_keys_zoom_dragging_moves_and_escape_shows_all(page: Any) -> None:
    canvas = mode(page, "search-explore", "zoom")
    whole = domain(page, "search-explore", "y")
    frame = find(page, "#figure-search-explore .drawn")
    frame.send_keys(PLUS, PLUS)
    closer = wait(
        page,
        f"{NAMED} const [low, high] = figure.view.scale('y').domain();"
        "return high - low < arguments[1] ? [low, high] : null;",
        *("search-explore", 0.8 * width(whole)),
    )
    assert width(closer) < 0.8 * width(whole)
    drag(page, canvas, (0, 0), (0, 60))
    moved = domain(page, "search-explore", "y")
    assert width(moved) == pytest.approx(width(closer), rel=1e-6) and moved[0] > closer[0]
    assert len(page.find_elements("css selector", ROWS)) == 40, "zoom filters nothing"
    frame.send_keys("-")
    frame.send_keys(ESCAPE)
    wait(
        page,
        f"{NAMED} const [low, high] = figure.view.scale('y').domain();"
        "return low === arguments[1] && high === arguments[2];",
        *("search-explore", *whole),
    )


def test_reset_takes_back_every_choice_and_selection(page: Any) -> None:
    opened(page, "search-explore")
    choose(page, "#figure-search-explore select[name='x axis']", "kernel")
    page.execute_script(f"{NAMED} figure.group.select(figure, new Set([]));", "search-explore")
    wait(page, "return document.querySelectorAll(arguments[0]).length === 0", ROWS)
    [reset] = [
        button
        for button in page.find_elements("css selector", "#figure-search-explore .tools button")
        if button.text == "Reset"
    ]
    reset.send_keys("\n")
    wait(page, "return document.querySelectorAll(arguments[0]).length === 40", ROWS)
    chosen = find(page, "#figure-search-explore select[name='x axis']").get_property("value")
    assert chosen == "learning rate"
    script = f"{NAMED} return figure.view.scale('x').type;"
    assert wait(page, script, "search-explore") == "log"


def test_the_surface_tells_its_points_selects_and_zooms(page: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    canvas = opened(page, "search-surface")
    x, y, name = place_of(page, "search-surface", 20)
    ActionChains(page, duration=60).move_to_element_with_offset(canvas, x, y).perform()
    wait(page, "return !document.querySelector('.tip').hidden")
    told = find(page, ".tip").text
    assert "learning rate" in told and "width" in told and "test rmse (mm)" in told
    drag(page, canvas, (-60, -60), (120, 120))
    wait(page, "const n = document.querySelectorAll(arguments[0]).length; return n && n < 40", ROWS)
    mode(page, "search-surface", "zoom")
    wait(page, "return document.querySelectorAll(arguments[0]).length === 40", ROWS)
    before = [domain(page, "search-surface", scale) for scale in "xy"]
    find(page, "#figure-search-surface .drawn").send_keys(PLUS)
    wait(
        page,
        f"{NAMED} return figure.view.scale('x').domain()[0] !== arguments[1];",
        *("search-surface", before[0][0]),
    )
    after = [domain(page, "search-surface", scale) for scale in "xy"]
    assert after[0][1] / after[0][0] < before[0][1] / before[0][0], "the rate is on a log axis"
    assert width(after[1]) < width(before[1])
    assert name


def test_arrow_keys_show_the_box_of_a_mark_and_leaving_hides_it(page: Any) -> None:
    opened(page, "search-history")
    frame = find(page, "#figure-search-history .drawn")
    frame.send_keys(RIGHT)
    wait(page, "return !document.querySelector('.tip').hidden")
    told = find(page, ".tip").text
    said = find(page, "#figure-search-history [aria-live]").get_property("textContent")
    assert "validation rmse (mm)" in told and "validation rmse (mm)" in said
    page.execute_script("document.activeElement.blur()")
    assert wait(page, "return document.querySelector('.tip').hidden")


def test_a_frame_may_begin_beside_the_panel(page: Any) -> None:
    canvas = opened(page, "search-explore")
    width, height = canvas.size["width"], canvas.size["height"]
    # From the names of the y axis, and from below the x axis, to the middle.
    for start in ((4 - width // 2, height // 4), (width // 4, height // 2 - 4)):
        canvas = find(page, "#figure-search-explore canvas")  # it is drawn anew after a selection
        drag(page, canvas, start, (-start[0], -start[1]))
        told = wait(page, f"return /selected in a figure/.test({TOLD}) && {TOLD};")
        shown = int(told.split(" of ")[0])
        assert 0 < shown < 40, told
        page.execute_script("document.querySelector('#table-search .filters button').click()")
        wait(page, f"return /^40 of 40 shown$/.test({TOLD});")


@pytest.mark.parametrize("wide", [1400, 360])
def test_figures_fill_the_page_and_no_two_labels_lie_upon_each_other(page: Any, wide: int) -> None:
    resized(page, wide)
    page.refresh()
    for name in page.execute_script("return report.figures.map((figure) => figure.name)"):
        canvas = opened(page, name)
        wait(page, f"{NAMED} return figure.view !== null", name)
        room, used = page.execute_script(
            "const host = arguments[0].closest('.canvas');"
            "return [host.clientWidth, arguments[0].clientWidth];",
            find(page, f"#figure-{name} canvas"),
        )
        least = 336 if name == "search-parallel" else 0
        assert max(room, least) * 0.93 <= used <= max(room, least) + 4, (name, used, room)
        assert page.execute_script(OVERLAPS, name) == [], name
        assert canvas


def test_no_table_is_cut_off_where_its_columns_have_room(page: Any) -> None:
    resized(page, 1280)
    page.refresh()
    script = """
        const wider = (box) => box.scrollWidth > box.clientWidth + 1;
        const boxes = [...document.querySelectorAll(".table .scroll")];
        return boxes.filter(wider).map((box) => box.parentElement.id);
    """
    assert page.execute_script(script) == []
