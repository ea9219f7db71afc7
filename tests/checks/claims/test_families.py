"""The best of two groups compared image by image, where their predictions allow it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.checks.claims.families import _all_groups
from analysis.checks.claims.origin import PREDICTIONS, TEST_SET
from analysis.checks.claims.proportions import two_accuracies
from analysis.claims import BestOf, Claim, Evidence, from_study, judge
from analysis.frames.load import load_study
from tests.saved_predictions import LABELS, A, B
from tests.studies import line, resnet_config, study_json, write_study, write_trial

NUM = len(LABELS)
DEPTH = BestOf("model", "resnet18", "resnet50")
SHALLOW = Claim("shallow", "The best ResNet-18 beats the best ResNet-50.", DEPTH)
CHECKSUMS = {"t10k-images-idx3-ubyte": "1" * 64}


def models(path: Path, *, seeds: Sequence[int] = (0,), **data: Any) -> Evidence:
    """Return a study in which ResNet-18 makes the predictions A and ResNet-50 makes B."""
    entry = {"num_images": 700, "num_train": 490, "num_val": 70, "num_test": NUM}
    images = {"split_seed": 0, "num_images": 700} | data
    images["datasets"] = {"mnist": entry | {"sha256": CHECKSUMS}} | data.get("datasets", {})
    configs = {model: resnet_config(model=model) for model in ("resnet18", "resnet50")}
    study = write_study(path / "grid", study_json(configs, seeds=seeds, data=images))
    for seed in seeds:
        for (name, config), predictions in zip(configs.items(), (A, B), strict=True):
            right = float(np.mean(predictions == LABELS))
            lines = [line(2, milestone=True, test_accuracy=right, confusion_matrix=None)]
            trial = write_trial(study, f"{name}-{seed}", config, {2: [name]}, lines, seed=seed)
            (trial / "predictions").mkdir()
            file = trial / "predictions" / "epoch_2.npz"
            np.savez(file, predictions=predictions, labels=LABELS)
    return from_study(load_study(study))


def unpaired() -> float:
    """Return the p-value of the two counts of correct images, 137 and 130 of 140."""

    return float(two_accuracies(137 / 140, 140, np.array([130 / 140]), np.array([140.0]))[0])


def test_saved_predictions_are_compared_image_by_image(tmp_path: Path) -> None:
    verdict = judge(SHALLOW, models(tmp_path))
    # A is wrong on images 0, 1, 2 and B on 2 to 11: 9 images are right with A alone, 2 with B
    # alone, and 2 × (1 + 11 + 55) of the 2^11 ways to share 11 images are as uneven.
    assert verdict.outcome.p_value == pytest.approx(2 * 67 / 2**11)
    assert verdict.outcome.effect == pytest.approx(7 / 140)
    assert (verdict.word, verdict.outcome.num_pairs) == ("not distinguishable", 1)
    assert verdict.outcome.reason == (
        "picked on validation accuracy; MNIST: 97.86 % against 92.86 % (only one right: 9 and 2 "
        "images, McNemar); noise of test images only"
    )


def test_the_sign_of_the_difference_decides_for_or_against(tmp_path: Path) -> None:
    deep = Claim("deep", "Deep.", BestOf("model", "resnet50", "resnet18"))
    verdict = judge(deep, models(tmp_path))
    assert verdict.outcome.p_value == pytest.approx(2 * 67 / 2**11)
    assert not verdict.outcome.supports and verdict.outcome.effect == pytest.approx(-7 / 140)


def test_without_the_same_images_the_counts_are_compared(tmp_path: Path) -> None:
    evidence = models(tmp_path)
    rows = evidence.rows
    for changed in (
        rows.assign(**{TEST_SET: ""}),
        rows.assign(**{TEST_SET: ["one", "another"]}),
        rows.assign(**{PREDICTIONS: None}),
        rows.drop(columns=[PREDICTIONS, TEST_SET]),
        rows.assign(test_accuracy=[136 / 140, 130 / 140]),
    ):
        outcome = judge(SHALLOW, replace(evidence, rows=changed)).outcome
        assert "McNemar" not in outcome.reason
    outcome = judge(SHALLOW, replace(evidence, rows=rows.assign(**{TEST_SET: ""}))).outcome
    assert outcome.p_value == pytest.approx(unpaired())


@pytest.mark.parametrize("content", ["no labels", "other labels", "damaged"])
def test_files_that_do_not_allow_it_are_passed_over(tmp_path: Path, content: str) -> None:
    evidence = models(tmp_path)
    file = evidence.rows[PREDICTIONS].iloc[1]
    if content == "damaged":
        file.write_bytes(b"PK\x03\x04")
    elif content == "no labels":
        np.savez(file, predictions=B)
    else:
        np.savez(file, predictions=B[::-1], labels=LABELS[::-1])
    outcome = judge(SHALLOW, evidence).outcome
    assert "McNemar" not in outcome.reason
    assert outcome.p_value == pytest.approx(unpaired())


def test_several_seeds_are_no_two_models(tmp_path: Path) -> None:
    evidence = models(tmp_path, seeds=(0, 1))
    assert "McNemar" not in judge(SHALLOW, evidence).outcome.reason


def test_rows_of_one_test_set_are_known_by_their_split(tmp_path: Path) -> None:
    same = models(tmp_path / "a", seeds=(0, 1))
    assert same.rows[TEST_SET].nunique() == 1
    apart = models(tmp_path / "b", seeds=(0, 1), vary_split=True)
    assert list(apart.rows[TEST_SET].groupby(apart.rows["seed"]).nunique()) == [1, 1]
    assert apart.rows[TEST_SET].nunique() == 2
    other = models(tmp_path / "c", split_seed=1)
    assert set(other.rows[TEST_SET]).isdisjoint(same.rows[TEST_SET])


def test_all_data_sets_must_agree_and_one_that_is_reversed_refutes() -> None:
    better = _all_groups(np.array([0.02, 0.01]), np.array([0.01, 0.2]), "so")
    assert (better.supports, better.p_value, better.wins) == (True, 0.2, 2)
    # The reversed one is the most certain of two that could have been.
    mixed = _all_groups(np.array([0.02, -0.01, -0.03]), np.array([0.001, 0.2, 0.01]), "so")
    assert (mixed.supports, mixed.p_value) == (False, pytest.approx(3 * 0.01))
    assert _all_groups(np.array([0.0]), np.array([1.0]), "so").p_value == 1.0
    assert (mixed.low, mixed.high, mixed.effect) == (-0.03, 0.02, pytest.approx(-0.02 / 3))
