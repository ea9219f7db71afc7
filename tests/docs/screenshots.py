"""``python -m tests.docs.screenshots``: make the pictures of a report that the pages show.

It needs Chromium with its driver, and pdftoppm: ``apt-get install chromium-driver poppler-utils``.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from analysis.report import main as report
from tests.chaos.browser import chromium
from tests.docs.pages import ROOT
from tests.docs.prepared import Q1A

OUT = ROOT / "analysis" / "screenshots"
WIDTH, HEIGHT = 1400, 1000
COLOURS = 128


def main() -> None:
    """Write ``html.png`` and ``pdf.png``: the first screen and the first page."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sample = str(ROOT / "tune_app" / "data" / "sample")
        words = ["--out", name, "--formats", "html,pdf", "--images", sample]
        assert report([str(Q1A), *words]) == 0
        with chromium(folder / "pictures") as page:
            size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
            page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            page.browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
            page.open((folder / "report.html").as_uri())
            page.browser.implicitly_wait(30)
            page.browser.find_element("css selector", "figure canvas, figure svg")
            page.browser.save_screenshot(str(folder / "html.png"))
        pdf = ["pdftoppm", "-png", "-r", "75", "-f", "1", "-singlefile"]
        subprocess.run([*pdf, str(folder / "report.pdf"), str(folder / "pdf")], check=True)
        for picture in ("html.png", "pdf.png"):
            image = Image.open(folder / picture).convert("RGB").quantize(COLOURS)
            image.save(OUT / picture, optimize=True)


if __name__ == "__main__":
    main()
