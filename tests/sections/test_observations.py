from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analysis.frames.load import Study, load_study
from analysis.frames.pairing import join_runs
from analysis.frames.pairs import PAIR_MEANS, pairs_data
from analysis.render.document import Bullets, Paragraph
from analysis.sections.conclusions import sentences
from analysis.sections.observations import (
    about_seeds,
    conclusions,
    describe_pairs,
    observations,
    reservations_of,
)
from tests.analysed_studies import device_study, grid_study, models_study, scaling_study
from tests.studies import (
    A2,
    A5,
    PREFIX,
    line,
    prefix_study,
    resnet_config,
    study_json,
    svm_config,
    write_study,
    write_trial,
)


def pairs_of(differences: list[float], seeds: list[int]) -> pd.DataFrame:
    """Return pairs of accuracies on 100 images, without times."""
    frame = pd.DataFrame({"difference": differences, "seed": seeds, "first": 0.5})
    frame["second"] = frame["first"] - frame["difference"]
    return frame.assign(num_test=100, time_ratio=float("nan"))


def test_a_sentence_counts_pairs_and_says_which_took_longer() -> None:
    pairs = pd.DataFrame(
        {
            "first": [0.9, 0.8, 0.5],
            "second": [0.5, 0.79, 0.6],
            "difference": [0.4, 0.01, -0.1],
            "time_ratio": [2.0, 3.0, float("nan")],
            "num_test": [100, 100, 100],
            "seed": [0, 0, 0],
        }
    )
    assert describe_pairs("lr", 0.1, 0.01, pairs) == (
        "learning rate 0.1 against 0.01: test accuracy higher in 2 of 3 pairs, lower in 1, apart "
        "in 1; median difference +1.0 points (−10.0 to +40.0). With 0.1 training took 2.50 times "
        "as long as with 0.01 (median of 2 pairs timed under the same conditions)."
    )
    alone = describe_pairs("lr", 0.1, 0.01, pairs.head(1))
    assert "higher in 1 of 1 pair, lower" in alone
    assert alone.endswith(
        "took 2.00 times as long as with 0.01 (one pair timed under the same conditions)."
    )
    assert reservations_of(pairs) == []
    unlike = pairs.assign(time_ratio=float("nan"), time_problem="1 and 2 trials at once")
    assert reservations_of(unlike) == ["Training times are not comparable: 1 and 2 trials at once."]


def test_six_seeds_carry_p_and_interval_and_five_do_not() -> None:
    # All six signs alike: 2 of 64 patterns are as extreme. No spread, no width.
    text = describe_pairs("lr", 0.1, 0.01, pairs_of([0.1] * 6, list(range(6))))
    assert text.endswith(
        "; mean difference +10.0 points (95 % interval +10.0 to +10.0, p = 0.031)."
    )
    assert "interval" not in describe_pairs(
        "lr", 0.1, 0.01, pairs_of([0.1] * 6, [0, 1, 2, 3, 4, 4])
    )


def test_pairs_of_a_seed_do_not_count_as_if_they_were_independent() -> None:
    # Student's test of the means 10, 20, 10, 20, −10, 10: t = 10 / 4.472 with 5 degrees of freedom,
    # p = 0.076, interval 10 ± 2.571 × 4.472; sign flips of all twelve give 82 / 4096 = 0.020.
    means = [0.1, 0.2, 0.1, 0.2, -0.1, 0.1]
    text = describe_pairs("lr", 0.1, 0.01, pairs_of(means * 2, list(range(6)) * 2))
    # The means spread by 10.95 points, of which six seeds find 1.4345 times in 4 of 5 studies.
    assert text.endswith(
        "mean difference +10.0 points (95 % interval −1.5 to +21.5, p = 0.076); with this spread "
        "4 of 5 studies would find 15.7 points."
    )


