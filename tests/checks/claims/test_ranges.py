from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.checks.claims.growth import Slope, slope_of
from analysis.checks.claims.origin import NUM_TRAIN, NUM_VAL
from analysis.claims import (
    Claim,
    Criterion,
    Evidence,
    GrowsFaster,
    LongerThan,
    MostRows,
    Outcome,
    RatioWithin,
    judge,
)
from search_spaces.measure import Measure
from tests.checks.claims.claim_rows import grid
from tune_app.study.measures import Measures


def word(test: Criterion, evidence: Evidence) -> str:
    return judge(Claim("a_claim", "Something.", test), evidence).word


def devices(cpu_seconds: list[float], **changes: Any) -> Evidence:
    evidence = grid(lambda row: 0.9, {"device": ("cpu", "cuda")}, seeds=range(len(cpu_seconds)))
    rows = evidence.rows.assign(
        num_concurrent_trials=1, train_seconds=[*cpu_seconds, *[1.0] * len(cpu_seconds)]
    )
    return replace(evidence, rows=rows.assign(**changes))


def test_a_ratio_lies_inside_or_outside_its_range() -> None:
    speedup = RatioWithin("device", "cpu", "cuda", at_least=15, at_most=20)
    assert word(speedup, devices([17.0, 17.5])) == "supported for these runs"
    assert word(speedup, devices([25.0, 35.0])) == "contradicted for these runs"
    assert word(speedup, devices([5.0, 35.0])) == "contradicted for these runs"
    assert word(speedup, devices([17.0, 35.0])) == "not distinguishable"
    assert word(speedup, devices([15.5, 16.0])) == "not distinguishable", "within the tolerance"
    assert (
        word(RatioWithin("device", "cpu", "cuda", at_least=10), devices([12.0]))
        == "supported for these runs"
    )
    outcome = judge(Claim("a_claim", "Fast.", speedup), devices([4.0, 9.0])).outcome
    assert outcome.effect == pytest.approx(6.0)
    assert (outcome.low, outcome.high) == pytest.approx((4.0, 9.0))


def test_a_ratio_of_times_needs_known_conditions() -> None:
    speedup = RatioWithin("device", "cpu", "cuda", at_least=10)
    assert word(speedup, devices([12.0], num_concurrent_trials=None)) == "not comparable"
    exact = RatioWithin("device", "cpu", "cuda", at_least=2, metric="flops", tolerance=0)
    evidence = devices([1.0], num_concurrent_trials=None, flops=[4.0, 2.0])
    assert word(exact, evidence) == "supported"


def families(svm: list[float], resnet: list[float], **changes: Any) -> Evidence:
    seconds = {"svm": svm, "resnet": resnet}
    evidence = grid(
        lambda row: 0.9,
        {"dataset": ("mnist",), "family_": ("svm", "resnet")},
        seeds=range(len(svm)),
    )
    rows = evidence.rows.assign(family=evidence.rows["family_"], num_concurrent_trials=1)
    taken = [seconds[f][s] for f, s in zip(rows["family"], rows["seed"], strict=True)]
    return replace(evidence, rows=rows.assign(train_seconds=taken, **changes))


def test_every_training_of_one_family_takes_longer() -> None:
    longer = LongerThan("family", "svm", "resnet")
    assert word(longer, families([50.0, 60.0], [10.0, 20.0])) == "supported for these runs"
    assert word(longer, families([5.0, 6.0], [10.0, 20.0])) == "contradicted for these runs"
    assert word(longer, families([5.0, 60.0], [10.0, 20.0])) == "not distinguishable"
    unknown = families([50.0, 60.0], [10.0, 20.0], num_concurrent_trials=None)
    assert word(longer, unknown) == "not comparable"
    # The fit on few images is left out: only 60 s and 20 s are of the same size.
    sizes = [10.0, 7_000.0, 7_000.0, 7_000.0]
    mixed = families([5.0, 60.0], [10.0, 20.0], **{NUM_TRAIN: sizes})
    assert word(longer, mixed) == "supported for these runs"
    apart = families([50.0, 60.0], [10.0, 20.0], **{NUM_TRAIN: [10.0, 10.0, 7_000.0, 7_000.0]})
    assert word(longer, apart) == "not comparable"
    assert word(LongerThan("family", "svm", "tree"), families([1.0], [1.0])) == "not comparable"


