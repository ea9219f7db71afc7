from __future__ import annotations

import pytest
from scipy import stats

from analysis.audit import from_reference
from analysis.checks.audit.finding import NotApplicableError
from analysis.checks.audit.methods import are_svms
from analysis.checks.audit.plausible import ceiling, unconverged
from analysis.labs.reference import Protocol, load_table
from tests.checks.audit.tables import table


def test_report_bs_svms_are_above_any_known() -> None:
    finding = ceiling(from_reference(load_table("report_b_q1b")))[0]
    assert finding.severity == "serious" and finding.rows == (2, 3)
    for name in ("report_a_q1a", "report_a_q1b", "report_b_q1a", "xiao_2017_table3"):
        assert ceiling(from_reference(load_table(name))) == []


def test_sampling_is_allowed_for() -> None:
    svm = {"dataset": ["fashion_mnist"], "kernel": ["rbf"]}
    # 91.5 % of 160 images is nothing special at 90.5 %; of 70,000 it is.
    assert ceiling(table(**svm, test_accuracy=[0.915], num_test=160)) == []
    assert len(ceiling(table(**svm, test_accuracy=[0.915], num_test=70_000))) == 1


def test_ceiling_of_the_user() -> None:
    rows = {"test_accuracy": [0.95, 0.80]}
    assert ceiling(table(**rows, ceiling=0.9))[0].rows == (0,)
    with pytest.raises(NotApplicableError, match="--ceiling"):
        ceiling(table(**rows))


def test_unconverged_rows() -> None:
    svm = {"kernel": ["rbf", "poly"], "test_accuracy": [0.9, 0.9]}
    assert unconverged(table(**svm, converged=[True, True])) == []
    assert unconverged(table(**svm, converged=[True, False]))[0].rows == (1,)
    limited = Protocol(max_iter=1000)
    assert unconverged(table(**svm, protocol=limited))[0].severity == "serious"
    assert unconverged(table(**svm, protocol=limited, converged=[True, True])) == []
    with pytest.raises(NotApplicableError):
        unconverged(table(**svm))


def test_a_columns_name_is_no_method() -> None:
    """A convolution has a kernel too: its size."""
    rows = {"dataset": ["fashion_mnist"] * 2, "kernel": [3, 5], "test_accuracy": [0.924, 0.92]}
    assert not are_svms(table(**rows)).any()
    for columns in (rows, rows | {"model": ["cnn", "cnn"]}):
        try:
            assert ceiling(table(**columns)) == []
        except NotApplicableError as reason:
            assert "known ceiling" in str(reason)
    named = rows | {"model": ["SVC", "cnn"], "kernel": ["rbf", "rbf"]}
    assert are_svms(table(**named)).tolist() == [True, False]
    assert ceiling(table(**named))[0].rows == (0,)


@pytest.mark.parametrize(("num_rows", "found"), [(1, True), (10, False)])
def test_a_count_is_as_rare_as_it_or_a_larger_one_among_all_rows(
    num_rows: int, found: bool
) -> None:
    """Of 1,000 images 928 are right at 90 % with 0.0012, 929 with 0.0008: alone below 0.001."""
    tails = [float(stats.binom.sf(right - 1, 1_000, 0.9)) for right in (928, 929)]
    assert tails[0] > 0.001 > tails[1] > 0.0001
    rows = {"num_test": 1_000, "ceiling": 0.9}
    assert ceiling(table(**rows, test_accuracy=[0.928])) == []
    others = [0.9] * (num_rows - 1)
    assert bool(ceiling(table(**rows, test_accuracy=[0.929, *others]))) == found