def test_two_lengths_of_one_training_are_one_pair(tmp_path: Path) -> None:
    slow = {name: config | {"lr": 0.5} for name, config in (("b2", A2), ("b5", A5))}
    path = write_study(tmp_path / "grid", study_json({"a2": A2, "a5": A5, **slow}))
    for name, config, accuracies in (("a", A5, (0.5, 0.6)), ("b", slow["b5"], (0.7, 0.9))):
        lines = [line(1), line(2, milestone=True, test_accuracy=accuracies[0]), line(3), line(4)]
        lines.append(line(5, milestone=True, test_accuracy=accuracies[1]))
        serves = {epoch: [f"{name}{epoch}"] for epoch in PREFIX}
        write_trial(path, f"k{name}", config, serves, lines)
    study = load_study(path)
    pairs = pairs_data(study, "lr", 0.5, 0.001)
    assert list(pairs["difference"]) == pytest.approx([0.2, 0.3])
    [joined] = join_runs(pairs, PAIR_MEANS).to_dict("records")
    assert joined["difference"] == pytest.approx(0.25) and joined["second"] == pytest.approx(0.55)
    assert joined["num_test"] == 140 and joined["dataset"] == "mnist"
    lengths = pairs_data(study, "epochs", 5, 2)
    assert len(join_runs(lengths, PAIR_MEANS)) == 2, "one of each training"


def test_observations_follow_the_numbers(tmp_path: Path) -> None:
    section = observations(grid_study(tmp_path / "one"))
    assert section is not None
    seeds, winners, about, lines, gap = section.blocks
    assert seeds == Paragraph("There is one seed, so the results of another seed are unknown.")
    # All validation accuracies are 90 %: equal times and ids decide, and the tie is said.
    assert winners == Bullets(
        (
            "MNIST: of the configurations picked on validation, ResNet-18 (90 %, on test 90.0 %) "
            "and ResNet-50 (90 %, on test 70.0 %) are equally good.",
        )
    )
    assert (
        "count as one" in str(about)
        and "do not overlap" in str(about)
        and "p and" not in str(about)
    )
    assert "same" in str(gap)
    text = str(lines)
    assert "seed" not in text, "it is said once"
    assert "model ResNet-50 against ResNet-18: test accuracy higher in 0 of 2 pairs" in text
    assert "With ResNet-50 training took 3.00 times as long as with ResNet-18 (median of" in text
    swapped = {("resnet18", 0.1): 0.5, ("resnet50", 0.1): 0.9}
    other = observations(grid_study(tmp_path / "other", swapped))
    assert other is not None and "higher in 1 of 1 pair," in str(other.blocks)


def test_the_winner_is_picked_on_validation_with_its_test_result_beside_it(tmp_path: Path) -> None:
    study = models_study(tmp_path / "one", (0,), resnet18=(0.8, 0.85), resnet50=(0.9, 0.8))
    assert sentences(study) == [
        "MNIST: of the configurations picked on validation, ResNet-50 (90 %, on test 80.0 %) is "
        "best, followed by ResNet-18 (80 %, on test 85.0 %). The 95 % "
        "intervals of the first two test accuracies overlap."
    ]
    apart = models_study(tmp_path / "apart", (0,), resnet18=(0.8, 0.5), resnet50=(0.9, 0.8))
    assert "overlap" not in sentences(apart)[0]
    seeds = models_study(tmp_path / "seeds", (0, 1), resnet18=(0.8, 0.5), resnet50=(0.9, 0.8))
    assert "ResNet-50 (90.0 %, on test 80.0 %, means of 2 seeds) is best" in sentences(seeds)[0]
    assert about_seeds(seeds) == (
        "There are 2 seeds, too few to test whether another would differ."
    )
    alone = models_study(tmp_path / "alone", (0,), resnet18=(0.8, 0.85))
    assert sentences(alone) == []


def test_a_factor_with_three_values_has_a_best_and_a_worst(tmp_path: Path) -> None:
    configurations = {f"c{C}": svm_config(C=C) for C in (1, 10, 100)}
    space = {"trainable": "svm", "factors": ["dataset", "kernel", "C"]}
    path = write_study(tmp_path / "svm", study_json(configurations, space=space))
    for name, accuracy in (("c1", 0.7), ("c10", 0.9), ("c100", 0.9)):
        result = line(1, milestone=True, test_accuracy=accuracy)
        write_trial(path, f"k{name}", configurations[name], {1: [name]}, [result])
    assert sentences(load_study(path)) == [
        "MNIST: C: test accuracy highest at 10 and 100 (90.0 %), lowest at 1 (70.0 %), in one set "
        "of rows that differ in nothing else."
    ]


