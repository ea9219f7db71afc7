"""What the commands of the documentation find in their folder: studies, and a user's script."""

from __future__ import annotations

import shutil
from pathlib import Path

from PIL import Image

from tests.any_studies import regression
from tests.compared import fitted
from tests.kept_models import kept_study
from tests.own_studies import Json, rmse_study

Q1A = Path(__file__).parents[1] / "data" / "q1a"
"""The 128 rows of q1a on 800 images, as a machine recorded them."""

DROPS: list[Json] = [{"drop": drop, "lr": lr} for drop in (0.0, 0.5) for lr in (0.1, 0.5)]


OLD_SCRIPT = """from ray import tune

def train(config):
    tune.report({"loss": config["lr"]})
"""


def prepare(folder: Path) -> None:
    """Write ``old_script.py``, the studies in ``results``, and images."""
    (folder / "old_script.py").write_text(OLD_SCRIPT)
    results = folder / "results"
    results.mkdir()
    for name in ("q1a", "q1a_search"):
        shutil.copytree(Q1A, results / name)
    for name in ("old_study", "batch_size", "digits", "quick", "tune_function", "q1a_search_best"):
        rmse_study(results / name)
    for name in ("my_study", "before"):
        regression(results / name)
    fitted(results / "after", lambda config, seed: 9.0 + config["lr"] + seed / 100)
    for name in ("a", "b", "c"):
        fitted(results / name, lambda config, seed: config["lr"] + seed / 100, configs=DROPS)
    kept_study(results / "my_nets")
    (folder / "photos").mkdir()
    for path in (folder / "digit.png", folder / "photos" / "seven.png"):
        Image.new("L", (28, 28)).save(path)
