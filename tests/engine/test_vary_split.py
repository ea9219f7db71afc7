"""``--vary-split``: every seed has a split of its own, the same for all configurations."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.checks.audit.study import audit_study
from analysis.claims import Claim, Higher, from_study, judge
from analysis.frames.load import load_study
from analysis.frames.mistakes import load_splits, predicted
from analysis.frames.saved_predictions import StudyRow, compare_predictions
from analysis.report import main as report
from tests.engine.real_studies import ledger_of, run, write_space
from tests.studies import QUICK
from tune_app.data.images import load_datasets
from tune_app.data.sources import SAMPLE_FOLDER
from tune_app.data.split_data import describe
from tune_app.study.fingerprint import data_fingerprint

SPACE = """
from ray import tune
from search_spaces import SearchSpace
SPACE = SearchSpace(
    name="svms", question="Which kernel?", trainable="svm", factors=("kernel",),
    param_space={"dataset": "mnist", "C": 10, "kernel": tune.grid_search(["rbf", "poly"])},
)
"""


def have_data_of(meta: dict[str, Any], path: Path) -> None:
    """Have the trials of a study say that they were made with the data that it says."""
    for params in path.glob("tune/*/*/params.json"):
        config = json.loads(params.read_text())
        config["plan"]["data"] = data_fingerprint(meta["data"], "mnist")
        params.write_text(json.dumps(config))


@pytest.mark.parametrize("num_images", [300, None])
def test_a_seed_has_the_split_that_is_made_with_it(num_images: int | None) -> None:
    shared = load_datasets(["mnist"], "sample", num_images, vary_split=True)["mnist"]
    assert shared.num_images == (num_images or 10_000)
    for seed in (0, 3):
        own = load_datasets(["mnist"], "sample", num_images, split_seed=seed)["mnist"]
        mine = shared.at_seed(seed)
        assert mine.inputs is shared.inputs and mine.labels is shared.labels
        for part in ("train", "val", "test"):
            ours, theirs = getattr(mine, part), getattr(own, part)
            assert np.array_equal(shared.inputs[ours], own.inputs[theirs])
            assert np.array_equal(shared.labels[ours], own.labels[theirs])
    assert not np.array_equal(shared.at_seed(0).test, shared.at_seed(3).test)


def test_without_it_every_seed_has_the_same_data() -> None:
    data = load_datasets(["mnist"], "sample", 300)["mnist"]
    assert data.at_seed(5) is data
    assert "vary_split" not in describe({"mnist": data}, "sample", 300, 0)


def test_the_study_file_says_so_and_images_are_shared_once() -> None:
    data = load_datasets(["mnist"], "sample", 300, vary_split=True)
    entry = describe(data, "sample", 300, 0)
    assert entry["vary_split"] is True
    assert entry["datasets"]["mnist"]["num_images"] == 300
    buffers: list[pickle.PickleBuffer] = []
    again = pickle.loads(
        pickle.dumps(data["mnist"], protocol=5, buffer_callback=buffers.append), buffers=buffers
    )
    assert np.shares_memory(again.at_seed(4).inputs, data["mnist"].inputs)


@pytest.mark.xdist_group("ray")
def test_a_study_of_splits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One real study for all that reads its predictions: each part has to find the right split."""
    space = write_space(tmp_path, SPACE)
    status, out = run(tmp_path, space, "--seeds", "0-1", "--vary-split")
    assert status == 0, out
    assert "data (train/val/test): mnist 105/15/30, split anew for every seed" in out
    path = tmp_path / "svms"
    study = load_study(path)
    labels = {}
    for seed in (0, 1):
        data = load_datasets(["mnist"], "sample", 150, split_seed=seed)["mnist"]
        labels[seed] = data.labels[data.test]
        for config_id in study.rows["config_id"].unique():
            file = study.predictions_path(config_id, seed)
            assert file is not None
            assert np.array_equal(np.load(file)["labels"], labels[seed]), "paired across kernels"
    assert not np.array_equal(labels[0], labels[1])
    assert "same_at_every_seed" not in study.meta

    audit = audit_study(path, SAMPLE_FOLDER)
    assert [f for f in audit.findings if f.severity in ("error", "serious")] == []
    assert "overlap" in (*audit.clean, *(f.rule for f in audit.findings))
    study.meta["data"]["vary_split"] = False
    (path / "study.json").write_text(json.dumps(study.meta))
    assert "finished" not in set(load_study(path).rows["status"]), "its trials had other data"
    have_data_of(study.meta, path)
    (wrong,) = [f for f in audit_study(path, SAMPLE_FOLDER).findings if f.severity == "error"]
    assert wrong.says == (
        "rows of mnist were not tested on the test images that study.json describes"
    )
    study.meta["data"]["vary_split"] = True
    (path / "study.json").write_text(json.dumps(study.meta))
    have_data_of(study.meta, path)

    splits = load_splits(study, SAMPLE_FOLDER)
    found = predicted(study, "mnist", splits["mnist"][1], 1)
    assert found is not None and found.left_out == () and len(found.trials) == 2
    one, other = study.rows["config_id"].unique()
    first, second, third = (
        StudyRow(study, row, "mnist") for row in ((one, 1), (other, 1), (other, 0))
    )
    assert compare_predictions(first, second) is not None
    assert compare_predictions(first, third) is None, "another seed has other test images"
    rbf = Claim("rbf", "RBF is more accurate.", Higher("kernel", "rbf", "poly"))
    verdict = judge(rbf, from_study(study))
    assert verdict.outcome.num_pairs == 2 and verdict.word == "underpowered"
    assert "every seed has its own split" in verdict.caveats

    capsys.readouterr()
    assert report([str(path), *QUICK, "--images", str(SAMPLE_FOLDER)]) == 0
    text = (path / "report" / "report.md").read_text()
    assert "the row's seed" in text and "Every seed has its own test images" in text
    assert "Left out" not in text

    for extra in ((), ("--seeds", "2")):
        status, out = run(tmp_path, space, *extra)
        assert status == 2
    assert set(ledger_of(path).study["seeds"]) == {0, 1}
