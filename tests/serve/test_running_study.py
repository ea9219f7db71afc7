"""The page beside a study that Ray really runs, from its first minute to its end."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.chaos.browser import needs_chromium
from tests.serve.live_page import live_page
from tune_app.storage.store import STUDY_FILE

pytestmark = [needs_chromium, pytest.mark.slow, pytest.mark.xdist_group("ray")]
SPACE = """
import time
from ray import tune
from tune_app import Measure, SearchSpace

def train(config):
    for epoch in range(8):
        time.sleep(1)
        print("epoch", epoch, "of width", config["width"])
        if config["width"] == 3 and epoch == 2:
            raise ValueError("the width is odd")
        tune.report({"val_rmse": 10.0 / config["width"] + 1.0 / (epoch + 1)})

SPACE = SearchSpace(
    name="mine", question="Which width?", trainable=train, metric="val_rmse", mode="min",
    param_space={"width": tune.grid_search([1, 2, 3, 4, 5, 6])},
    measures={"val_rmse": Measure(unit="mm")},
)
"""


def test_a_running_study_is_followed_to_its_end(tmp_path: Path) -> None:
    space, results = tmp_path / "my_space.py", tmp_path / "results"
    space.write_text(SPACE)
    words = ["--space", str(space), "--results-dir", str(results), "--max-concurrent", "1"]
    with (tmp_path / "log").open("w") as log:
        run = subprocess.Popen([sys.executable, "-m", "tune_app.run", *words], stdout=log)
    try:
        deadline = time.monotonic() + 120
        while not (results / "mine" / STUDY_FILE).exists():
            assert time.monotonic() < deadline and run.poll() is None
            time.sleep(0.5)
        with live_page(results / "mine", tmp_path / "pictures", "--no-figures") as page:
            page.wait_for_head("mine", "running", " of 6 rows", timeout=120)
            page.wait_for_head("1 running", "left", "Best so far: ", timeout=300)
            page.wait_for_report("val rmse", timeout=300)
            page.page.picture("middle")
            page.run("window.witness = 'the page was not loaded again';")
            page.wait_for_head("1 failed trial", timeout=300)
            page.wait_for_report("ValueError: the width is odd", "epoch 2 of width 3", timeout=300)
            assert run.wait(timeout=300) == 1, "a trial failed"
            page.wait_for_head("5 of 6 rows, 1 failed", "not running")
            page.wait_for_report("5 of 6 rows have ended", timeout=300)
            assert page.run("return window.witness;") == "the page was not loaded again"
            page.page.picture("end")
    finally:
        run.terminate()
        run.wait()
