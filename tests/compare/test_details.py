from __future__ import annotations

import math
from pathlib import Path

import pytest
from scipy import stats

from tests.compared import base, compared, fitted, trained


def test_differences_by_setting(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a")
    b = fitted(tmp_path / "b", lambda c, s: base(c, s) + (c["lr"] == 0.1) * (1 + s / 10))
    [found] = compared(a, b)
    frame = found.levels.set_index(["factor", "level"])
    assert frame.loc[("lr", 0.1), "difference"] == pytest.approx(1.25)
    assert frame.loc[("lr", 0.5), "difference"] == 0
    assert frame.loc[("width", 8), "difference"] == pytest.approx(0.625)
    assert frame["num_pairs"].tolist() == [12] * 4
    assert frame.loc[("lr", 0.1), "low"] > 1
    alone = stats.ttest_1samp([1 + seed / 10 for seed in range(6)], 0).pvalue
    assert frame.loc[("lr", 0.1), "p_value"] == pytest.approx(4 * alone), "four lines are tested"
    assert frame.loc[("lr", 0.5), "p_value"] == 1


def test_few_seeds_have_no_interval(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", seeds=(0, 1))
    b = fitted(tmp_path / "b", lambda c, s: base(c, s) + 1, seeds=(0, 1))
    [found] = compared(a, b)
    assert found.levels["difference"].tolist() == [1.0] * 4
    assert found.levels[["low", "high", "p_value"]].isna().to_numpy().all()


def test_every_measure_but_times_and_equal_ones_are_counted(tmp_path: Path) -> None:
    same = {"val_accuracy": 0.5, "test_accuracy": 0.5, "train_loss": 2.0}
    results = {name: dict(same) for name in "wxyz"}
    other = {
        name: {**same, "train_loss": 2.0 + place, "val_accuracy": 0.5 - place / 10}
        for place, name in enumerate("wxyz")
    }
    [found] = compared(trained(tmp_path / "a", results), trained(tmp_path / "b", other))
    frame = found.measures.set_index("measure")
    assert frame.index[0] == "val_accuracy" and "train_seconds" not in frame.index
    assert frame.loc["test_accuracy", "num_equal"] == 4
    assert frame.loc["val_accuracy", "largest"] == pytest.approx(0.3)
    loss = frame.loc["train_loss"]
    assert (loss["num_equal"], loss["difference"], loss["largest"]) == (1, 1.5, 3.0)
    assert (loss["mean_a"], loss["mean_b"]) == (2.0, 3.5)


def test_rows_with_a_result_in_one_study(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", seeds=(0,))
    b = fitted(tmp_path / "b", lambda c, s: None if c["lr"] == 0.5 else base(c, s), seeds=(0,))
    [found] = compared(a, b)
    assert found.one_sided["status_a"].tolist() == ["finished"] * 2
    assert found.one_sided["status_b"].tolist() == ["missing"] * 2
    assert math.isnan(found.verdict.p_value) and found.verdict.num_rows == 2
