from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from analysis.checks.audit.finding import NotApplicableError
from analysis.checks.audit.grid import confounded, repeated_rows, repeated_settings
from analysis.checks.audit.table import Table
from tests.checks.audit.honest import GRID
from tests.checks.audit.tables import table

ROWS = list(product(*GRID.values()))


def plan(rows: list[tuple[object, ...]]) -> Table:
    columns = dict(zip(GRID, map(list, zip(*rows, strict=True)), strict=True))
    accuracy = np.random.default_rng(0).permutation(len(rows)) / 1000
    return table(**columns, test_accuracy=accuracy, unit=1e-3)


def test_98_distinct_of_128() -> None:
    """Thirty settings are missing, and others stand in their place."""
    assert repeated_settings(plan(ROWS)) == []
    (finding,) = repeated_settings(plan([*ROWS[:98], *ROWS[:30]]))
    assert finding.severity == "serious" and len(finding.rows) == 60
    assert "128 rows have 98 distinct settings" in finding.evidence


def test_honest_plans() -> None:
    drawn = [ROWS[i] for i in np.random.default_rng(0).integers(0, 128, 128)]
    assert repeated_settings(plan(drawn)) == []  # random search
    assert repeated_settings(plan([*ROWS, *ROWS])) == []  # two runs of each
    with pytest.raises(NotApplicableError):
        repeated_settings(plan(ROWS[:100]))
    # Eight runs of each optimizer at learning rates of its own, of which two are equal.
    rates = {"optimizer": np.repeat(["sgd", "adam"], 16), "lr": np.repeat([1, 2, 3, 4], 8)}
    accuracy = np.random.default_rng(0).permutation(32) / 1000
    assert repeated_settings(table(**rates, test_accuracy=accuracy)) == []
    again = table(lr=[1, 2] * 4, epochs=[1, 1, 2, 2] * 2, test_accuracy=[0.1, 0.2, 0.3, 0.4] * 2)
    assert [f.severity for f in repeated_rows(again)] == ["note"]


def test_a_setting_that_nothing_uses_is_noted() -> None:
    accuracy = {
        "test_accuracy": [0.9134, 0.9134, 0.9251, 0.9251, 0.8821, 0.8703],
        "val_accuracy": [0.9201, 0.9201, 0.9222, 0.9222, 0.8867, 0.8867],
        "train_accuracy": [0.9622, 0.9622, 0.9702, 0.9702, 0.9011, 0.9104],
    }
    settings = {"lr": [1, 1, 2, 2, 3, 3], "weight_decay": [0, 0.1] * 3}
    [found] = repeated_rows(table(**settings, **accuracy))
    assert (found.severity, found.rows) == ("note", (0, 1, 2, 3))
    assert found.evidence == "2 groups, as rows 1, 2, which differ in weight_decay"
    few = {name: accuracy[name] for name in ("test_accuracy", "val_accuracy")}
    assert repeated_rows(table(**settings, **few)) == [], "two columns may tie by chance"
    timed = table(**settings, **few, train_seconds=[1.5, 1.5, 2.5, 2.5, 3.5, 3.5])
    assert repeated_rows(timed) == [], "times do not tell results apart"
    assert repeated_rows(table(**settings, train_seconds=[1.0] * 6)) == []
    coarse = {name: [round(x, 1) for x in column] for name, column in accuracy.items()}
    assert repeated_rows(table(**settings, **coarse)) == [], "so may columns of two values"
    tied = zip(*[*product((0.8, 0.9), repeat=3), (0.8, 0.9, 0.9)], strict=True)
    binary = {name: list(column) for name, column in zip(accuracy, tied, strict=True)}
    assert repeated_rows(table(lr=range(9), **binary)) == [], "two values in eight groups"


def test_settings_that_never_vary_apart() -> None:
    pairs = {"pin_memory": [False, True] * 4, "lr": [1, 1, 2, 2] * 2, "optimizer": ["a"] * 8}
    assert confounded(table(**pairs)) == []
    mixed = table(**pairs, batch_size=[16, 32] * 4)
    assert [(f.severity, "pin_memory and batch_size" in f.says) for f in confounded(mixed)] == [
        ("warning", True)
    ]
    suited = {"optimizer": ["sgd", "adam"] * 4, "lr": [0.1, 0.001] * 4, "epochs": [1, 1, 2, 2] * 2}
    assert [f.severity for f in confounded(table(**suited))] == ["note"]
    assert [f.severity for f in confounded(table(**suited, compared=["lr"]))] == ["warning"]


def test_a_setting_that_some_rows_lack_is_named_as_one() -> None:
    kernels = {"kernel": ["rbf", "poly"] * 4, "C": [10, 1] * 4, "degree": [np.nan, 3] * 4}
    [found] = confounded(table(**kernels, size=[1, 1, 2, 2, 3, 3, 4, 4]))
    assert found.evidence == (
        "kernel rbf always with C 10 and no degree; kernel poly always with C 1 and degree 3"
    )
    assert found.settle == "rows with another C for the same kernel"
    assert found.says.startswith("kernel, C and degree never vary apart, so no effect can be put")


def test_rows_must_be_twice_as_many_as_levels_that_go_together() -> None:
    """Otherwise each row is just its own case."""
    for levels, number in (([1, 2, 3, 4, 1, 2, 3, 4], 1), ([1, 2, 3, 4, 5, 1, 2, 3], 0)):
        pairs = {"lr": levels, "batch_size": [16 * level for level in levels]}
        assert len(confounded(table(**pairs, epochs=[1, 2] * 4))) == number
    few = {"lr": [1, 2, 3] * 2, "batch_size": [16, 32, 48] * 2}
    assert confounded(table(**few, epochs=[1, 1, 1, 2, 2, 2])) == []
