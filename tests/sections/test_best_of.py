"""The answer of a study that repeats a pick: the claim, and what new seeds give."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.frames.load import Study, load_study
from analysis.render.markdown import render_markdown
from analysis.sections.answer import answer
from analysis.sections.best_of import best_of_in_words
from analysis.sections.report_document import build_document
from search_spaces.configuration import make_configuration
from tests.own_studies import own_study, report
from tests.sections.test_answer import lines_of
from tune_app.study.best_of import BestOf, Pick

LR = {"lr": 0.1}
SPACE: dict[str, Any] = {"metric": "val_rmse", "mode": "min", "factors": []}


def repeated_study(folder: Path, values: Mapping[int, float | str], claim: float = 4.0) -> Study:
    """Return a study that repeats lr 0.1 with the values of seeds; the search used seed 0."""
    path = folder / "mine_best"
    measures = {"val_rmse": {"unit": "mm", "better": "min"}}
    reported = {0: claim, **values}
    ledger = own_study(path, [LR], seeds=reported, measures=measures, **SPACE)
    for seed, value in reported.items():
        if isinstance(value, str):
            report(ledger, LR, [{"val_rmse": 1.0, "status": value}], seed=seed)
        else:
            report(ledger, LR, [{"val_rmse": value, "test_rmse": value + 2}], seed=seed)
    pick = Pick(make_configuration(LR).config_id, claim, 30, 12)
    entry = BestOf("mine", "val_rmse", "min", (0,), (pick,), {}).as_json()
    file = path / "study.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "best_of": entry}))
    return load_study(path)


def test_claim_and_honest_estimate(tmp_path: Path) -> None:
    study = repeated_study(tmp_path, {1: 5.0, 2: 6.0, 3: 7.0})
    first, *rest = lines_of(answer(study, "mine_best"))
    # The mean of 5, 6 and 7 with Student's t for two degrees of freedom: 4.303 * 1 / sqrt(3).
    assert first == (
        "Picked by mine out of 30 configurations, 12 of them with a result to pick from: learning "
        "rate 0.1. It claimed validation rmse 4 mm; 3 new seeds give 6.0 mm (95 % interval 3.5 to "
        "8.5), 2 mm more than claimed. Honest estimate: test rmse 8.0 mm (95 % interval 5.5 to "
        "10.5)."
    )
    assert not any(line.startswith("One configuration") for line in rest)


def test_two_seeds_have_no_interval_and_what_diverged_is_said(tmp_path: Path) -> None:
    study = repeated_study(tmp_path, {1: 4.0, 2: 4.0, 3: "diverged"})
    [line] = best_of_in_words(study)
    assert line.endswith(
        "2 new seeds give 4 mm, as claimed. Honest estimate: test rmse 6 mm; 1 new seed diverged, "
        "and it is in no mean."
    )


def test_no_part_of_the_report_misses_a_pick(tmp_path: Path) -> None:
    repeated_study(tmp_path, {1: 5.0, 2: 6.0, 3: "diverged"})
    study = load_study(tmp_path / "mine_best")
    text = render_markdown(build_document({"mine_best": study}))
    assert "Picked by mine" in text and "can be picked" not in text and "★" not in text
    assert "other seeds would agree" not in text, "nothing is to be decided"


def test_the_seeds_of_the_search_do_not_count(tmp_path: Path) -> None:
    [line] = best_of_in_words(repeated_study(tmp_path, {}))
    assert line.endswith("It claimed validation rmse 4 mm; no new seed has a result yet.")


def test_a_seed_of_the_search_that_diverges_is_no_new_one(tmp_path: Path) -> None:
    [line] = best_of_in_words(repeated_study(tmp_path, {0: "diverged", 1: 4.0, 2: 4.0}))
    assert line.endswith("2 new seeds give 4 mm, as claimed. Honest estimate: test rmse 6 mm.")


def test_a_result_that_no_seed_changes_is_no_new_one(tmp_path: Path) -> None:
    file = repeated_study(tmp_path, {1: 4.0, 2: 4.0, 3: 4.0}).path / "study.json"
    same = [make_configuration(LR).config_id]
    file.write_text(json.dumps({**json.loads(file.read_text()), "same_at_every_seed": same}))
    [line] = best_of_in_words(load_study(file.parent))
    assert line.endswith("It claimed validation rmse 4 mm; no new seed has a result yet.")


def test_a_study_that_repeats_nothing_says_nothing(tmp_path: Path) -> None:
    ledger = own_study(tmp_path / "own", [LR], **SPACE)
    report(ledger, LR, [{"val_rmse": 1.0}])
    assert best_of_in_words(load_study(tmp_path / "own")) == []
