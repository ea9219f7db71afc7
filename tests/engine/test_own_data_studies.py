"""Studies of a user's own data, run as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.checks.audit.study import audit_study
from analysis.frames.load import load_study
from analysis.frames.mistakes import load_splits
from analysis.report import main as report
from tests.engine.real_studies import command, write_space
from tests.studies import QUICK
from tune_app.data.array_data import ArrayData
from tune_app.data.own_data import split_own
from tune_app.data.sources import SAMPLE_FOLDER

FUNCTION = """
import numpy as np
from ray import tune
from tune_app import ArrayData, SearchSpace

def load():
    x = np.arange(120.0)
    return ArrayData(x[:, None], 3 * x)

def train(config, data):
    assert data.train.class_names is None
    for epoch in range(config["epochs"]):
        error = abs(config["slope"] * data.val.inputs[:, 0] - data.val.labels).mean()
        tune.report({
            "val_error": error,
            "num_val": len(data.val),
            "train_sum": data.train.inputs.sum(),
            "test_sum": data.test.inputs.sum(),
        })

SPACE = SearchSpace(
    name="line", trainable=train, datasets={"line": load}, metric="val_error", mode="min",
    prefix_axis="epochs", param_space={"slope": tune.grid_search([2.0, 3.0]), "epochs": 1},
)
"""
SVM = """
from pathlib import Path
import numpy as np
from ray import tune
from tune_app import ArrayData, SearchSpace

def load(source):
    print("given", source)
    darkest = int(Path(__file__).with_name("darkest.txt").read_text())
    shapes = np.zeros((90, 6, 5, 3), dtype=np.uint8)
    for i, image in enumerate(shapes):
        image[:, :, i % 3] = darkest + i
    return ArrayData(shapes, np.array(["red", "green", "blue"])[np.arange(90) % 3])

SPACE = SearchSpace(
    name="shapes", trainable="svm", datasets={"shapes": load},
    param_space={"C": tune.grid_search([1.0, 10.0]), "kernel": "rbf"},
)
"""


def results_of(root: Path) -> list[dict[str, Any]]:
    """Return the parameters and the last row of each trial."""
    return [
        json.loads((folder / "params.json").read_text())
        | json.loads((folder / "result.json").read_text().splitlines()[-1])
        for folder in sorted(root.glob("tune/*/*/"))
        if (folder / "result.json").is_file()
    ]


@pytest.mark.xdist_group("ray")
def test_a_function_gets_the_parts_of_its_seed(tmp_path: Path) -> None:
    """Every trial reports sums of its parts, which are those of the split of its seed."""
    space = write_space(tmp_path, FUNCTION)
    words = ("--space", space, "--results-dir", str(tmp_path), "--images", "100")
    done = command(*words, "--vary-split", "--seeds", "0-1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "loading data set line\n" in done.stdout
    x = np.arange(120.0)
    split = split_own("line", ArrayData(x[:, None], 3 * x), 100, 0, vary_split=True)
    rows = results_of(tmp_path / "line")
    assert len(rows) == 4
    for row in rows:
        parts = split.at_seed(row["seed"]).parts()
        assert row["num_val"] == 10
        assert row["train_sum"] == parts.train.inputs.sum()
        assert row["test_sum"] == parts.test.inputs.sum()
        if row["slope"] == 3:
            assert row["val_error"] == 0
    assert rows[0]["test_sum"] != rows[-1]["test_sum"]


@pytest.mark.slow
@pytest.mark.xdist_group("ray")
def test_the_svm_classifies_own_images(tmp_path: Path) -> None:
    """An image has one channel that is not black, so no kernel gets a class wrong."""
    space = write_space(tmp_path, SVM)
    (tmp_path / "darkest.txt").write_text("100")
    words = ("--space", space, "--results-dir", str(tmp_path), "--data", "sample")
    done = command(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "given sample\n" in done.stdout
    assert [row["test_accuracy"] for row in results_of(tmp_path / "shapes")] == [1, 1]
    study = load_study(tmp_path / "shapes")
    assert study.meta["data"]["datasets"]["shapes"]["class_names"] == ["blue", "green", "red"]
    assert load_splits(study, SAMPLE_FOLDER) == {}
    assert report([str(tmp_path / "shapes"), *QUICK, "--images", str(SAMPLE_FOLDER)]) == 0
    text = (tmp_path / "shapes" / "report" / "report.md").read_text()
    assert "IDX files" not in text and "green" in text
    assert "the search space" in text, "the source of the data"
    audit = audit_study(tmp_path / "shapes", SAMPLE_FOLDER)
    assert audit.skipped["overlap"] == "the study's search space loaded its own data"

    (tmp_path / "darkest.txt").write_text("101")
    done = command(*words)
    assert done.returncode == 2
    assert "error: study shapes was made with shapes data of SHA-256" in done.stderr


@pytest.mark.xdist_group("ray")
def test_a_load_that_fails_is_one_line(tmp_path: Path) -> None:
    """The file that it reads is missing."""
    space = write_space(tmp_path, SVM)
    done = command("--space", space, "--results-dir", str(tmp_path), "--plan")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: data set shapes: FileNotFoundError: [Errno 2]")
    assert line.endswith("darkest.txt' (my_space.py, line 9)")
    assert not (tmp_path / "shapes").exists()