def test_ranges_are_in_the_unit_of_the_measure() -> None:
    measured = {"latency": [50.0, 60.0, 10.0, 20.0], "val_loss": [0.5, 0.6, 0.1, 0.2]}
    evidence = replace(
        families([50.0, 60.0], [10.0, 20.0], **measured, val_accuracy=0.5),
        measures=Measures(declared={"latency": Measure(unit="ms")}),
    )
    said = {
        metric: judge(Claim("c", "c", LongerThan("family", "svm", "resnet", metric)), evidence)
        for metric in ("train_seconds", *measured, "val_accuracy")
    }
    shown = {metric: verdict.outcome.reason.partition(" (")[0] for metric, verdict in said.items()}
    assert shown == {
        "train_seconds": "MNIST: 50 to 60 s against 10 to 20 s",
        "latency": "MNIST: 50 to 60 ms against 10 to 20 ms",
        "val_loss": "MNIST: 0.5 to 0.6 against 0.1 to 0.2",
        "val_accuracy": "MNIST: 50 % against 50 %",
    }


def rows_at(*accuracies: float) -> Evidence:
    return grid(lambda row: accuracies[int(row["lr"])], {"lr": range(len(accuracies))})


def test_most_rows_are_counted_beyond_their_noise() -> None:
    # 1,000 test images: the standard error at 90 % is 0.95 points.
    most = MostRows("test_accuracy", above=0.9)
    assert word(most, rows_at(0.95, 0.95, 0.80)) == "supported for these runs"
    assert word(most, rows_at(0.95, 0.80, 0.80)) == "contradicted for these runs"
    assert word(most, rows_at(0.95, 0.91, 0.80)) == "not distinguishable"
    everything = MostRows("test_accuracy", above=0.9, share=1)
    assert word(everything, rows_at(0.95, 0.95)) == "supported for these runs"
    assert word(everything, rows_at(0.95, 0.95, 0.80)) == "contradicted for these runs"
    assert word(everything, rows_at(0.95, 0.95, 0.91)) == "not distinguishable"
    below = MostRows("test_accuracy", below=0.9)
    assert word(below, rows_at(0.80, 0.80, 0.95)) == "supported for these runs"


def test_the_gap_of_the_best_row_only() -> None:
    evidence = rows_at(0.9, 0.9)
    rows = evidence.rows.assign(
        train_accuracy=[0.99, 0.91], val_accuracy=[0.80, 0.90], **{NUM_VAL: 1e6}
    )
    gap = MostRows("train_accuracy", below=0.03, minus="val_accuracy", share=1)
    assert word(gap, replace(evidence, rows=rows)) == "contradicted for these runs"
    best = replace(gap, best_by=("family",))
    assert word(best, replace(evidence, rows=rows)) == "supported for these runs"
    assert word(gap, evidence) == "not comparable"
    assert word(replace(gap, best_by=("famly",)), replace(evidence, rows=rows)) == "not comparable"


def growing(
    exponent: float, noise: float = 0.0, sizes: tuple[int, ...] = (1, 3, 10, 30)
) -> Evidence:
    evidence = grid(lambda row: 0.9, {"num_train_images": sizes})
    images = evidence.rows["num_train_images"].astype(float)
    wobble = np.exp(noise * np.resize([1.0, -1.0], len(images)))
    return replace(
        evidence,
        rows=evidence.rows.assign(train_seconds=images**exponent * wobble, num_concurrent_trials=1),
    )


def test_exponents_are_slopes_of_logarithms() -> None:
    faster = GrowsFaster("train_seconds", "num_train_images")
    verdict = judge(Claim("a_claim", "Explodes.", faster), growing(1.8, noise=0.02))
    assert verdict.word == "supported for these runs"
    assert verdict.outcome.effect == pytest.approx(1.8, abs=0.02)
    assert verdict.outcome.low < verdict.outcome.effect < verdict.outcome.high
    assert word(faster, growing(0.6)) == "contradicted for these runs"
    assert word(faster, growing(1.05, noise=0.5)) == "not distinguishable"
    assert word(faster, growing(1.8, sizes=(1, 10))) == "not comparable"


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_only_positive_numbers_have_a_power(value: float) -> None:
    evidence = growing(1.8)
    rows = evidence.rows.assign(train_seconds=[value, *evidence.rows["train_seconds"][1:]])
    faster = Claim("a_claim", "Explodes.", GrowsFaster("train_seconds", "num_train_images"))
    verdict = judge(faster, replace(evidence, rows=rows))
    assert verdict.word == "not comparable"
    assert verdict.outcome.reason == (
        "train time or training images is not above 0 in every row, and only positive numbers "
        "have a power"
    )


