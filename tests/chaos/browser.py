"""Pages of programs that are not ours, in headless Chromium: apt-get install chromium-driver."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None, reason="chromium and chromedriver are not installed"
)

_TEXT = """
const text = (node) => [...node.childNodes].map((child) => {
  if (child.nodeType === Node.TEXT_NODE) return child.textContent + ' ';
  if (['SCRIPT', 'STYLE', 'TEMPLATE'].includes(child.tagName)) return '';
  return (child.shadowRoot ? text(child.shadowRoot) : '') + text(child);
}).join('');
return text(document.body || document).replace(/\\s+/g, ' ');
"""

_FIND = """
const found = [];
const look = (root) => {
  for (const element of root.querySelectorAll('*')) {
    if (element.matches(arguments[0])) found.push(element);
    if (element.shadowRoot) look(element.shadowRoot);
  }
};
look(document);
return found;
"""


class Page:
    """A browser's window. Text and elements include what web components hold inside.

    Args:
        browser: of Selenium.
        folder: where pictures go.
    """

    def __init__(self, browser: Any, folder: Path) -> None:
        self.browser = browser
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def open(self, address: str) -> None:
        """Load an address anew, also if only the part after ``#`` differs."""
        self.browser.get("about:blank")
        self.browser.get(address)

    def text(self) -> str:
        """Return all text of the page, spaces joined."""
        return str(self.browser.execute_script(_TEXT))

    def find(self, selector: str) -> list[Any]:
        """Return the elements of a CSS selector."""
        return list(self.browser.execute_script(_FIND, selector))

    def find_shown(self, selector: str, text: str = "") -> list[Any]:
        """Return the elements that can be seen and hold a text."""
        return [e for e in self.find(selector) if e.is_displayed() and text in e.text]

    def wait_for(self, *texts: str, timeout: float = 60, reload_seconds: float = 60) -> str:
        """Return the page's text once it has all of these.

        Ray's dashboard shows a job's log as it was when the page was loaded.
        """
        deadline, loaded = time.monotonic() + timeout, time.monotonic()
        while missing := [text for text in texts if text not in self.text()]:
            assert time.monotonic() < deadline, f"no {missing} in: {self.text()}"
            if time.monotonic() > loaded + reload_seconds:
                self.browser.refresh()
                loaded = time.monotonic()
            time.sleep(0.5)
        return self.text()

    def picture(self, name: str) -> None:
        """Save what can be seen."""
        self.browser.save_screenshot(str(self._folder / f"{name}.png"))


@contextlib.contextmanager
def chromium(folder: Path) -> Iterator[Page]:
    """Run a browser; its pictures go into the folder."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1600,1200"):
        options.add_argument(argument)
    service = webdriver.ChromeService(executable_path=str(DRIVER))
    browser = webdriver.Chrome(options=options, service=service)
    try:
        yield Page(browser, folder)
    finally:
        browser.quit()
