"""The HTML report in a browser. Needs Chromium and its driver: apt-get install chromium-driver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.render.writing import write_report
from tests.chaos.browser import needs_chromium
from tests.report_pages import browser_of, browsing, choose, drag, find, opened, place_of, wait

pytestmark = needs_chromium
ROWS = "#table-q1a tbody tr"


@pytest.fixture(scope="module")
def report(real_study: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of the report of a real study."""
    out = tmp_path_factory.mktemp("browser")
    write_report([real_study], out, formats=["html"])
    return (out / "report.html").as_uri()


@pytest.fixture(scope="module")
def browser(report: str) -> Iterator[Any]:
    """Return a browser."""
    with browsing() as found:
        yield found


@pytest.fixture
def page(browser: Any, report: str) -> Any:
    """Return a browser that has opened the report anew."""
    browser.get(report)
    return browser


def shown(page: Any) -> list[list[str]]:
    """Return the cells of the rows of the main table that can be seen."""
    script = (
        "return [...document.querySelectorAll(arguments[0])]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent));"
    )
    return [list(row) for row in page.execute_script(script, ROWS)]


def wait_for_rows(page: Any, number: int) -> list[list[str]]:
    """Return the rows once there are so many: events of a choice may come after the call."""
    wait(
        page, "return document.querySelectorAll(arguments[0]).length === arguments[1]", ROWS, number
    )
    return shown(page)


def test_nothing_leaves_the_file_and_the_console_is_clean(page: Any) -> None:
    names = page.execute_script("return report.figures.map((figure) => figure.name)")
    assert len(names) > 10
    for name in names:
        opened(page, name)
    messages = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    requested = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert page.current_url in requested
    assert all(url == page.current_url or url.startswith("data:") for url in requested)
    assert page.get_log("browser") == [], "no error, and nothing against the page's policy"


def test_without_scripts_every_figure_and_table_is_there(report: str) -> None:
    page = browser_of(scripts=False)
    try:
        page.get(report)
        figures = page.find_elements("css selector", "figure")
        assert len(figures) > 10
        for figure in figures:
            assert figure.find_element("css selector", ".static svg").size["width"] > 300
        assert not page.find_elements("css selector", "canvas, .filters, .tools")
        assert len(page.find_elements("css selector", ROWS)) == 128
    finally:
        page.quit()


