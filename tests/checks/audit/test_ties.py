from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.audit import from_reference
from analysis.checks.audit.columns import Options
from analysis.checks.audit.finding import NotApplicableError, chance
from analysis.checks.audit.read import read_csv
from analysis.checks.audit.tied_times import tied_times
from analysis.checks.audit.ties import tie_probability, tied_accuracies
from analysis.labs.reference import load_table
from tests.checks.audit.honest import SMALL, Kind, honest_table
from tests.checks.audit.tables import table

LEVEL = 1e-3


def test_by_hand() -> None:
    # Two zeros among four differences within 10 images of each other: each a zero with 1.5 / 21.
    p = 1.5 / 21
    expected = sum(n * p**k * (1 - p) ** (4 - k) for k, n in ((2, 6), (3, 4), (4, 1)))
    assert tie_probability(np.array([0, 0, 5, 10, 40])) == pytest.approx(expected, rel=1e-9)
    assert tie_probability(np.array([3, 4])) == 1.0
    # All equal: as if the runs disagreed on half of 1000 errors.
    assert tie_probability(np.zeros(2, dtype=np.int64), 1000) == pytest.approx(2 / (np.pi * 500))


def test_every_pair_is_judged_by_its_own_scale() -> None:
    # Relative to their scales the others differ by 0.5 and 1, 0.75 in the median. So of the three
    # near pairs those of scale 2 are equal with 1.5 / 4, that of scale 20 with 1.5 / 31.
    mean = (2 * 1.5 / 4 + 1.5 / 31) / 3
    expected = 3 * mean**2 * (1 - mean) + mean**3
    steps, scales = np.array([0, 0, 1, 20]), np.array([2.0, 20.0, 2.0, 20.0])
    assert tie_probability(steps, scales) == pytest.approx(expected, rel=1e-9)


FLOWERS = [98.0, 98.0, 98.5, 98.5, 99.0, 99.0, 99.5, 99.5]
PETS = [93.5, 93.5, 94.0, 94.0, 95.0, 95.0, 95.5, 95.5]


