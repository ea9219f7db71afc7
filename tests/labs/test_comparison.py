from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import t

from analysis.frames.load import Study, load_study
from analysis.labs.comparison import COLUMNS, compare, difference_interval
from tests.studies import line, resnet_config, study_json, svm_config, write_study, write_trial

FULL = {
    "source": "full",
    "num_images": None,
    "split_seed": 0,
    "datasets": {
        name: {"num_images": 70_000, "num_test": 14_000, "sha256": {}}
        for name in ("mnist", "fashion_mnist")
    },
}
RUN = {"momentum": 0.9, "in_channels": 1, "image_size": 28}
MIXED = {"precision": "bfloat16", "num_test": 14_000}


def study(
    path: Path,
    accuracies: dict[int, float],
    *,
    config: Any = None,
    data: Any = None,
    **metrics: Any,
) -> Study:
    """Return a study of one configuration at several seeds: seed -> test accuracy."""
    config = resnet_config(epochs=5) if config is None else config
    epochs = config.get("epochs", 1)
    meta = study_json({"a": config}, seeds=list(accuracies), data=data or FULL)
    write_study(path, meta)
    for seed, accuracy in accuracies.items():
        last = line(epochs, milestone=True, test_accuracy=accuracy, **(MIXED | metrics))
        write_trial(path, f"k{seed}", config | RUN, {epochs: ["a"]}, [last], seed=seed)
    return load_study(path)


def test_same_protocol_inside_and_outside_of_noise(tmp_path: Path) -> None:
    for number, (accuracy, verdict) in enumerate(((0.9885, "inside"), (0.9800, "outside"))):
        frame = compare(study(tmp_path / str(number), {0: accuracy}), ["report_a_q1a"])
        assert list(frame.columns) == list(COLUMNS) and len(frame) == 1
        row = frame.iloc[0]
        assert (row["verdict"], row["reasons"]) == (f"{verdict} noise", "")
        assert row["reference_accuracy"] == 0.98907143 and row["epochs"] == 5
        assert row["difference"] == pytest.approx(accuracy - 0.98907143)
        assert row["reference_train_seconds"] == 215.126785 and row["train_seconds"] == 50.0


def test_interval_is_newcombes_worked_example() -> None:
    """56/70 against 48/80: 0.0524 to 0.3339, Newcombe (1998), table II, method 10, (a)."""
    low, high = difference_interval(56 / 70, 70, 48 / 80, 80)
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_replicates_widen_the_interval_by_their_spread(tmp_path: Path) -> None:
    accuracies = {0: 0.98, 1: 0.99, 2: 0.985}
    row = compare(study(tmp_path / "three", accuracies), ["report_a_q1a"]).iloc[0]
    assert (row["num_seeds"], row["test_accuracy"]) == (3, pytest.approx(0.985))
    further = float(t.ppf(0.975, 2)) * 0.005 * np.sqrt(4 / 3)
    assert row["high"] - row["difference"] > further
    assert "3 seeds" in row["noise"] and row["verdict"] == "inside noise"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"metrics": {"precision": "float32"}}, "float32, theirs mixed precision"),
        ({"data": study_json({})["data"]}, "700 images were split, theirs 70,000"),
        ({"config": resnet_config(epochs=4)}, "4 epochs, theirs 5"),
        ({"config": resnet_config(epochs=5, momentum=0.0)}, ""),
    ],
)
def test_other_protocols_are_not_comparable(tmp_path: Path, changes: Any, reason: str) -> None:
    made = study(
        tmp_path / "s",
        {0: 0.98},
        config=changes.get("config"),
        data=changes.get("data"),
        **changes.get("metrics", {}),
    )
    frame = compare(made, ["report_a_q1a"])
    reasons = set(frame["reasons"])
    assert any(reason in text for text in reasons)
    if reason:
        assert "not comparable" in set(frame["verdict"])


def test_input_optimizer_and_split_of_report_b(tmp_path: Path) -> None:
    made = study(tmp_path / "s", {0: 0.98}, config=resnet_config(epochs=5, dataset="fashion_mnist"))
    row = compare(made, ["report_b_q1a"]).iloc[0]
    assert row["verdict"] == "not comparable" and row["reference_accuracy"] == 0.92225
    assert row["reasons"] == (
        "70,000 images were split, theirs 60,000; input 1×28×28, theirs 3×224×224; "
        "5 epochs, theirs 10"
    )
    (reasons,) = set(compare(made, ["report_b_q2_figure8"])["reasons"])
    assert "SGD with momentum 0.9, theirs with no momentum" in reasons
    assert "theirs does not state its epochs" in reasons


def test_svms(tmp_path: Path) -> None:
    config = svm_config(C=10, gamma=0.001)
    made = study(tmp_path / "s", {0: 0.96}, config=config, num_train_images=49_000)
    frame = compare(made)
    assert set(frame["table"]) == {"report_a_q1b", "report_b_q1b", "xiao_2017_table3"}
    by_table = frame.set_index("table")["reasons"]
    assert "trained on 49,000 images, theirs on 10,000" in by_table["report_a_q1b"]
    assert "training images are among" in by_table["report_b_q1b"]


def test_nothing_to_compare(tmp_path: Path) -> None:
    path = write_study(tmp_path / "empty", study_json({"a": resnet_config()}))
    assert compare(load_study(path)).empty
    made = study(tmp_path / "s", {0: 0.9}, config=resnet_config(batch_size=512, epochs=5))
    assert compare(made).empty
