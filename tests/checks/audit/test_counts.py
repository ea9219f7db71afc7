from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.audit import from_reference
from analysis.checks.audit.counts import in_range, whole_counts
from analysis.checks.audit.finding import NotApplicableError
from analysis.checks.audit.sizes import fitting_sizes, is_count, smallest_steps
from analysis.labs.reference import Protocol, load_table
from tests.checks.audit.tables import table


def test_worked_example() -> None:
    """A mean of 5.19 over 28 whole numbers does not exist: Brown & Heathers (2017)."""
    values = np.array([5.19, 5.18, 5.21])
    assert is_count(values, np.full(3, 0.01), 28).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("value", "unit", "num", "expected"),
    [
        (0.98, 0.01, 50, True),
        (0.97, 0.01, 50, False),
        (0.9867, 1e-4, 12_000, True),
        (0.97766667, 1e-8, 12_000, True),
        (0.98663333, 1e-8, 12_000, False),
        (0.98663333, 1e-8, 60_000, True),
        (0.97, 0.01, 35, True),  # 34/35 = 0.9714 rounded
        (0.97, 0.01, 41, True),  # 40/41 = 0.9756 cut
        (138 / 140, 0.0, 140, True),
        (138.5 / 140, 0.0, 140, False),
        (1.0, 1e-6, 14_000, True),
        (0.0, 1e-6, 14_000, True),
    ],
)
def test_single_values(value: float, unit: float, num: int, expected: bool) -> None:
    assert bool(is_count(np.array([value]), np.array([unit]), num)[0]) is expected


@pytest.mark.parametrize("decimals", [2, 3, 4, 6, 8, 12])
def test_no_honest_count_is_refused(decimals: int) -> None:
    rng = np.random.default_rng(decimals)
    num = rng.integers(1, 70_001, 50_000)
    counts = rng.integers(0, num + 1)
    unit = np.full(len(num), 10.0**-decimals)
    exact = counts / num
    cut = counts * 10**decimals // num / 10**decimals
    for printed in (np.round(exact, decimals), cut):
        assert is_count(printed, unit, num.astype(float)).all()
    assert is_count(exact, np.zeros(len(num)), num.astype(float)).all()


def test_fractions_of_other_sizes_are_refused_as_often_as_stated() -> None:
    rng = np.random.default_rng(0)
    values = np.round(rng.uniform(0.5, 1, 100_000), 6)
    passed = is_count(values, np.full(len(values), 1e-6), 14_000).mean()
    assert passed == pytest.approx(1.556e-6 * 14_000, rel=0.15)


def test_published_svms_are_counted_on_the_images_trained_on() -> None:
    finding = whole_counts(from_reference(load_table("report_b_q1b")))[0]
    assert finding.severity == "error" and finding.rows == (0, 2, 3)
    assert "of all 60,000 images that were split" in finding.says
    reference = load_table("report_b_q1b").frame["test_accuracy"].to_numpy()
    sizes = fitting_sizes(reference, np.full(4, 1e-8))
    assert sizes[0] == 60_000 and 12_000 not in sizes and 14_000 not in sizes


def test_published_grids_are_counted_on_their_test_images() -> None:
    for name in ("report_a_q1a", "report_b_q1a"):
        assert whole_counts(from_reference(load_table(name))) == []
    sizes = fitting_sizes(
        load_table("report_a_q1a").frame["test_accuracy"].to_numpy(), np.full(128, 1e-8)
    )
    assert sizes[0] == 14_000


def test_a_size_that_every_value_fits_is_not_named() -> None:
    """At four digits every value is a count of 70,000, and of most sizes above 6,000."""
    four = {"test_accuracy": [0.9855, 0.9862, 0.9871, 0.9868], "unit": 1e-4, "num_test": 1000}
    split = Protocol(num_images=70_000)
    (finding,) = whole_counts(table(**four, protocol=split, is_runs_stated=False))
    assert "70,000" not in finding.says + finding.evidence
    assert "too few to tell which size" in finding.evidence
    assert finding.severity == "note" and "means of" in finding.says