def with_small_tasks(large: list[list[float]], sizes: bool) -> str:
    """Return a table of eight models on two tasks with 200 images and others with 10,000."""
    lines = ["model,task,accuracy" + ",test images" * sizes]
    for task, values in enumerate([FLOWERS, PETS, *large]):
        num = 10_000 if task > 1 else 200
        lines += [f"m{m},t{task},{v:.2f}" + f",{num}" * sizes for m, v in enumerate(values)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("sizes", [True, False])
def test_ties_on_a_small_test_set_are_judged_by_its_size(sizes: bool, tmp_path: Path) -> None:
    """Eight good models on 200 images are equal in pairs, whatever other tasks the table has."""
    rng = np.random.default_rng(3)
    honest = [sorted(rng.choice(np.arange(7000, 9000), 8, replace=False) / 100) for _ in range(4)]
    path = tmp_path / "table.csv"
    path.write_text(with_small_tasks(honest, sizes))
    assert tied_accuracies(read_csv(path, Options({}))) == []
    copied = [[values[m - m % 2] for m in range(8)] for values in honest]
    path.write_text(with_small_tasks(copied, sizes))
    assert [f.severity for f in tied_accuracies(read_csv(path, Options({})))] == ["serious"]


@pytest.mark.parametrize("num_pairs", [2, 4, 8, 16, 64])
@pytest.mark.parametrize("spread", ["one", "many"])
def test_honest_pairs_are_rarely_called_tied(num_pairs: int, spread: str) -> None:
    """Rounded normal differences, all of one scale or of scales that differ 20-fold."""
    rng = np.random.default_rng(num_pairs)
    num = 4000
    scale = 30.0 if spread == "one" else np.exp(rng.uniform(np.log(5), np.log(100), (num, 1)))
    within = 1.0 if spread == "one" else np.exp(rng.uniform(-0.7, 0.7, (num, num_pairs)))
    steps = np.abs(np.rint(rng.normal(0, scale * within, (num, num_pairs)))).astype(np.int64)
    tied = [(row == 0).sum() >= 2 and tie_probability(row) < LEVEL for row in steps]
    assert np.mean(tied) <= LEVEL + 3 * np.sqrt(LEVEL / num)


def test_report_b_is_found() -> None:
    finding = tied_accuracies(from_reference(load_table("report_b_q1a")))
    assert [f.severity for f in finding] == ["serious"]
    assert finding[0].rows == (24, 25, 26, 27, 28, 29)
    assert "3 of 8 pairs" in finding[0].evidence and "differ in model" in finding[0].says


def test_copied_cells_are_found_in_an_honest_table() -> None:
    honest = honest_table(np.random.default_rng(5), Kind(SMALL, 14_000, 6))
    assert tied_accuracies(honest) == []
    for a, b in honest.pairs("optimizer", "sgd", "adam", honest.subset({"dataset": "mnist"}))[:4]:
        honest.frame.loc[b, "test_accuracy"] = honest.frame.loc[a, "test_accuracy"]
    assert len(tied_accuracies(honest)) == 1


LRS = [1, 1, 2, 2, 3, 3, 4, 4]


def test_placebo_pairs_may_be_equal() -> None:
    accuracy = np.repeat([0.91, 0.92, 0.93, 0.94], 2)
    assert not tied_accuracies(table(pin_memory=[False, True] * 4, lr=LRS, test_accuracy=accuracy))


def test_collapsed_runs_and_saturated_svms_are_left_out() -> None:
    with pytest.raises(NotApplicableError):
        tied_accuracies(table(optimizer=["sgd", "adam"] * 4, lr=LRS, test_accuracy=[0.1] * 8))
    svm = {"kernel": ["rbf"] * 6, "C": [1, 10, 100] * 2, "dataset": ["a"] * 3 + ["b"] * 3}
    with pytest.raises(NotApplicableError):
        tied_accuracies(table(**svm, test_accuracy=[0.98] * 6))


def test_rows_that_answer_with_a_large_class_may_be_equal() -> None:
    """65 % of the items are of one class, which two pairs of runs answer for all of them."""
    good = [0.9310, 0.9655, 0.9400, 0.9275, 0.9520, 0.9465]
    columns = {"model": ["a", "b"] * 5, "lr": [*LRS, 5, 5]}
    collapsed = table(**columns, test_accuracy=[*[0.65] * 4, *good], num_test=2000)
    assert tied_accuracies(collapsed) == []
    copied = table(
        **columns, test_accuracy=[0.92, 0.92, 0.94, 0.94, *good[:4], 0.95, 0.95], num_test=2000
    )
    assert tied_accuracies(copied) != []


def test_batches_of_evaluation_change_no_accuracy() -> None:
    """Models that were trained elsewhere, and timed with several sizes of batch."""
    columns = {"model": np.repeat([*"abcdefgh"], 2), "batch_size": [1, 8] * 8}
    accuracy = np.repeat(np.arange(70, 78) / 100, 2)
    (found,) = tied_accuracies(table(**columns, test_accuracy=accuracy))
    assert found.severity == "note" and found.says.startswith("rows that differ in batch_size")
    (found,) = tied_accuracies(table(**columns, epochs=[5] * 16, test_accuracy=accuracy))
    assert found.severity == "serious"


def test_whole_column_copied() -> None:
    columns = {"model": ["a", "b"] * 4, "lr": LRS}
    accuracy = np.repeat([0.90, 0.89, 0.88, 0.87], 2)
    assert tied_accuracies(table(**columns, test_accuracy=accuracy))[0].severity == "serious"
    # Of 20 test images equal counts mean nothing.
    assert not tied_accuracies(table(**columns, test_accuracy=accuracy, num_test=20))


def test_every_factor_may_be_the_one_that_ties() -> None:
    """With four pairs of models, and two of rates, the chance is that of any of both."""
    accuracy = np.repeat([0.90, 0.89, 0.88, 0.87], 2)
    copied = table(model=["a", "b"] * 4, lr=LRS, test_accuracy=accuracy, num_test=2000, unit=1e-4)
    (found,) = tied_accuracies(copied)
    scales = np.unique(accuracy * (1 - accuracy)) * 2000
    alone = tie_probability(np.zeros(4, dtype=np.int64), scales)
    assert f"{chance(2 * alone)} by chance" in found.evidence, found.evidence
    assert chance(alone) != chance(2 * alone)


def test_times() -> None:
    seconds = np.array([101.23412, 88.12705, 203.11919, 101.23412, 57.00106])
    tied = tied_times(table(train_seconds=seconds, test_accuracy=[0.9] * 5, unit=1e-5))
    assert tied[0].rows == (0, 3)
    # One pair equal to five digits only is no wonder; three are.
    assert not tied_times(table(train_seconds=np.round(seconds, 2), unit=1e-2))
    copied = np.repeat([101.23, 388.12, 203.11, 157.01], 2)
    assert tied_times(table(train_seconds=copied, unit=1e-2))[0].rows == tuple(range(8))
    seconds[3] += 2e-5
    assert not tied_times(table(train_seconds=seconds, test_accuracy=[0.9] * 5, unit=1e-5))
    with pytest.raises(NotApplicableError):
        tied_times(table(train_seconds=[10.0, 10.0], test_accuracy=[0.9] * 2, unit=1.0))


def test_honest_times_are_rarely_called_tied() -> None:
    rng = np.random.default_rng(0)
    num, found = 400, 0
    for _ in range(num):
        seconds = np.round(np.repeat([20.0, 45.0], 30) * rng.lognormal(0, 0.01, 60), 3)
        found += bool(tied_times(table(train_seconds=seconds, unit=1e-3)))
    assert found <= 4  # beyond it: 1 in 10,000 for a binomial of 400 tables at the level 1/1000


def test_rows_without_accuracies_are_not_said_to_differ_in_more_settings() -> None:
    flat = table(test_accuracy=[np.nan] * 4, batch_size=[16, 32, 16, 32], lr=[0.1, 0.1, 0.2, 0.2])
    with pytest.raises(NotApplicableError, match="no two rows with a test accuracy differ"):
        tied_accuracies(flat)
