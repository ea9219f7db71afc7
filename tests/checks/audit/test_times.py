from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from analysis.audit import from_reference
from analysis.checks.audit.finding import NotApplicableError
from analysis.checks.audit.table import Table
from analysis.checks.audit.times import time_outliers, time_per_batch, time_per_epoch
from analysis.labs.reference import load_table
from tests.checks.audit.honest import GRID, Kind, honest_table
from tests.checks.audit.tables import table


def test_slowed_rows_are_found() -> None:
    honest = honest_table(np.random.default_rng(0), Kind(GRID, 14_000, 6))
    assert time_outliers(honest) == [] and time_per_epoch(honest) == []
    honest.frame.loc[[7, 90], "train_seconds"] *= [1.5, 0.6]
    finding = time_outliers(honest)[0]
    assert finding.severity == "warning" and finding.rows == (7, 90)


def test_report_a_has_four_slow_rows() -> None:
    finding = time_outliers(from_reference(load_table("report_a_q1a")))[0]
    assert finding.rows == (108, 109, 110, 111) and "1.16×" in finding.evidence
    assert time_per_epoch(from_reference(load_table("report_a_q1a"))) == []


@pytest.mark.parametrize(
    ("seconds", "found"),
    [([20.0, 50.0], False), ([25.0, 50.0], False), ([20.0, 20.5], True), ([20.0, 70.0], True)],
)
def test_epochs(seconds: list[float], found: bool) -> None:
    assert bool(time_per_epoch(table(epochs=[2, 5], train_seconds=seconds))) is found
    steady = table(epochs=[2, 5], train_seconds=[20.0, 50.0], steady_seconds=seconds)
    assert bool(time_per_epoch(steady)) is found, "without the warm-up, if that is known"


def epoch_pairs(ratios: list[float]) -> Table:
    """Return a table with a pair of rows for each ratio of the times of 6 and of 2 epochs."""
    rows = [(lr, epochs) for lr in range(len(ratios)) for epochs in (2, 6)]
    seconds = [11.37 * (ratios[lr] if epochs == 6 else 1.0) for lr, epochs in rows]
    lrs, epochs = zip(*rows, strict=True)
    return table(lr=list(lrs), epochs=list(epochs), train_seconds=seconds)


@pytest.mark.parametrize("empty", range(8))
def test_a_time_that_is_unknown_is_no_finding(empty: int) -> None:
    rows = epoch_pairs([3.0, 3.1, 2.9, 3.0])
    rows.frame.loc[empty, "train_seconds"] = np.nan
    assert time_per_epoch(rows) == []


@pytest.mark.parametrize(
    ("ratios", "severity"),
    [
        ([3.7, 3.9], "note"),  # a busy machine: two pairs cannot say
        ([1.0, 1.0, 1.0], "note"),
        ([1.0, 1.02, 0.99, 1.01], "serious"),  # the time of one epoch
        ([9.0, 9.1, 8.9, 9.2], "serious"),
        ([4.5, 4.6, 4.4, 4.5], "warning"),  # within a factor of two
        ([1.0, 9.0, 1.0, 1.0], "note"),  # they differ by as much among themselves
        ([1.0, 1.3, 0.8, 1.1], "note"),  # longer runs differ by a tenth: some stopped early
        ([9.0, 11.7, 7.2, 9.9], "serious"),  # which makes no time longer
    ],
)
def test_epochs_are_as_serious_as_the_pairs_can_carry(ratios: list[float], severity: str) -> None:
    (finding,) = time_per_epoch(epoch_pairs(ratios))
    assert finding.severity == severity
    assert finding.evidence.endswith(f"of {len(ratios)} pairs, where 3.00 is expected")


@pytest.mark.parametrize("num_pairs", [2, 4, 8, 32])
@pytest.mark.parametrize("noise", [0.05, 0.3])
def test_honest_times_on_a_busy_machine_are_not_serious(num_pairs: int, noise: float) -> None:
    rng = np.random.default_rng(num_pairs)
    levels = {"lr": tuple(range(num_pairs)), "epochs": (2, 6)}
    for _ in range(150):
        honest = honest_table(rng, Kind(levels, 160, 2, time_noise=noise, floor=(0.1, 0.25)))
        assert {f.severity for f in time_per_epoch(honest)} <= {"note"}


@pytest.mark.parametrize(
    ("seconds", "found"),
    [([20.0, 10.5], False), ([20.0, 20.0], False), ([20.0, 7.0], True), ([20.0, 30.0], True)],
)
def test_batches(seconds: list[float], found: bool) -> None:
    assert bool(time_per_batch(table(batch_size=[16, 32], train_seconds=seconds))) is found
    assert time_per_batch(from_reference(load_table("report_a_q1a"))) == []


@pytest.mark.parametrize(
    ("ratio", "epochs", "severity"),
    [
        (0.3, (5,), "warning"),
        (1.6, (5,), "note"),  # the time of a step grows so
        (1.6, (2, 6), "warning"),  # those of these rows grow with the epochs
    ],
)
def test_times_that_grow_with_the_batch_may_be_of_steps(
    ratio: float, epochs: tuple[int, ...], severity: str
) -> None:
    rows = list(product(range(4), epochs, (16, 32)))
    lrs, lengths, sizes = map(list, zip(*rows, strict=True))
    seconds = [2.274 * e * (ratio if size == 32 else 1) for _, e, size in rows]
    (finding,) = time_per_batch(
        table(lr=lrs, epochs=lengths, batch_size=sizes, train_seconds=seconds)
    )
    assert finding.severity == severity
    assert f"took {ratio:.2f} times as long as of 16" in finding.evidence
    assert finding.evidence.endswith("0.50 to 1 is expected")


def test_the_epochs_of_a_log_are_no_settings() -> None:
    seconds = [3.1, 3.2, 3.1, 3.3]
    with pytest.raises(NotApplicableError, match="epochs of a log"):
        time_per_epoch(table(epochs=[1, 2, 3, 4], train_seconds=seconds))
    for epochs in ([1, 2, 4, 8], [2, 3, 4, 5]):
        assert time_per_epoch(table(epochs=epochs, train_seconds=seconds))


def test_what_cannot_be_tested_says_so() -> None:
    with pytest.raises(NotApplicableError, match="train_seconds"):
        time_outliers(table(lr=[1, 2]))
    with pytest.raises(NotApplicableError, match="four rows"):
        time_outliers(table(lr=[1, 2], train_seconds=[1.0, 9.0]))
    with pytest.raises(NotApplicableError, match="SVM"):
        time_outliers(table(kernel=["rbf"] * 5, train_seconds=[1.0] * 5))
    with pytest.raises(NotApplicableError, match="epochs"):
        time_per_epoch(table(epochs=[5, 5], train_seconds=[1.0, 9.0]))


@pytest.mark.parametrize(
    ("last", "unit", "severities"),
    [
        (108.5, 1e-2, []),  # within a tenth of the others, however equal these are
        (113.0, 1e-2, ["warning"]),
        (113.0, 2.9, []),  # a difference of fewer than five printed digits
        (88.0, 1e-2, ["note"]),  # it may have stopped early
    ],
)
def test_a_time_near_the_others_is_no_outlier(
    last: float, unit: float, severities: list[str]
) -> None:
    seconds = [100.01, 100.02, 99.98, 100.0, 99.97, 100.03, 100.04, last]
    found = time_outliers(table(lr=range(8), train_seconds=seconds, unit=unit))
    assert [f.severity for f in found] == severities
    assert all(f.rows == (7,) for f in found)
