from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.checks.claims.origin import NUM_TEST, NUM_TRAIN, NUM_VAL, RESULT, RUN
from analysis.checks.claims.picks import against_best
from analysis.checks.claims.proportions import above, two_accuracies
from analysis.claims import (
    BestHas,
    BestOf,
    Claim,
    Criterion,
    Evidence,
    MostRows,
    from_study,
    judge,
    judge_all,
)
from analysis.frames.load import load_study
from tests.checks.claims.claim_rows import grid
from tests.studies import shared_study


def word(test: Criterion, evidence: Evidence) -> str:
    return judge(Claim("a_claim", "Something.", test), evidence).word


def models(accuracies: dict[str, float]) -> Evidence:
    return grid(lambda row: accuracies[row["model"]], {"model": tuple(accuracies)})


def test_two_accuracies_agree_with_statsmodels() -> None:
    from statsmodels.stats.proportion import proportions_ztest

    ours = two_accuracies(0.93, 1000, np.array([0.90, 0.93]), np.array([800.0, 800.0]))
    theirs = proportions_ztest([930, 720], [1000, 800])[1]
    assert ours == pytest.approx([theirs, 1.0])
    noisier = two_accuracies(0.93, 1000, np.array([0.90]), np.array([800.0]), run_variance=0.01**2)
    assert noisier[0] > ours[0]
    assert two_accuracies(1.0, 10, np.array([1.0]), np.array([10.0]))[0] == 1.0


def test_without_a_variance_of_training_its_degrees_of_freedom_do_not_matter() -> None:
    counts = (0.93, 1000, np.array([0.90]), np.array([800.0]))
    assert two_accuracies(*counts, run_df=2.0) == two_accuracies(*counts)


def test_the_distance_to_the_best_has_the_noise_of_both_trainings() -> None:
    accuracy, images = np.array([0.95, 0.90, 0.93]), np.array([1000.0, 1000.0, 1000.0])
    variance, freedom = np.array([1e-4, 4e-4, 0.0]), np.array([5.0, 3.0, np.inf])
    alone = []
    for other, df in ((1, 3), (2, 5)):  # the fewer degrees of freedom of the two count
        pooled = (0.95 + accuracy[other]) / 2
        both = pooled * (1 - pooled) * 2 / 1000 + 1e-4 + variance[other]
        alone.append(2 * stats.t.sf((0.95 - accuracy[other]) / np.sqrt(both), df))
    expected = [1.0, 2 * alone[0], max(2 * alone[0], alone[1])]  # Holm's correction
    assert against_best(accuracy, images, variance, freedom) == pytest.approx(expected)


def test_a_difference_above_a_threshold_by_hand() -> None:
    # One count against a known share is binomial, from either side.
    assert above(0.9, 100, 0.8, np.inf, 0.0) == pytest.approx(stats.binom.sf(89, 100, 0.8))
    assert above(0.9, np.inf, 0.8, 100, 0.0) == pytest.approx(stats.binom.cdf(80, 100, 0.9))
    assert above(0.9, np.inf, 0.8, 100, 0.04) == pytest.approx(stats.binom.cdf(80, 100, 0.86))
    assert above(0.0, 100, 0.8, np.inf, 0.0) == above(0.9, 100, 1.0, np.inf, 0.0) == 1.0
    # Two counts: a success and a failure are added to each, 11 of 12 and 10 of 12.
    error = np.sqrt((11 * 1 + 10 * 2) / 12**3)
    assert above(1.0, 10, 0.9, 10, 0.0) == pytest.approx(stats.norm.sf(1 / 12 / error))
    assert above(1.0, 10, 0.9, 10, 0.05) == pytest.approx(stats.norm.sf((1 / 12 - 0.05) / error))


def test_best_is_what_all_that_tie_with_it_have() -> None:
    best = BestHas({"model": "a"})
    assert word(best, models({"a": 0.95, "b": 0.80})) == "supported for these runs"
    assert word(best, models({"a": 0.80, "b": 0.95})) == "contradicted for these runs"
    assert word(best, models({"a": 0.95, "b": 0.945})) == "not distinguishable"
    # The claimed one is not on top, but tied with what is.
    assert word(best, models({"a": 0.945, "b": 0.95})) == "not distinguishable"
    assert word(BestHas({"model": "c"}), models({"a": 0.9, "b": 0.8})) == "not comparable"