def test_too_few_sizes_are_named_before_the_conditions_of_times() -> None:
    faster = Claim("a_claim", "Explodes.", GrowsFaster("train_seconds", "num_train_images"))
    few = growing(1.8, sizes=(1, 10))
    unlike = replace(few, rows=few.rows.assign(num_concurrent_trials=[1, 2]))
    reason = judge(faster, unlike).outcome.reason
    assert reason == "no setting was run at three sizes of training images or more"


def test_points_are_written_with_a_minus_and_one_point_is_one() -> None:
    evidence = grid(lambda row: 0.9, {"lr": (1,)})
    rows = evidence.rows.assign(train_accuracy=0.90, val_accuracy=0.9167, **{NUM_VAL: 1e6})
    gap = MostRows("train_accuracy", below=0.01, minus="val_accuracy")
    reason = judge(Claim("a_claim", "Fits.", gap), replace(evidence, rows=rows)).outcome.reason
    assert "below 1 point in 1 of 1 row, " in reason and "median −1.67 points" in reason


def test_times_of_studies_are_said_to_be_steady() -> None:
    speedup = Claim("a_claim", "Fast.", RatioWithin("device", "cpu", "cuda", at_least=10))
    assert "train time is the median epoch" in judge(speedup, devices([12.0])).outcome.reason
    published = replace(devices([12.0]), kind="report")
    assert "the median epoch" not in judge(speedup, published).outcome.reason


def test_the_best_configuration_is_picked_on_the_mean_of_its_seeds() -> None:
    evidence = grid(lambda row: {1: 0.90, 2: 0.70}[row["lr"]], {"lr": (1, 2)}, seeds=(0, 1))
    # One seed of lr 1 is the best of all rows, but its mean, 74.5 %, is below the 80 % of lr 2.
    rows = evidence.rows.assign(val_accuracy=[0.99, 0.50, 0.80, 0.80], **{NUM_VAL: 1e6})
    seeds = replace(evidence, rows=rows)
    low = MostRows("test_accuracy", above=0.8, share=1, best_by=("family",))
    verdict = judge(Claim("a_claim", "High.", low), seeds)
    assert (verdict.word, verdict.outcome.num_pairs) == ("contradicted for these runs", 2)
    assert verdict.outcome.reason.endswith("median 70.00 %; picked on validation accuracy")
    gap = MostRows("val_accuracy", above=0.05, minus="test_accuracy", best_by=("family",))
    assert judge(Claim("a_claim", "Gap.", gap), seeds).outcome.reason.endswith(
        "picked on validation accuracy, of which the largest of several is too high"
    )


def test_a_slope_and_its_test_are_those_of_a_textbook() -> None:
    x, y = pd.Series([1.0, 2.0, 4.0, 8.0]), pd.Series([1.0, 3.0, 7.0, 30.0])
    fit = stats.linregress(np.log(x), np.log(y))
    found = slope_of(x, y, 1.0, 0.05)
    half = stats.t.ppf(0.975, 2) * fit.stderr
    assert found[:3] == pytest.approx((fit.slope, fit.slope - half, fit.slope + half))
    assert found.p_steeper == pytest.approx(stats.t.sf((fit.slope - 1) / fit.stderr, 2))
    assert found.p_flatter == pytest.approx(1 - found.p_steeper)


def test_growth_is_faster_in_all_settings_or_slower_in_one() -> None:
    """The least certain setting decides for, the most certain one against, times their number."""
    sizes = np.array([1.0, 3.0, 10.0, 30.0])
    noise = np.exp(0.1 * np.array([1.0, -1.0, 1.0, -1.0]))

    def judged(growth: dict[int, float]) -> tuple[Outcome, list[Slope]]:
        evidence = grid(
            lambda row: 0.9, {"num_train_images": (1, 3, 10, 30), "batch_size": (16, 32)}
        )
        rows = evidence.rows.assign(num_concurrent_trials=1, train_seconds=1.0)
        slopes = []
        for size, power in growth.items():
            seconds = sizes**power * noise
            rows.loc[rows["batch_size"] == size, "train_seconds"] = seconds
            slopes.append(slope_of(pd.Series(sizes), pd.Series(seconds), 1.0, 0.05))
        faster = GrowsFaster("train_seconds", "num_train_images")
        return faster.judge(replace(evidence, rows=rows), 0.05), slopes

    outcome, slopes = judged({16: 1.5, 32: 1.3})
    least = max(slope.p_steeper for slope in slopes)
    assert outcome.supports and outcome.p_value == pytest.approx(2 * least)
    assert least > 2 * min(slope.p_steeper for slope in slopes)
    outcome, slopes = judged({16: 1.5, 32: 0.6})
    assert not outcome.supports and outcome.num_pairs == 2
    assert outcome.p_value == pytest.approx(2 * 2 * slopes[1].p_flatter)