def test_single_precision() -> None:
    """13,800 of 14,000 as float32, as a percentage of float32, and in float32's own digits."""
    rng = np.random.default_rng(0)
    counts = rng.integers(7_000, 14_001, 3000)
    single = counts.astype(np.float32) / np.float32(14_000)
    for values, unit in (
        (single.astype(float), 1e-16),
        (single.astype(float), 0.0),
        ((np.float32(100) * single).astype(float) / 100, 1e-16),
        (np.array([float(str(value)) for value in single]), 1e-8),
    ):
        assert whole_counts(table(test_accuracy=values, unit=unit)) == []
    odd = whole_counts(table(test_accuracy=[0.98573, 13_800.5 / 14_000], unit=1e-16))
    assert [f.rows for f in odd] == [(0, 1)]
    # 0.98573 of 14,000 images are 13,800.22, and 13,800 are 98.571429 %.
    assert "row 1 has 98.573000 %, where the nearest count gives 98.571429 %" in odd[0].evidence
    assert "not even as means" not in odd[0].says


def test_rounded_twice() -> None:
    """0.98546 gives 0.9855 and then 0.986."""
    counts = np.arange(1, 200)
    twice = np.round(np.round(counts / 199, 4) + 1e-9, 3)
    assert whole_counts(table(test_accuracy=twice, unit=1e-3, num_test=199)) == []


def test_what_cannot_be_tested_says_so() -> None:
    with pytest.raises(NotApplicableError, match="--num-test"):
        whole_counts(table(test_accuracy=[0.5], num_test=None))
    with pytest.raises(NotApplicableError, match="digits"):
        whole_counts(table(test_accuracy=[0.5], unit=1e-2, num_test=14_000))


def test_means_of_runs() -> None:
    means = np.round(np.random.default_rng(0).integers(600, 700, (20, 5)).sum(axis=1) / 3500, 6)
    assert len(whole_counts(table(test_accuracy=means, num_test=700))) == 1
    assert whole_counts(replace(table(test_accuracy=means, num_test=700), runs=5)) == []
    (finding,) = whole_counts(replace(table(test_accuracy=means, num_test=700), runs=4))
    assert "of the stated 700 test images, not even as means of 4 runs" in finding.says


def test_means_may_be_whole_counts_of_all_images() -> None:
    """Five runs on 12,000 of 60,000 images have means that are counts of 60,000; 25 folds too."""
    counts = np.random.default_rng(5).binomial(60_000, 0.985, 6)
    split = Protocol(num_images=60_000)
    means = table(test_accuracy=counts / 60_000, unit=1e-6, num_test=12_000, protocol=split)
    (unstated,) = whole_counts(replace(means, is_runs_stated=False))
    assert unstated.severity == "note"
    assert "means of 5 or more runs, or counted on all 60,000 images" in unstated.says
    (one_run,) = whole_counts(replace(means, is_runs_stated=True))
    assert one_run.severity == "error" and "training images are among them" in one_run.says
    elsewhere = replace(means, num_test=np.full(6, 11_000.0), is_runs_stated=False)
    assert [found.severity for found in whole_counts(elsewhere)] == ["error"]
    folds = [0.948, 0.9533, 0.9533, 0.9467, 0.9533, 0.9733]
    (of_folds,) = whole_counts(
        table(test_accuracy=folds, unit=1e-4, num_test=30, is_runs_stated=False)
    )
    assert of_folds.severity == "note" and "means of 25 or more runs" in of_folds.says


def test_range() -> None:
    assert in_range(table(test_accuracy=[0.0, 1.0], train_seconds=[1.0, 2.0])) == []
    findings = in_range(table(test_accuracy=[1.01, 0.9], train_seconds=[1.0, 0.0]))
    assert [(f.severity, f.rows) for f in findings] == [("error", (0,)), ("error", (1,))]
    assert in_range(table(test_accuracy=[1.0], flops=[66e6])) == []
    assert in_range(table(test_accuracy=[0.9, 0.8], train_seconds=[0.0, 0.01], unit=0.01)) == []


def test_a_task_has_larger_steps_only_if_its_digits_tell_them() -> None:
    """One half in two digits fits two images, but every 30th number would."""
    values = np.array([0.5, 0.9137, 0.9142, 0.1304, 0.2609, 0.3913])
    units = np.array([0.01, *[1e-4] * 5])
    steps = smallest_steps(values, units, [list(range(6))], [[0], [3, 4, 5]])
    assert steps[:3] == pytest.approx(0.0005)
    assert steps[3:] == pytest.approx(1 / 23), "3, 6 and 9 of 23"