def test_speed_up_and_fitted_powers_are_stated_where_they_exist(tmp_path: Path) -> None:
    assert sentences(device_study(tmp_path)) == [
        "the GPU trained faster than the CPU in 1 of 1 pair timed under the same conditions; "
        "speed-up 24.0×."
    ]
    # 2e-6 n² seconds to fit, 1e-3 n to predict, always 100 support vectors.
    [_, powers] = sentences(scaling_study(tmp_path / "scaling"))
    assert powers == (
        "MNIST, rbf: cost grows as a power of the number of training images. Fitted exponents: fit "
        "time 2.00 (3 fits, R² 1.000); predict time 1.00 (3 fits, R² 1.000); support vectors 0.00 "
        "(3 fits)."
    )


def cost_study(path: Path, at_once: int = 1) -> Study:
    """Return SVMs: rbf at C 1 and 10 in 1 s and 3 s with 100 and 300 vectors, poly in 5 s."""
    made = {"r1": svm_config(), "r10": svm_config(C=10), "p": svm_config(kernel="poly")}
    space = {"trainable": "svm", "factors": ["kernel", "C"]}
    write_study(path, study_json(made, space=space))
    for name, (fit, predict, vectors) in COSTS.items():
        result = line(1, milestone=True, fit_seconds=fit, predict_seconds=predict)
        result |= {"num_support_vectors": vectors, "num_train_images": 700, "converged": True}
        result["num_concurrent_trials"] = at_once if name == "p" else 1
        write_trial(path, f"k{name}", made[name], {1: [name]}, [result])
    return load_study(path)


COSTS = {"r1": (1.0, 0.1, 100), "r10": (3.0, 0.3, 300), "p": (5.0, 0.5, 1_500)}


def test_what_each_kernel_costs_is_said(tmp_path: Path) -> None:
    costs = (
        "MNIST: medians over the fits: rbf took 2.00 s to fit and 0.200 s to predict, with 200 "
        "support vectors (2 fits); poly took 5.00 s to fit and 0.500 s to predict, with 1,500 "
        "support vectors (1 fit)."
    )
    assert costs in sentences(cost_study(tmp_path / "alone"))
    beside = sentences(cost_study(tmp_path / "beside", at_once=2))
    unlike = "These times are not comparable: between 1 and 2 trials ran at once."
    assert f"{costs} {unlike}" in beside


def test_what_a_comparison_holds_fixed_is_named(tmp_path: Path) -> None:
    configurations = {f"c{C}": svm_config(C=C) for C in (1, 10, 100)}
    configurations["p"] = svm_config(kernel="poly", C=1000)
    space = {"trainable": "svm", "factors": ["kernel", "C"]}
    path = write_study(tmp_path / "svm", study_json(configurations, space=space))
    for number, (name, config) in enumerate(list(configurations.items())[:3]):
        result = line(1, milestone=True, test_accuracy=0.7 + number / 10)
        write_trial(path, f"k{name}", config, {1: [name]}, [result])
    text = next(text for text in sentences(load_study(path)) if "MNIST: C:" in text)
    assert text.endswith("in one set of rows that differ in nothing else (kernel rbf).")
    assert "mean" not in text


def test_an_arm_without_results_leaves_the_question_open(tmp_path: Path) -> None:
    made = {device: resnet_config(device=device) for device in ("cpu", "cuda")}
    space = {"factors": ["device"]}
    path = write_study(tmp_path / "grid", study_json(made, space=space))
    assert sentences(load_study(path)) == [], "nothing has finished yet"
    write_trial(path, "k", made["cpu"], {2: ["cpu"]}, [line(2, milestone=True)])
    assert sentences(load_study(path)) == [
        "CPU and GPU cannot be compared: 1 of 1 GPU row has no result."
    ]


def test_nothing_is_said_without_results(tmp_path: Path) -> None:
    study = load_study(prefix_study(tmp_path))
    assert observations(study) is None
    assert "have finished." in str(conclusions({"grid": study}).blocks)
