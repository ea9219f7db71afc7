"""The HTML report in a browser. Needs Chromium and its driver: apt-get install chromium-driver."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.render.writing import write_report

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None, reason="chromium and chromedriver are not installed"
)


@pytest.fixture(scope="module")
def page(real_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a browser that has opened the report of a real study."""
    from selenium import webdriver

    out = tmp_path_factory.mktemp("browser")
    write_report([real_study], out, formats=["html"])
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    service = webdriver.ChromeService(executable_path=str(DRIVER))
    browser = webdriver.Chrome(options=options, service=service)
    try:
        browser.get((out / "report.html").as_uri())
        yield browser
    finally:
        browser.quit()


def find(page: Any, selector: str) -> Any:
    """Return the first element of a CSS selector."""
    return page.find_element("css selector", selector)


def shown(page: Any) -> list[list[str]]:
    """Return the cells of the rows of the main table that can be seen."""
    script = (
        "return [...document.querySelectorAll('#table-q1a tbody tr')].filter((row) => !row.hidden)"
        ".map((row) => [...row.cells].map((cell) => cell.textContent));"
    )
    return [list(row) for row in page.execute_script(script)]


def wait_for_rows(page: Any, number: int) -> list[list[str]]:
    """Return the rows once there are so many: events of a choice may come after the call."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(page, 10).until(lambda page: len(shown(page)) == number)
    return shown(page)


def test_nothing_leaves_the_file_and_the_console_is_clean(page: Any) -> None:
    messages = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    requested = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert page.current_url in requested
    assert all(url == page.current_url or url.startswith("data:") for url in requested)
    assert page.get_log("browser") == []


def test_the_table_filters_and_says_how_many_are_left(page: Any) -> None:
    from selenium.webdriver.support.ui import Select

    assert len(shown(page)) == 128
    Select(find(page, "#table-q1a select[name='model']")).select_by_value("ResNet-18")
    Select(find(page, "#table-q1a select[name='data set']")).select_by_value("MNIST")
    rows = wait_for_rows(page, 32)
    assert all("ResNet-18" in row and "MNIST" in row for row in rows)
    assert find(page, "#table-q1a output").text == "32 of 128 shown"
    find(page, "#table-q1a input").send_keys("sgd no such")
    wait_for_rows(page, 0)
    clear = find(page, "#table-q1a .filters button")
    # The page scrolls smoothly, and what moves cannot be clicked.
    page.execute_script(
        "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", clear
    )
    clear.click()
    wait_for_rows(page, 128)
    assert find(page, "#table-q1a input").get_property("value") == ""


def test_a_column_sorts_by_number_up_and_down_by_keyboard(page: Any) -> None:
    heads = page.find_elements("css selector", "#table-q1a th")
    [column] = [i for i, head in enumerate(heads) if head.text.startswith("train")]
    button = heads[column].find_element("css selector", "button")
    for order, sign in (("descending", -1), ("ascending", 1)):
        button.send_keys("\n")
        seconds = [float(row[column].rstrip(" †‡")) for row in shown(page)]
        assert heads[column].get_attribute("aria-sort") == order
        assert seconds == sorted(seconds, key=lambda value: sign * value)


def test_values_of_the_parallel_figure_filter_the_table(page: Any) -> None:
    value = find(page, ".parallel .value[aria-label='optimizer Adam']")
    value.send_keys(" ")
    assert value.get_attribute("aria-pressed") == "true"
    assert all("Adam" in row for row in wait_for_rows(page, 64))
    lines = page.find_elements("css selector", ".parallel .line")
    assert len(lines) == 64, "a line per configuration that is no repetition"
    faded = page.find_elements("css selector", ".parallel .line.off")
    assert len(faded) == 32
    value.send_keys(" ")
    wait_for_rows(page, 128)


@pytest.mark.parametrize("width", [360, 1400])
def test_the_page_itself_never_scrolls_sideways(page: Any, width: int) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        script = "return [document.documentElement.scrollWidth, window.innerWidth];"
        needed, there = page.execute_script(script)
        assert needed <= there == width
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