def test_a_users_own_percentage_is_not_counted_as_a_share() -> None:
    percent = models({"a": 95.0, "b": 80.0})
    for claim in (BestHas({"model": "a"}), BestOf("model", "a", "b", by=())):
        verdict = judge(Claim("a_claim", "A is best.", claim), percent)
        assert verdict.word == "not comparable"
        assert verdict.outcome.reason == (
            "test accuracy is no fraction of the images from 0 to 1 in every row"
        )


def test_ranks_on_validation_where_there_is_one() -> None:
    evidence = models({"a": 0.95, "b": 0.80})
    rows = evidence.rows.assign(val_accuracy=[0.80, 0.95], **{NUM_VAL: 1_000.0})
    assert word(BestHas({"model": "b"}), replace(evidence, rows=rows)) == "supported for these runs"


def test_a_copy_of_the_best_result_has_its_values_too(tmp_path: Path) -> None:
    evidence = from_study(load_study(shared_study(tmp_path / "grid")))
    for pin in (True, False):
        verdict = judge(Claim("a_claim", "Pinned.", BestHas({"pin_memory": pin})), evidence)
        assert verdict.word == "supported for these runs", verdict.outcome.reason
        assert verdict.outcome.num_pairs == 2


def test_where_all_rows_have_the_value_nothing_could_be_better() -> None:
    one = models({"a": 0.9})
    verdict = judge(Claim("a_claim", "So.", BestHas({"model": "a"})), one)
    assert verdict.word == "not comparable" and verdict.outcome.num_pairs == 0
    assert verdict.outcome.reason == "every row has model a, so no other can be better"
    # A study with both models speaks, though the other one has more rows.
    both = replace(models({"a": 0.95, "b": 0.80}), name="both")
    many = grid(lambda row: 0.9, {"model": ("a",), "lr": (1, 2, 3)})
    (found,) = judge_all([verdict.claim], [many, both])
    assert (found.word, found.evidence) == ("supported for these runs", "both")


LEVEL = {"a": 0.95, "b": 0.90}


def test_noise_that_a_placebo_shows_widens_the_tie() -> None:
    axes = {"model": ("a", "b"), "pin_memory": (False, True), "lr": (1, 2, 3, 4)}

    def noisy(row: dict[str, Any]) -> float:
        return LEVEL[row["model"]] + (0.02 if row["pin_memory"] else -0.02)

    verdict = judge(Claim("a_claim", "So.", BestHas({"model": "a"})), grid(noisy, axes))
    assert verdict.word == "not distinguishable"
    # Differences of 4 points: one run has 4 / (0.6745·√2) = 4.19 points by the median's measure.
    assert "noise of training 4.19 points" in verdict.outcome.reason
    calm = grid(lambda row: LEVEL[row["model"]], axes)
    assert word(BestHas({"model": "a"}), calm) == "supported for these runs"


def test_noise_between_seeds_widens_the_tie_and_falls_with_their_number() -> None:
    def noisy(row: dict[str, Any]) -> float:
        return LEVEL[row["model"]] + 0.04 * (-1) ** int(row["seed"])

    best = Claim("a_claim", "So.", BestHas({"model": "a"}))
    few = judge(best, grid(noisy, {"model": ("a", "b")}, seeds=range(2)))
    assert few.word == "not distinguishable"
    assert few.outcome.num_pairs == 2 and few.outcome.num_seeds == 2
    # Standard deviation of two values 8 points apart, over √2: 4 points.
    assert "highest test accuracy 95.00 % (model a; noise of training 4 points)" in (
        few.outcome.reason
    )
    many = judge(best, grid(noisy, {"model": ("a", "b")}, seeds=range(40)))
    assert many.word == "supported"


def families(resnet: float, svm: float, **changes: object) -> Evidence:
    evidence = grid(
        lambda row: resnet if row["family_"] == "resnet" else svm,
        {"dataset": ("mnist", "fashion_mnist"), "family_": ("resnet", "svm")},
    )
    rows = evidence.rows.drop(columns="family").rename(columns={"family_": "family"})
    return replace(evidence, rows=rows.assign(**changes), settings=("dataset", "family"))


