"""Rows as evidence: names of a user's own, and what is known of the data of each row."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.checks.claims.origin import NUM_TEST, NUM_TRAIN, TEST_SET
from analysis.claims import (
    BestHas,
    BestOf,
    Claim,
    Criterion,
    Higher,
    LargerAt,
    MostRows,
    from_study,
    judge_all,
    verdicts,
)
from analysis.figures.forest import forest_data
from analysis.frames.load import Study, load_study
from tests.own_studies import own_study, report

NAMES = (
    *("source", "run", "result", "first_run", "first_result", "family", "predictions", "test_set"),
    *("num_train", "num_val", "num_test", "a", "b", "runs", "results", "run_variance", "of_seeds"),
    *("difference_x", "timed_on", "place", "mean"),
)
"""Names that this package has for columns of its own, now or before."""


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Return a study of lr × width at eight seeds, in which width 2 helps, and most at lr 0.5."""
    draw = random.Random(1)
    path = tmp_path_factory.mktemp("names") / "grid"
    configs = [{"lr": lr, "width": width} for lr in (0.1, 0.5) for width in (1, 2)]
    ledger = own_study(path, configs, seeds=range(8), metric="val_accuracy", mode="max")
    for config in configs:
        for seed in range(8):
            value = 0.6 + 0.05 * (config["width"] == 2) + 0.01 * seed + 0.01 * draw.random()
            value += 0.2 * (config["width"] == 2) * (config["lr"] == 0.5)
            row = {"val_accuracy": value, "test_accuracy": value - 0.01}
            counts = {"num_train_images": 7_000, "num_val": 1_000, "num_test": 2_000}
            report(ledger, config, [row | counts], seed=seed)
    return load_study(path)


def renamed(study: Study, name: str) -> Study:
    """Return the study with another name of the parameter ``width``."""
    keys = tuple(name if key == "width" else key for key in study.config_keys)
    rows = study.rows.drop(columns=name, errors="ignore").rename(columns={"width": name})
    return replace(study, rows=rows, config_keys=keys)


def judged(study: Study, name: str) -> list[tuple[str, float, float]]:
    tests: list[Criterion] = [
        Higher(name, 2, 1),
        LargerAt("lr", 0.5, 0.1, by=name, at=2, than_at=1),
        LargerAt(name, 2, 1, by="lr", at=0.5, than_at=0.1),
        BestHas({name: 2}, placebo="lr"),
        BestOf("lr", 0.5, 0.1, by=(name,)),
        MostRows("val_accuracy", above=0.65, best_by=(name,)),
    ]
    claims = [Claim(f"c{number}", "So.", test) for number, test in enumerate(tests)]
    claims.append(Claim("where", "So.", Higher("lr", 0.5, 0.1), {name: 2}))
    found = judge_all(claims, from_study(study))
    return [(one.word, one.outcome.effect, one.outcome.p_value) for one in found]


@pytest.mark.parametrize("name", NAMES)
def test_a_verdict_does_not_depend_on_the_name_of_a_parameter(grid: Study, name: str) -> None:
    # With the study's own counts of images, but for the one whose name the parameter takes.
    plain = replace(grid, rows=grid.rows.drop(columns=name, errors="ignore"))
    expected = judged(plain, "width")
    assert expected[0][0] == "supported" and expected[0][1] == pytest.approx(0.15, abs=0.01)
    found = judged(renamed(grid, name), name)
    assert repr(found) == repr(expected)
    steps = [forest_data(study).drop(columns=["factor"]) for study in (plain, renamed(grid, name))]
    assert repr(steps[0].to_dict("list")) == repr(steps[1].to_dict("list"))
    assert set(steps[0]["verdict"]) == {"better"} and set(steps[0]["n"]) == {16}


def test_a_user_s_own_family_is_a_factor(tmp_path: Path) -> None:
    configs = [{"family": family, "source": source} for family in "xy" for source in ("a", "b")]
    ledger = own_study(tmp_path / "own", configs, seeds=range(6), metric="score", mode="max")
    for config in configs:
        for seed in range(6):
            score = 1.0 + (config["family"] == "y") + 0.1 * seed * (config["source"] == "b")
            report(ledger, config, [{"score": score}], seed=seed)
    higher = Claim("y", "y is better.", Higher("family", "y", "x", metric="score"))
    [line] = verdicts([load_study(tmp_path / "own")], [higher]).to_dict("records")
    assert (line["verdict"], line["num_pairs"]) == ("supported", 12)
    assert line["effect"] == pytest.approx(1.0)


def test_rows_are_of_as_many_test_items_as_they_recorded(tmp_path: Path) -> None:
    """A user's function loads data that study.json does not describe."""
    configs = [{"lr": 0.1}, {"lr": 0.2}]
    ledger = own_study(tmp_path / "own", configs, metric="val_accuracy", mode="max")
    for config, num_test in zip(configs, (500, 400), strict=True):
        row = {"val_accuracy": 0.9, "test_accuracy": 0.8, "num_test": num_test}
        report(ledger, config, [row])
    rows = from_study(load_study(ledger.root)).rows
    assert list(rows[NUM_TEST]) == [500, 400]


def test_the_one_data_set_of_a_study_need_not_be_a_parameter(tmp_path: Path) -> None:
    ledger = own_study(tmp_path / "own", [{"x": 1}], defaults={"dataset": "wines"})
    report(ledger, {"x": 1}, [{"val_accuracy": 0.5}])
    file = tmp_path / "own" / "study.json"
    study = json.loads(file.read_text())
    wines = {"num_train": 70, "num_val": 10, "num_test": 20, "sha256": {"inputs": "1" * 64}}
    study["data"]["datasets"] = {"wines": {**wines, "num_images": 100}}
    file.write_text(json.dumps(study))
    [row] = from_study(load_study(tmp_path / "own")).rows.to_dict("records")
    assert (row[NUM_TRAIN], row[NUM_TEST]) == (70, 20) and "wines" in row[TEST_SET]


def test_all_rows_tell_what_is_a_share_also_where_a_claim_is_about_some(tmp_path: Path) -> None:
    configs = [{"dataset": name, "lr": lr} for name in ("easy", "hard") for lr in (0.1, 0.2)]
    space = {"metric": "val_error", "mode": "min", "measures": {"val_error": {"unit": "%"}}}
    ledger = own_study(tmp_path / "own", configs, seeds=range(6), **space)
    for config in configs:
        for seed in range(6):
            error = (0.5 if config["dataset"] == "easy" else 30.0) + 2 * float(config["lr"])
            report(
                ledger,
                config,
                [{"val_error": error + 0.01 * seed**2 * float(config["lr"])}],
                seed=seed,
            )
    study = load_study(tmp_path / "own")
    test = Higher("lr", 0.2, 0.1, metric="val_error")
    [verdict] = judge_all([Claim("c", "It rises.", test, {"dataset": "easy"})], from_study(study))
    # Per cent from 0.7 to 1.0 on this data set, no fractions, as the other one shows.
    assert verdict.outcome.unit == "plain" and verdict.outcome.effect == pytest.approx(
        0.209, abs=1e-3
    )
    assert "0.209" in verdict.sentence and "points" not in verdict.sentence
