"""A comparison over seeds is about the study's test images, unless their sampling is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.checks.claims.images import error_over_images
from analysis.checks.claims.origin import PREDICTIONS, TEST_SET
from analysis.claims import Claim, Evidence, Higher, from_study, judge, judge_all
from analysis.frames.load import load_study
from analysis.stats import image_error
from tests.saved_predictions import LABELS, predicted
from tests.studies import line, resnet_config, study_json, write_study, write_trial

NUM = len(LABELS)
SEEDS = range(6)
CHECKSUMS = {"t10k-images-idx3-ubyte": "1" * 64}
DEPTH = Claim("shallow", "ResNet-18 is better.", Higher("model", "resnet18", "resnet50"))


def models(path: Path, wrong: dict[str, Sequence[int]], **data: Any) -> Evidence:
    """Return a study whose models are wrong on these images, and on one more at each seed."""
    entry = {"num_images": 700, "num_train": 490, "num_val": 70, "num_test": NUM}
    images = {"split_seed": 0, "num_images": 700} | data
    images["datasets"] = {"mnist": entry | {"sha256": CHECKSUMS}}
    configs = {model: resnet_config(model=model) for model in wrong}
    study = write_study(path / "grid", study_json(configs, seeds=list(SEEDS), data=images))
    for seed in SEEDS:
        for place, (name, config) in enumerate(configs.items()):
            predictions = predicted(*wrong[name], 100 + 10 * place + seed % (place + 2))
            right = float(np.mean(predictions == LABELS))
            lines = [line(2, milestone=True, test_accuracy=right, confusion_matrix=None)]
            trial = write_trial(study, f"{name}-{seed}", config, {2: [name]}, lines, seed=seed)
            (trial / "predictions").mkdir()
            file = trial / "predictions" / "epoch_2.npz"
            np.savez(file, predictions=predictions, labels=LABELS)
    return from_study(load_study(study))


def sides(evidence: Evidence) -> list[Any]:
    rows = evidence.rows
    return [
        rows[rows["model"] == model].sort_values("seed").reset_index(drop=True)
        for model in ("resnet18", "resnet50")
    ]


def test_two_images_more_in_every_seed_may_be_those_of_this_test_set(tmp_path: Path) -> None:
    """All six seeds agree, p = 0.031; but two images decide, and 140 others may not have them."""
    evidence = models(tmp_path, {"resnet18": (), "resnet50": (1, 2)})
    verdict = judge(DEPTH, evidence)
    assert verdict.outcome.p_value == 2 / 64 and verdict.outcome.supports
    assert verdict.outcome.p_images > 0.1
    assert verdict.word == "supported for these runs"
    assert "the same test images at every seed" in verdict.caveats
    assert "for other test images, too, −2.55 to +5.41 points" in verdict.outcome.reason


def test_many_images_are_enough(tmp_path: Path) -> None:
    evidence = models(tmp_path, {"resnet18": (), "resnet50": range(30)})
    verdict = judge(DEPTH, evidence)
    assert verdict.word == "supported" and verdict.outcome.p_images == 2 / 64
    again = Claim("again", "Not worse.", Higher("model", "resnet18", "resnet50", by_at_least=0.15))
    # By 15 points it is so on these images, by 21.4 − 15 points; the error of the images is 3.5.
    words = [one.word for one in judge_all([DEPTH, again], evidence)]
    assert words[1] != "supported"


def test_the_error_is_clustered_by_image(tmp_path: Path) -> None:
    first, second = sides(models(tmp_path, {"resnet18": (0,), "resnet50": (0, 1, 2)}))
    by_image = np.zeros(NUM)
    by_image[1:3] = 1.0
    for seed in SEEDS:
        by_image[100 + seed % 2] -= 1 / 6
        by_image[110 + seed % 3] += 1 / 6
    assert error_over_images(first, second) == pytest.approx(image_error(by_image))
    # By hand: 142 images with the two that are added.
    values = [*by_image, 1.0, -1.0]
    assert image_error(by_image) == pytest.approx(np.std(values, ddof=1) / math.sqrt(142))


def test_unknown_images_say_nothing(tmp_path: Path) -> None:
    evidence = models(tmp_path / "a", {"resnet18": (), "resnet50": (1, 2)})
    first, second = sides(evidence)
    assert math.isnan(error_over_images(first.assign(**{PREDICTIONS: None}), second))
    assert math.isnan(error_over_images(first.assign(**{TEST_SET: ""}), second))
    assert math.isnan(error_over_images(first.drop(columns=TEST_SET), second))
    assert math.isnan(error_over_images(first.assign(test_accuracy=0.5), second))
    # With a split of its own every seed has other images, so the seeds' spread has their sampling.
    own = models(tmp_path / "b", {"resnet18": (), "resnet50": (1, 2)}, vary_split=True)
    assert math.isnan(error_over_images(*sides(own)))
    verdict = judge(DEPTH, own)
    assert verdict.word == "supported" and "the same test images" not in verdict.sentence


def test_at_one_seed_the_pairs_are_not_repeated_on_other_images(tmp_path: Path) -> None:
    """Six pairs at one seed are about these trained models, whatever the images are."""
    evidence = models(tmp_path, {"resnet18": (), "resnet50": (1, 2)})
    rows = evidence.rows.assign(lr=evidence.rows["seed"] / 10, seed=0)
    pairs = replace(evidence, rows=rows, settings=("model", "lr"))
    outcome = judge(DEPTH, pairs).outcome
    assert (outcome.num_pairs, outcome.num_seeds, outcome.p_value) == (6, 1, 2 / 64)
    assert math.isnan(outcome.p_images) and "other test images" not in outcome.reason