def test_the_better_family_wins_on_every_data_set() -> None:
    cnn = BestOf("family", "resnet", "svm")
    assert word(cnn, families(0.95, 0.85)) == "supported for these runs"
    assert word(cnn, families(0.85, 0.95)) == "contradicted for these runs"
    assert word(cnn, families(0.95, 0.945)) == "not distinguishable"


def test_fits_on_fewer_images_are_left_out() -> None:
    evidence = families(0.95, 0.85)
    small = evidence.rows.assign(test_accuracy=0.99, **{NUM_TRAIN: 10.0})
    small = small[small["family"] == "svm"].assign(
        **{name: "small" + small[name] for name in (RUN, RESULT)}
    )
    rows = pd.concat([evidence.rows, small], ignore_index=True)
    both = replace(evidence, rows=rows, settings=("dataset", "family", NUM_TRAIN))
    assert word(BestOf("family", "resnet", "svm"), both) == "supported for these runs"


def test_one_reversed_data_set_refutes_the_family() -> None:
    evidence = families(0.95, 0.85)
    rows: pd.DataFrame = evidence.rows.copy()
    rows.loc[(rows["dataset"] == "mnist") & (rows["family"] == "svm"), "test_accuracy"] = 0.99
    assert (
        word(BestOf("family", "resnet", "svm"), replace(evidence, rows=rows))
        == "contradicted for these runs"
    )


def test_unequal_numbers_of_images_are_not_comparable() -> None:
    sizes = [7_000.0, 1_000.0, 7_000.0, 1_000.0]
    verdict = judge(
        Claim("a_claim", "CNNs win.", BestOf("family", "resnet", "svm")),
        families(0.95, 0.85, **{NUM_TRAIN: sizes}),
    )
    assert verdict.word == "not comparable"
    assert verdict.outcome.reason == (
        "trained on different numbers of images: ResNet on 7,000, SVM on 1,000"
    )
    unknown = families(0.95, 0.85, **{NUM_TEST: np.nan})
    assert word(BestOf("family", "resnet", "svm"), unknown) == "not comparable"


def one_seed_short() -> Evidence:
    """Return three models at two seeds, of which the best by its mean has a result at one only."""
    axes = {"model": ("a", "b", "c"), "family_": ("few", "many")}
    accuracy = {"a": 0.99, "b": 0.90, "c": 0.80}
    evidence = grid(lambda row: accuracy[row["model"]] + row["seed"] / 1e3, axes, seeds=(0, 1))
    rows = evidence.rows[(evidence.rows["model"] == "b") == (evidence.rows["family_"] == "many")]
    return replace(evidence, rows=rows[(rows["model"] != "a") | (rows["seed"] == 0)])


@pytest.mark.parametrize(
    ("test", "expected", "says"),
    [
        (BestOf("family_", "many", "few", by=()), "supported", "90.05 % against 80.05 %"),
        (BestHas({"model": "b"}, placebo=""), "supported", "highest test accuracy 90.05 %"),
        (MostRows("test_accuracy", above=0.95, best_by=("family",)), "contradicted", "in 0 of 2"),
    ],
)
def test_only_configurations_with_the_most_seeds_are_the_best(
    test: BestOf | BestHas | MostRows, expected: str, says: str
) -> None:
    """As in the report: a mean that lacks a failed seed may be too good."""
    verdict = judge(Claim("a_claim", "Best.", test), one_seed_short())
    assert verdict.word.startswith(expected) and says in verdict.outcome.reason


def test_a_solver_with_one_result_at_all_seeds_has_as_many_as_others() -> None:
    evidence = grid(
        lambda row: {"cnn": 0.90 + row["seed"] / 1e3, "svm": 0.95}[row["model"]],
        {"model": ("cnn", "svm")},
        seeds=(0, 1, 2),
    )
    rows = evidence.rows
    rows.loc[rows["model"] == "svm", RESULT] = "result of the solver"
    high = MostRows("test_accuracy", above=0.93, best_by=("family",))
    verdict = judge(Claim("a_claim", "High.", high), replace(evidence, rows=rows))
    assert verdict.word.startswith("supported") and verdict.outcome.num_pairs == 1
