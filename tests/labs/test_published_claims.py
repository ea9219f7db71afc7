"""The claims of the two lab reports, judged on their own tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analysis.claims import (
    COLUMNS,
    PUBLISHED,
    VERDICTS,
    judge_published,
    verdicts,
)
from analysis.frames.load import load_study
from tests.checks.claims.claim_rows import ADAM
from tests.studies import shared_study


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return verdicts([], PUBLISHED).set_index("claim")


def test_published_claims_have_their_verdicts(published: pd.DataFrame) -> None:
    words = published["verdict"]
    assert set(words) <= set(VERDICTS)
    assert words["a_depth"] == "supported for these runs"
    assert words["a_best_run"] == "not distinguishable"
    assert words["a_sgd_needs_tuning"] == "supported for these runs"
    assert words["a_cnn_over_svm"] == "not comparable"
    assert words["b_depth_fashion"] == "not distinguishable"
    assert words["b_gpu_speedup"] == "contradicted for these runs"
    assert words["b_svm_slower"] == "contradicted for these runs"
    assert words["b_pin_time"] == "underpowered"
    assert words["b_adam_fashion_high_lr"] == "underpowered"
    assert words["b_mnist_99"] == "not distinguishable"


def test_numbers_of_report_a(published: pd.DataFrame) -> None:
    depth = published.loc["a_depth"]
    assert (depth["wins"], depth["num_pairs"]) == (64, 64)
    pin = published.loc["a_pin_accuracy"]
    assert pin["effect"] == pytest.approx(-0.0003, abs=5e-5) and pin["num_pairs"] == 64
    assert published.loc["a_pin_time", "effect"] == pytest.approx(1.0, abs=0.0005)
    reason = published.loc["a_sgd_needs_tuning", "reason"]
    assert (
        "(higher in 24 of 32) at learning rate 0.001" in reason and "(higher in 3 of 32)" in reason
    )
    assert published.loc["a_flops", "effect"] == pytest.approx(156.30 / 66.11)


def test_numbers_of_report_b(published: pd.DataFrame) -> None:
    depth = published.loc["b_depth_fashion"]
    assert (depth["wins"], depth["ties"], depth["num_pairs"]) == (1, 3, 8)
    speedup = published.loc["b_gpu_speedup"]
    assert (speedup["low"], speedup["high"]) == pytest.approx((25.1, 35.4), abs=0.05)
    adam = published.loc["b_adam_fashion"]
    assert (adam["wins"], adam["p_value"]) == (8, 2 / 256)


def test_every_published_claim_is_judged_and_told_in_one_line(published: pd.DataFrame) -> None:
    drawn = {claim.name for claim in PUBLISHED if claim.tables}
    assert set(published.index) == drawn
    assert len({claim.name for claim in PUBLISHED}) == len(PUBLISHED)
    for text in published["text"]:
        assert text.startswith("Report ") and text.endswith(".") and "\n" not in text
        assert "nan" not in text.lower() and "{" not in text


def test_studies_and_tables_side_by_side(tmp_path: Path) -> None:
    study = load_study(shared_study(tmp_path / "grid"))
    frame = verdicts([study], PUBLISHED)
    assert list(frame.columns) == list(COLUMNS)
    depth = frame[frame["claim"] == "a_depth"]
    assert list(depth["kind"]) == ["report", "study"]
    assert list(depth["verdict"]) == ["supported for these runs", "not comparable"]
    pin = frame[(frame["claim"] == "a_pin_accuracy") & (frame["kind"] == "study")]
    assert pin["reason"].item().startswith("both values of pin memory share")
    assert (frame[frame["kind"] == "study"]["evidence"] == "grid").all()


def test_judging_published_claims_needs_no_study() -> None:
    assert [v.kind for v in judge_published([PUBLISHED[0], ADAM])] == ["report"]
