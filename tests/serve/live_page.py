"""The served page in a browser: what a test sees and does there."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.chaos.browser import Page, chromium

_FRAME = """
const frame = document.querySelector('iframe:not(.next)');
const page = frame && frame.contentDocument;
"""


class LivePage:
    """The page of a study, with its report in a frame.

    Args:
        page: the browser's window.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script of the outer page; ``page`` is the document of the report, or null."""
        return self.page.browser.execute_script(_FRAME + script, *arguments)

    def head(self) -> str:
        """Return the text above the report."""
        return str(self.run("return document.querySelector('header').innerText;"))

    def report(self) -> str:
        """Return the text of the report."""
        return str(self.run("return page?.body?.textContent ?? '';"))

    def wait_until(self, holds: Callable[[], bool], what: str, timeout: float = 90) -> None:
        """Wait until something holds; fail with the texts of the page if it does not."""
        deadline = time.monotonic() + timeout
        while not holds():
            assert time.monotonic() < deadline, f"not {what}: {self.head()}\n{self.report()[:2000]}"
            time.sleep(0.2)

    def wait_for_report(self, *texts: str, timeout: float = 90) -> None:
        """Wait until the report has all of these."""
        self.wait_until(
            lambda: all(text in self.report() for text in texts), f"in the report: {texts}", timeout
        )

    def wait_for_head(self, *texts: str, timeout: float = 90) -> None:
        """Wait until the state above the report has all of these."""
        self.wait_until(
            lambda: all(text in self.head() for text in texts), f"above it: {texts}", timeout
        )


@contextlib.contextmanager
def serving(place: Path, *options: str) -> Iterator[str]:
    """Run the command; yield the address that it prints."""
    words = [sys.executable, "-m", "analysis.report", str(place), "--serve", *options]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().removeprefix("report: ").strip()
        finally:
            process.terminate()


@contextlib.contextmanager
def live_page(place: Path, pictures: Path, *options: str) -> Iterator[LivePage]:
    """Serve studies and open the page in a browser."""
    with serving(place, *options) as address, chromium(pictures) as page:
        page.open(address)
        yield LivePage(page)
