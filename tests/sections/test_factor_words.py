"""What the answer says of factors: no advice where nothing differs, and the cheaper value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.figures.forest import SAME, TOO_FEW, UNDECIDED, forest_data
from analysis.frames.load import Study, load_study
from analysis.sections import factor_words
from analysis.sections.comparisons import factors_blocks, is_exact
from analysis.sections.factor_words import enough_seeds, factors_in_words
from tests.own_studies import own_study, report
from tests.studies import line, resnet_config, study_json, write_study, write_trial


def exact(
    path: Path, factors: dict[str, float], seeds: int = 6, *, unit: float = 1.0, luck: float = 0.0
) -> Study:
    """Return a study of the same differences at every seed: each factor adds its value at level 1.

    What it adds grows by ``luck`` from seed to seed; all results are in the given unit.
    """
    configs: list[dict[str, Any]] = [{}]
    for name in factors:
        configs = [{**config, name: level} for config in configs for level in (0, 1)]
    ledger = own_study(path, configs, seeds=range(seeds), metric="val_loss", mode="min")
    for config in configs:
        added = sum(factors[name] * config[name] for name in factors)
        for seed in range(seeds):
            loss = unit * (2.0 + seed + added * (1 + luck * seed))
            report(ledger, config, [{"val_loss": loss, "test_loss": loss}], seed=seed)
    return load_study(path)


def test_the_same_difference_at_six_seeds_is_decided_by_sign_flips(tmp_path: Path) -> None:
    study = exact(tmp_path / "own", {"alpha": 0.5, "beta": 0.0})
    lines = forest_data(study).set_index("factor")
    # Two of the 64 patterns of signs are as extreme; beta needs no test, so Holm has one p-value.
    assert lines.loc["alpha", "p"] == pytest.approx(2 / 64)
    assert lines.loc["alpha", "verdict"] == "worse" and lines.loc["beta", "verdict"] == SAME
    assert factors_in_words(study) == [
        "Better on average: alpha 0 instead of 1 (−0.5).",
        "No difference: beta 0 or 1.",
    ]
    table = factors_blocks(study, "x")[1]
    assert table.cells["what it does"] == [  # type: ignore[union-attr]
        "Alpha 1 instead of 0: test loss is 0.5 higher on average, higher in 12 of 12 pairs at 6 "
        "seeds, the same difference at every seed; worse.",
        "Beta 1 instead of 0: test loss is equal in 12 pairs at 6 seeds.",
    ]


def test_two_exact_differences_are_too_many_for_six_seeds(tmp_path: Path) -> None:
    study = exact(tmp_path / "own", {"alpha": 0.5, "beta": 0.25})
    assert set(forest_data(study)["verdict"]) == {TOO_FEW}
    assert factors_in_words(study) == [
        "The same at every seed, but too few seeds to test so many steps (7 will do): alpha 0 "
        "instead of 1 (−0.5); beta 0 instead of 1 (−0.25)."
    ]


def test_equal_results_at_few_seeds_are_no_difference(tmp_path: Path) -> None:
    study = exact(tmp_path / "own", {"alpha": 0.5, "beta": 0.0}, seeds=3)
    assert factors_in_words(study) == [
        "Seen, but too few seeds to tell it from chance (6 may do): alpha 0 instead of 1 (−0.5).",
        "No difference: beta 0 or 1.",
    ]


@pytest.mark.parametrize(
    ("num_levels", "num_seeds", "word"),
    [(3, 6, TOO_FEW), (3, 7, "better"), (6, 7, TOO_FEW), (6, 8, "better")],
)
def test_the_seeds_that_are_said_to_do_can_decide(
    tmp_path: Path, num_levels: int, num_seeds: int, word: str
) -> None:
    """Two steps reach 2 / 2⁶ twice, 0.0625, and five steps 2 / 2⁷ five times, 0.078."""
    configs = [{"width": level} for level in range(num_levels)]
    ledger = own_study(tmp_path / "w", configs, seeds=range(num_seeds), metric="cost", mode="min")
    for config in configs:
        for seed in range(num_seeds):
            report(ledger, config, [{"cost": 9.0 - config["width"] + seed**2 / 99}], seed=seed)
    study = load_study(ledger.root)
    assert set(forest_data(study)["verdict"]) == {word}
    assert enough_seeds(study) == (num_seeds + 1 if word == TOO_FEW else 6)


def test_seeds_that_tie_are_no_reason_to_name_fewer(tmp_path: Path) -> None:
    """Of eight seeds four differ: sign flips of four reach 0.125."""
    ledger = own_study(
        tmp_path / "w", [{"w": 0}, {"w": 1}], seeds=range(8), metric="cost", mode="min"
    )
    for w in (0, 1):
        for seed in range(8):
            report(ledger, {"w": w}, [{"cost": 9.0 - w * max(0, seed - 3) + seed}], seed=seed)
    [words] = factors_in_words(load_study(ledger.root))
    assert words == "Seen, but too few seeds to tell it from chance: w 1 instead of 0 (−1.25)."


def test_rows_that_are_not_matched_take_no_more_seeds(tmp_path: Path) -> None:
    configs = [{"a": a, "b": b, "c": c} for a, b, c in ((0, 1, 1), (1, 0, 1), (1, 1, 0), (0, 0, 0))]
    ledger = own_study(tmp_path / "w", configs, seeds=range(6), metric="cost", mode="min")
    for place, config in enumerate(configs):
        for seed in range(6):
            report(ledger, config, [{"cost": 9.0 + place**2 + seed * place / 9}], seed=seed)
    study = load_study(ledger.root)
    assert not forest_data(study)["is_matched"].any() and enough_seeds(study) == 6


@pytest.mark.parametrize("unit", [1.0, 1e-10])
def test_a_difference_is_exact_in_any_unit(tmp_path: Path, unit: float) -> None:
    [same] = forest_data(exact(tmp_path / "same", {"alpha": 0.5}, unit=unit)).to_dict("records")
    luck = exact(tmp_path / "luck", {"alpha": 0.5}, unit=unit, luck=0.1)
    [differs] = forest_data(luck).to_dict("records")
    assert is_exact(same) and not is_exact(differs)
    assert not is_exact(same | {"is_matched": False})


def opposite(path: Path) -> Study:
    """Return a study in which a factor gains on one data set what it loses on the other."""
    gains = {"mnist": 0.0500004, "fashion_mnist": -0.05}
    configs = {f"{d}{lr}": resnet_config(dataset=d, lr=lr) for d in gains for lr in (1, 2)}
    write_study(path, study_json(configs))
    for name, config in configs.items():
        accuracy = 0.4 + gains[config["dataset"]] * (config["lr"] == 2)
        result = line(2, milestone=True, test_accuracy=accuracy)
        write_trial(path, name, config, {2: [name]}, [result])
    return load_study(path)


def test_differences_that_cancel_out_are_not_called_equal(tmp_path: Path) -> None:
    study = opposite(tmp_path / "own")
    assert factors_in_words(study) == ["Too few pairs to tell: learning rate 1 or 2."]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (SAME, "No difference"),
        (UNDECIDED, "Not distinguishable"),
        (TOO_FEW, "Too few pairs to tell"),
        ("better", "Different, but by too little to print"),
        ("worse in these runs", "Different in these runs, but by too little to print"),
    ],
)
def test_what_is_printed_as_zero_is_no_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verdict: str, words: str
) -> None:
    study = opposite(tmp_path / "own")
    lines = forest_data(study).assign(verdict=verdict, time_ratio=2.0)
    monkeypatch.setattr(factor_words, "forest_data", lambda _: lines)
    text = f"{words}: learning rate 1 or 2 (1 takes 0.5× the time)."
    assert factors_in_words(study) == [text]


def test_the_cheaper_of_two_values_that_cannot_be_told_apart_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = exact(tmp_path / "own", {"alpha": 0.5})
    lines = forest_data(study).assign(verdict=UNDECIDED, time_ratio=0.25)
    monkeypatch.setattr(factor_words, "forest_data", lambda _: lines)
    assert factors_in_words(study) == [
        "Not distinguishable: alpha 0 or 1 (1 takes 0.25× the time)."
    ]


def test_a_step_that_helps_at_one_value_and_harms_at_another_is_named(tmp_path: Path) -> None:
    """Over both values of beta it cannot be told from chance, at either it is clear."""
    configs = [{"alpha": alpha, "beta": beta} for alpha in (0, 1) for beta in (0, 1)]
    ledger = own_study(tmp_path / "own", configs, seeds=range(6), metric="score", mode="max")
    for config in configs:
        for seed in range(6):
            gain = (1 + seed / 10) * (1 if config["beta"] else -1)
            luck = [0.03, -0.02, 0.01, -0.03, 0.02, -0.01][seed] * config["beta"]
            report(ledger, config, [{"score": config["alpha"] * (gain + luck)}], seed=seed)
    lines = factors_in_words(load_study(tmp_path / "own"))
    assert lines[1:] == [
        "Not distinguishable: alpha 0 or 1.",
        "Alpha 1 instead of 0: the sign of the difference depends on beta: −1.25 at 0 (higher in 0 "
        "of 6), +1.25 at 1 (higher in 6 of 6).",
    ]