def test_pointing_at_a_mark_tells_its_configuration_and_a_click_goes_to_its_row(page: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    canvas = opened(page, "q1a-explore")
    x, y, name = place_of(page, "q1a-explore", 0)
    ActionChains(page, duration=60).move_to_element_with_offset(canvas, x, y).perform()
    wait(page, "return !document.querySelector('.tip').hidden")
    told = find(page, ".tip").text
    row = next(row for row in shown(page) if row[-1] == name)
    for heading in ("model", "learning rate", "optimizer", "test accuracy (%)"):
        assert heading in told
    assert row[2] in told and row[4] in told, "the table's values of that configuration"
    assert page.execute_script("return document.querySelector('tr.hot').textContent").endswith(name)
    ActionChains(page, duration=60).click().perform()
    here = wait(page, "return document.querySelector('tr.here')?.textContent")
    assert str(here).endswith(name)


def test_a_frame_in_one_figure_filters_the_table_and_the_other_figures(page: Any) -> None:
    other = (
        "const figure = report.figures.find((f) => f.name === 'q1a-parallel');"
        "return Object.keys(figure.view.signal('chosen') ?? {}).length"
    )
    opened(page, "q1a-parallel")
    canvas = opened(page, "q1a-explore")
    page.execute_script("window.scrollBy(0, 0)")
    box = canvas.size
    # The left half of the left panel: one model on one data set.
    drag(page, canvas, (-box["width"] // 2 + 75, -40), (box["width"] // 7, 150))
    wait(page, f"return document.querySelectorAll('{ROWS}').length < 128")
    rows = shown(page)
    assert 0 < len(rows) < 128
    assert {row[1] for row in rows} == {"MNIST"}, "a frame selects in its own panel"
    assert len({row[2] for row in rows}) == 1
    assert "selected in a figure" in find(page, "#table-q1a output").text
    # Half of the rows repeat a result of the other half, which is drawn once.
    assert page.execute_script(other) == len(rows) / 2
    page.execute_script("document.querySelector('#table-q1a .filters button').click()")
    wait_for_rows(page, 128)
    assert page.execute_script(other) == 0


def test_axes_colours_and_panels_can_be_chosen(page: Any) -> None:
    opened(page, "q1a-explore")
    figure = "report.figures.find((f) => f.name === 'q1a-explore')"
    words = (
        f"const found = []; const walk = (m) => (m.items ?? []).forEach((i) => "
        f"{{ if (i.text) found.push(String(i.text)); walk(i); }});"
        f"walk({figure}.view.scenegraph().root); return found;"
    )
    assert "train (s)" not in page.execute_script(words)
    choose(page, "#figure-q1a-explore select[name='x axis']", "train (s)")
    choose(page, "#figure-q1a-explore select[name='colour']", "optimizer")
    choose(page, "#figure-q1a-explore select[name='panels']", "epochs")
    wait(page, f"return ((found) => found.includes('epochs: 5'))((() => {{ {words} }})())")
    found = page.execute_script(words)
    assert {"train (s)", "optimizer", "SGD", "Adam", "epochs: 2"} <= set(found)


def test_arrow_keys_read_configurations_aloud_and_enter_goes_to_the_row(page: Any) -> None:
    opened(page, "q1a-pareto")
    frame = find(page, "#figure-q1a-pareto .drawn")
    frame.send_keys("\ue014")  # right
    told = find(page, "#figure-q1a-pareto [aria-live]").get_property("textContent")
    assert "model ResNet-" in told and "test accuracy (%)" in told
    frame.send_keys("\n")
    assert wait(page, "return document.activeElement.matches('tr.here')")


def test_the_table_filters_and_says_how_many_are_left(page: Any) -> None:
    assert len(shown(page)) == 128
    choose(page, "#table-q1a select[name='model']", "ResNet-18")
    choose(page, "#table-q1a select[name='data set']", "MNIST")
    rows = wait_for_rows(page, 32)
    assert all("ResNet-18" in row and "MNIST" in row for row in rows)
    assert find(page, "#table-q1a output").text == "32 of 128 shown"
    find(page, "#table-q1a input").send_keys("sgd no such")
    wait_for_rows(page, 0)
    page.execute_script("document.querySelector('#table-q1a .filters button').click()")
    wait_for_rows(page, 128)
    assert find(page, "#table-q1a input").get_property("value") == ""


def test_a_column_sorts_by_number_up_and_down_by_keyboard(page: Any) -> None:
    heads = page.find_elements("css selector", "#table-q1a th")
    [column] = [i for i, head in enumerate(heads) if head.text.startswith("processor")]
    button = heads[column].find_element("css selector", "button")
    for order, sign in (("descending", -1), ("ascending", 1)):
        button.send_keys("\n")
        seconds = [float(row[column].rstrip(" †‡")) for row in shown(page)]
        assert heads[column].get_attribute("aria-sort") == order
        assert seconds == sorted(seconds, key=lambda value: sign * value)


def test_cells_sort_by_the_numbers_that_they_print(page: Any) -> None:
    cells = ["–", "1,250,000", "10,250", "767", "0.5 [0.25, 1,000]", "< 0.001", "−3,000", "none"]
    found = page.execute_script("return arguments[0].toSorted(compare);", cells)
    assert found[:6] == ["−3,000", "< 0.001", "0.5 [0.25, 1,000]", "767", "10,250", "1,250,000"]


@pytest.mark.parametrize("width", [360, 1400])
def test_the_page_itself_never_scrolls_sideways(page: Any, width: int) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        opened(page, "q1a-explore")
        script = "return [document.documentElement.scrollWidth, window.innerWidth];"
        needed, there = page.execute_script(script)
        assert needed <= there == width
        if width > 1000:  # half of the page is not left empty
            drawn = page.execute_script("return document.querySelector('canvas').clientWidth")
            assert drawn > 0.7 * width
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_what_a_reader_has_chosen_is_taken_over_by_a_new_version_of_the_page(
    page: Any, report: str
) -> None:
    opened(page, "q1a-explore")
    choose(page, "#figure-q1a-explore select[name='x axis']", "train (s)")
    script = "report.figures[1].group.select(report.figures[1], new Set([arguments[0]]));"
    name = shown(page)[0][-1]
    page.execute_script(script, name)
    saved = page.execute_script("return window.reportState.read()")
    page.get(report)
    assert len(shown(page)) == 128
    page.execute_script("window.reportState.write(arguments[0])", saved)
    wait(page, "return document.querySelectorAll(arguments[0]).length < 128", ROWS)
    assert name in {row[-1] for row in shown(page)}
    opened(page, "q1a-explore")
    chosen = find(page, "#figure-q1a-explore select[name='x axis']")
    assert chosen.get_property("value") == "train (s)"
