from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.document import Paragraph
from analysis.load import load_study
from analysis.sections.observations import (
    conclusions,
    describe_pairs,
    observations,
    reservations_of,
)
from tests.studies import prefix_study
from tests.test_matched import grid_study


def test_a_sentence_counts_pairs_and_does_not_judge_one_seed() -> None:
    pairs = pd.DataFrame(
        {
            "first": [0.9, 0.8, 0.5],
            "second": [0.5, 0.79, 0.6],
            "difference": [0.4, 0.01, -0.1],
            "time_ratio": [2.0, 3.0, 4.0],
            "num_test": [100, 100, 100],
            "seed": [0, 0, 0],
        }
    )
    assert describe_pairs("lr", 0.1, 0.01, pairs) == (
        "learning rate 0.1 against 0.01: test accuracy higher in 2 of 3 pairs, lower in 1; median "
        "difference +1.0 points (−10.0 to +40.0); intervals apart in 1. Median ratio of "
        "training times 3.00."
    )
    assert reservations_of(pairs) == ["One seed: not judged."]
    assert reservations_of(pairs.assign(seed=[0, 1, 2])) == ["3 seeds."]
    unlike = pairs.assign(time_ratio=float("nan"), time_problem="1 and 2 trials at once")
    assert reservations_of(unlike) == [
        "Training times are not comparable: 1 and 2 trials at once.",
        "One seed: not judged.",
    ]


def test_observations_follow_the_numbers(tmp_path: Path) -> None:
    section = observations(grid_study(tmp_path / "one"))
    assert section is not None
    about, lines = section.blocks[:2]
    assert about == Paragraph(
        "Each line compares rows that differ in that factor alone. One seed: not judged."
    )
    text = str(lines)
    assert "seed" not in text, "what holds of every line is said once"
    assert "model ResNet-50 against ResNet-18: test accuracy higher in 0 of 2 pairs" in text
    swapped = {("resnet18", 0.1): 0.5, ("resnet50", 0.1): 0.9}
    other = observations(grid_study(tmp_path / "other", swapped))
    assert other is not None and "higher in 1 of 1 pairs" in str(other.blocks)


def test_nothing_is_said_without_results(tmp_path: Path) -> None:
    study = load_study(prefix_study(tmp_path))
    assert observations(study) is None
    assert "have finished yet" in str(conclusions({"grid": study}).blocks)
