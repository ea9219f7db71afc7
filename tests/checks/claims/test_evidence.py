"""A study's rows as evidence of claims."""

from __future__ import annotations

from pathlib import Path

from analysis.checks.claims.evidence import from_study
from analysis.frames.load import load_study
from tests.own_studies import own_study, report


def test_rows_are_of_as_many_test_items_as_they_recorded(tmp_path: Path) -> None:
    """A user's function loads data that study.json does not describe."""
    configs = [{"lr": 0.1}, {"lr": 0.2}]
    ledger = own_study(tmp_path / "own", configs, metric="val_accuracy", mode="max")
    for config, num_test in zip(configs, (500, 400), strict=True):
        row = {"val_accuracy": 0.9, "test_accuracy": 0.8, "num_test": num_test}
        report(ledger, config, [row])
    rows = from_study(load_study(ledger.root)).rows
    assert list(rows["num_test"]) == [500, 400]
