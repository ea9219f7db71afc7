"""A published study is continued on another machine: its rows are kept, and times are not mixed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.compare.result import compare_studies
from analysis.frames.arithmetic import warning
from analysis.frames.load import Study, load_study
from analysis.frames.pairs import pairs_data
from analysis.frames.timing import conditions_differ, same_conditions
from analysis.sections.environment import environment
from tests.docs.prepared import Q1A

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """
from pathlib import Path
import ray
from ray import tune
from tune_app import SearchSpace, load_study, run_study
from tune_app.cli.main import main
from tune_app.storage import published
from tune_app.study import provenance

ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR")
published.FOLDER = Path.cwd().resolve() / "package"

def fit(config):
    for step in range(2):
        tune.report({"loss": (config["x"] - 2) ** 2 - step})

space = SearchSpace(name="parabola", trainable=fit, metric="loss", mode="min",
                    param_space={"x": tune.grid_search([1, 3, 4])})
provenance._cpu_name = lambda: "Processor One"
run_study(space, where={"x": [1, 3]})
assert main(["copy", "results/parabola", "package/parabola"]) == 0

provenance._cpu_name = lambda: "Processor Two"
assert main(["copy", "published:parabola", "other/parabola"]) == 0
run_study(space, results_dir="other")
one, two = load_study("published:parabola"), load_study("other/parabola")
print("kept", sorted(two.rows["launch"]), len(two.epochs), sorted(two.rows["status"]))
print("timed on", list(two.rows["timed_on"]))
for launch in two.meta["launches"]:
    print("launch", launch["name"], launch["hardware"]["cpu"])
"""


@pytest.mark.slow
@pytest.mark.xdist_group("ray")
def test_it_is_continued_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    told = done.stdout + done.stderr
    assert "kept ['001', '001', '002'] 6 ['finished', 'finished', 'finished']" in lines, told
    assert "timed on ['Processor One', 'Processor One', 'Processor Two']" in lines
    assert lines[-2:] == ["launch 001 Processor One", "launch 002 Processor Two"]
    assert "computes with processor Processor Two (before: Processor One)" in told
    before, after = (
        sorted(path.read_bytes() for path in (tmp_path / place).rglob("tune/001/*/*.json"))
        for place in ("package", "other")
    )
    assert before == after, "finished rows are as they were"


@pytest.fixture(scope="module")
def on_two(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Return q1a, whose trainings with Adam are the second launch, on another processor."""
    root = tmp_path_factory.mktemp("study") / "q1a"
    shutil.copytree(Q1A, root)
    record = json.loads((root / "launches" / "001.json").read_text())
    record |= {"name": "002", "hardware": {**record["hardware"], "cpu": "Another"}}
    (root / "launches" / "002.json").write_text(json.dumps(record))
    (root / "tune" / "002").mkdir()
    for trial in (root / "tune" / "001").glob("*-adam-*"):
        trial.rename(root / "tune" / "002" / trial.name)
    return load_study(root)


def times(study: Study, factor: str, *levels: object) -> pd.Series[Any]:
    return pairs_data(study, factor, *levels)["time_ratio"]


def test_times_of_two_processors_are_not_compared(on_two: Study) -> None:
    assert set(on_two.rows["timed_on"]) == {"AMD EPYC", "Another"}
    assert times(on_two, "optimizer", "adam", "sgd").isna().all()
    assert times(on_two, "batch_size", 32, 16).notna().any(), "of one processor they are"
    alone = load_study(Q1A)
    assert "timed_on" not in alone.rows
    assert times(alone, "optimizer", "adam", "sgd").notna().any()
    parts = [rows for _, rows in on_two.rows.groupby("optimizer")]
    assert conditions_differ(*parts) == (
        "they were taken on different processors (Another, AMD EPYC)"
    )


def test_the_report_says_which_rows_were_computed_where(on_two: Study) -> None:
    [text] = warning(on_two)
    assert "processor AMD EPYC (launch 001); processor Another (launch 002)" in text
    facts = environment(on_two)
    assert facts["processor, launch 002"].startswith("Another")


def test_a_training_that_moved_is_compared_with_none() -> None:
    rows = pd.DataFrame(
        {
            "num_concurrent_trials": [1, 1],
            "num_threads": [1, 1],
            "device": ["cpu", "cpu"],
            "timed_on": ["X and then Y", "X"],
        }
    )
    assert same_conditions(rows, rows).tolist() == [False, True]
    assert "different processors" in conditions_differ(rows.head(1), rows.head(1))
    assert conditions_differ(rows.tail(1), rows.tail(1)) == ""


def test_in_two_studies_the_rows_of_one_processor_are_compared(on_two: Study) -> None:
    [found] = compare_studies([str(Q1A), on_two.store])
    found = found.times.set_index("measure").loc["train_seconds"]
    assert found["num_left_out"] == 64 and found["ratio"] == pytest.approx(1.0)
