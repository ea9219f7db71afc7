from __future__ import annotations

import math
import warnings
from pathlib import Path

import pandas as pd
import pytest

from analysis.frames.load import load_study
from analysis.frames.seeds import over_seeds
from tests.own_studies import own_study, report

ROWS = pd.DataFrame(
    {
        "config_id": ["b", "b", "a", "a", "c"],
        "seed": [1, 0, 0, 1, 0],
        "status": ["finished", "finished", "finished", "failed", "missing"],
        "lr": [0.1, 0.1, 0.2, 0.2, 0.3],
        "test_accuracy": [0.8, 0.6, 0.9, math.nan, math.nan],
    }
)


def test_one_row_per_configuration_in_the_first_order() -> None:
    joined = over_seeds(ROWS, ["test_accuracy"])
    assert list(joined["config_id"]) == ["b", "a", "c"]
    assert list(joined["seed"]) == [0, 0, 0], "that of the lowest seed"
    assert list(joined["test_accuracy"])[:2] == pytest.approx([0.7, 0.9])
    assert joined["test_accuracy_sd"].iloc[0] == pytest.approx(math.sqrt(0.02))
    assert joined["test_accuracy_sd"].isna().tolist() == [False, True, True]
    assert list(joined["num_seeds"]) == [2, 1, 0] and list(joined["num_planned"]) == [2, 2, 1]


def test_a_mean_of_equal_values_does_not_round() -> None:
    rows = pd.DataFrame({"config_id": ["a"] * 3, "seed": range(3), "lr": [0.1] * 3})
    assert rows["lr"].mean() != 0.1
    assert over_seeds(rows, ["lr"])["lr"].item() == 0.1
    assert over_seeds(rows)["num_seeds"].item() == 3, "without a status all have a result"


def test_without_names_every_number_that_differs_is_averaged() -> None:
    joined = over_seeds(ROWS.assign(batch_size=16, fit=[1, 2, 3, 4, 5]))
    assert joined["batch_size"].tolist() == [16] * 3 and joined["fit"].tolist() == [1.5, 3.5, 5]
    assert "batch_size_sd" not in joined


def test_other_keys_than_the_id_make_a_configuration() -> None:
    rows = ROWS.drop(columns=["config_id", "seed", "status"])
    joined = over_seeds(rows, ["test_accuracy"], by=rows["lr"].map(str))
    assert list(joined["lr"]) == [0.1, 0.2, 0.3] and list(joined["num_seeds"]) == [2, 2, 1]


def test_pandas_does_not_warn_of_hundreds_of_measures(tmp_path: Path) -> None:
    ledger = own_study(tmp_path / "own", [{"lr": 0.1}], seeds=(0, 1), metric="loss", mode="min")
    for seed in (0, 1):
        of_classes = {f"recall_{number}": seed + number / 1_000 for number in range(200)}
        report(ledger, {"lr": 0.1}, [{"loss": 1.0, **of_classes}], seed=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.PerformanceWarning)
        study = load_study(tmp_path / "own")
        joined = over_seeds(study.rows)
        for frame in (study.rows, study.epochs, joined):
            frame.assign(one_more=1)
    assert joined["recall_199"].tolist() == pytest.approx([0.699])
