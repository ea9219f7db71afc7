"""The HTML report in headless Chromium: apt-get install chromium-driver."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tests.chaos.browser import CHROMIUM, DRIVER


def browser_of(*, scripts: bool = True) -> Any:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000"):
        options.add_argument(argument)
    if not scripts:
        options.add_experimental_option(
            "prefs", {"profile.managed_default_content_settings.javascript": 2}
        )
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    service = webdriver.ChromeService(executable_path=str(DRIVER))
    return webdriver.Chrome(options=options, service=service)


@contextlib.contextmanager
def browsing() -> Iterator[Any]:
    """Run a browser."""
    found = browser_of()
    try:
        yield found
    finally:
        found.quit()


def find(page: Any, selector: str) -> Any:
    """Return the first element of a CSS selector."""
    return page.find_element("css selector", selector)


def wait(page: Any, script: str, *values: Any) -> Any:
    """Return what a script returns once it returns something."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(page, 60).until(lambda page: page.execute_script(script, *values))


def opened(page: Any, name: str) -> Any:
    """Return a figure's canvas once Vega has drawn it."""
    box = find(page, f"#figure-{name}")
    page.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", box)
    wait(page, "return arguments[0].querySelector('.static').hidden", box)
    return find(page, f"#figure-{name} canvas")


def place_of(page: Any, name: str, index: int) -> list[float]:
    """Return where a figure draws its mark of a configuration, from the middle of its canvas."""
    script = """
        const figure = report.figures.find((one) => one.name === arguments[0]);
        figure.items = null;
        const item = figure.marks()[arguments[1]];
        const { clientX, clientY } = placeOf(figure.view, item);
        const box = figure.host.querySelector("canvas").getBoundingClientRect();
        return [clientX - box.x - box.width / 2, clientY - box.y - box.height / 2, item.datum.id];
    """
    return list(page.execute_script(script, name, index))


def drag(page: Any, canvas: Any, start: tuple[int, int], by: tuple[int, int]) -> None:
    """Draw a frame on a canvas, from a place relative to its middle."""
    from selenium.webdriver.common.action_chains import ActionChains

    actions = ActionChains(page, duration=60)
    actions.move_to_element_with_offset(canvas, *start).click_and_hold()
    actions.move_by_offset(by[0] // 2, by[1] // 2).move_by_offset(
        by[0] - by[0] // 2, by[1] - by[1] // 2
    )
    actions.release().perform()


def choose(page: Any, selector: str, value: str) -> None:
    """Choose an option of a select."""
    from selenium.webdriver.support.ui import Select

    Select(find(page, selector)).select_by_value(value)


def resized(page: Any, width: int, **media: str) -> None:
    """Give the page a width, and the preferences of a reader, such as ``prefers_color_scheme``."""
    metrics = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": width < 500}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
