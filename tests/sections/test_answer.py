"""The first screen of a report: what won, what matters, what it cost, what is not known."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from analysis.frames.answer import winners
from analysis.frames.cells import counted
from analysis.frames.columns import without_chance
from analysis.frames.load import load_study
from analysis.render.document import Bullets, Figure, Paragraph, Section, Table
from analysis.sections.answer import answer, cost_in_words, winners_in_words
from analysis.sections.best import best
from tests.any_studies import regression, single_trial
from tests.own_studies import own_study, report
from tests.studies import (
    line,
    prefix_study,
    resnet_config,
    study_json,
    write_study,
    write_trial,
)
from tune_app.study.stop import STOPPED_FILE, Stop


def lines_of(section: Section) -> tuple[str, ...]:
    """Return the lines of the answer."""
    [lines] = [block.items for block in section.blocks if isinstance(block, Bullets)]
    return lines


def test_a_real_study_answers_its_question_in_under_ten_lines(real_study: Path) -> None:
    section = answer(load_study(real_study), "q1a")
    question, lines, figure, table = section.blocks
    assert isinstance(question, Paragraph) and question.text.startswith("How do model, optimizer")
    assert isinstance(lines, Bullets) and len(lines.items) < 9
    assert isinstance(figure, Figure) and isinstance(table, Table)
    assert table.cells["step"][0] == "model: ResNet-18 → ResNet-50", "the largest first"
    assert lines.items[0] == (
        "Best on MNIST of 32 configurations, picked on validation: ResNet-18, batch size 32, SGD, "
        "learning rate 0.001, epochs 5. Test accuracy 95.0 % (95 % interval 90.4 to 97.8, 160 test "
        "images); a pick on test would have claimed the same."
    )
    assert lines.items[1].endswith("a pick on test would have claimed 2.5 points more.")
    assert lines.items[2].startswith(
        "Better on average in these runs: ResNet-18 instead of ResNet-50 (+32.0 "
        "points, 0.31× the time); learning rate 0.001 instead of "
        "0.0001 (+25.4); epochs 5 instead of 2 (+17.4, 2.5× the time)"
    )
    assert lines.items[3].startswith("Cost: 128 rows from 32 trainings, 160 epochs instead of 448")
    assert lines.items[4] == (
        "Not known: what another seed would give; which of two configurations is better if they "
        "are less than about 8.8 points apart on the same 160 test images; the effect of pin "
        "memory (its values share one training, because it does nothing without a GPU)."
    )


def test_seeds_give_the_interval_of_any_measure(tmp_path: Path) -> None:
    regression(tmp_path / "regression")
    section = answer(load_study(tmp_path / "regression"), "regression")
    best, better, cost = lines_of(section)
    # Means of 6.2 to 6.75 over six seeds; Student's interval with five degrees of freedom.
    assert best == (
        "Best of 4 configurations, picked on validation: learning rate 0.1, width 8. Test rmse "
        "6.27 mm (95 % interval 6.07 to 6.46, mean of 6 seeds); a pick on test would have claimed "
        "the same."
    )
    assert better == (
        "Better on average: learning rate 0.1 instead of 0.5 (−10 mm); width 8 instead of 32 (−1)."
    )
    assert cost.startswith("Cost: 24 rows, 8 min in all trials")


def test_the_cost_names_rows_whose_training_is_not_at_its_end(tmp_path: Path) -> None:
    configs = {str(epochs): resnet_config(epochs=epochs) for epochs in (2, 5)}
    begun = resnet_config(epochs=5, optimizer="adam")
    path = write_study(tmp_path / "study", study_json({**configs, "begun": begun}))
    write_trial(path, "k", configs["5"], {2: ["2"], 5: ["5"]}, [line(1), line(2, milestone=True)])
    write_trial(path, "begun", begun, {5: ["begun"]}, [])
    [cost] = cost_in_words(load_study(path))
    # Apart, each row would have trained the two epochs that it has behind it. A trial that has not
    # ended its first epoch has cost nothing that is known.
    assert cost.startswith(
        "Cost: 2 rows (1 of them unfinished) from 1 training, 2 epochs instead of 4, "
    ), cost


def test_one_configuration_is_no_winner(tmp_path: Path) -> None:
    single_trial(tmp_path / "one")
    section = answer(load_study(tmp_path / "one"), "one")
    assert lines_of(section)[0] == (
        "One configuration has a result: learning rate 0.1. Test rmse 4, validation rmse 3."
    )
    assert not any(isinstance(block, Figure) for block in section.blocks)


@pytest.mark.parametrize("num_whole", [1, 2])
def test_a_study_that_grows_by_seeds_counts_those_it_compares(
    tmp_path: Path, num_whole: int
) -> None:
    configs = [{"depth": depth} for depth in (1, 2, 3, 4)]
    ledger = own_study(tmp_path / "own", configs, seeds=(0, 1), metric="val_loss", mode="min")
    for config in configs:
        # The deepest is the best by far, but at seed 0 alone.
        for seed in range(2 if config["depth"] <= num_whole else 1):
            rows = [{"val_loss": 9.0 - config["depth"] - seed, "test_loss": 9.0}]
            report(ledger, config, rows, seed=seed)
    study = load_study(tmp_path / "own")
    first = lines_of(answer(study, "own"))[0]
    apart = f"at the most seeds ({4 - num_whole} others at fewer, not compared)"
    begins = {
        1: f"One configuration has results {apart}: depth 1. ",
        2: f"Best of 2 configurations with results {apart}, picked on validation: depth 2. ",
    }
    assert first.startswith(begins[num_whole]), first
    [table] = [block for block in best(study, "own").blocks if isinstance(block, Table)]
    assert table.caption == "The best configuration of the study, picked on validation."
    assert table.cells["candidates"] == [str(num_whole)]
    left_out = counted(4 - num_whole, "configuration")
    assert f"Not compared, with results at fewer seeds: {left_out}." in table.notes


def test_the_edge_of_an_axis_is_named(tmp_path: Path) -> None:
    configs = [{"depth": depth, "heads": heads} for depth in (1, 2, 3) for heads in (1, 2)]
    ledger = own_study(tmp_path / "own", configs, metric="val_loss", mode="min")
    for config in configs:
        report(ledger, config, [{"val_loss": 9.0 - config["depth"] - config["heads"]}])
    said = lines_of(answer(load_study(tmp_path / "own"), "own"))[-1]
    assert "the best depth beyond the largest one tried" in said
    assert "heads" not in said, "the better of two is always at an edge"


@pytest.mark.parametrize(("others", "is_known"), [(0.5, False), (1.0, True)])
def test_an_edge_that_is_no_better_than_the_middle_is_none(
    tmp_path: Path, others: float, is_known: bool
) -> None:
    """The larger rates are worse, or as good as the smallest."""
    configs = [{"lr": lr, "flag": flag} for lr in (1, 2, 3) for flag in "ab"]
    ledger = own_study(tmp_path / "own", configs, metric="score", mode="max")
    for config in configs:
        report(ledger, config, [{"score": 1.0 if config["lr"] == 1 else others}])
    lines = lines_of(answer(load_study(tmp_path / "own"), "own"))
    [unknown] = [line for line in lines if line.startswith("Not known")]
    assert ("beyond the smallest one tried" in unknown) != is_known


def test_a_study_that_has_just_begun_says_what_is_missing(tmp_path: Path) -> None:
    lines = lines_of(answer(load_study(prefix_study(tmp_path)), "grid"))
    assert lines == (
        "No row can be picked yet.",
        "Not known: the results of 2 of 2 rows (2 not begun).",
    )


@pytest.mark.parametrize("uses_its_seed", [False, True])
def test_a_function_without_chance_gives_no_evidence_from_seeds(
    tmp_path: Path, uses_its_seed: bool
) -> None:
    configs = [{"depth": depth} for depth in (1, 2, 3)]
    ledger = own_study(tmp_path / "own", configs, seeds=range(8), metric="val_mae", mode="min")
    for config in configs:
        for seed in range(8):
            chance = 0.001 * seed * config["depth"] if uses_its_seed else 0.0
            row = {"val_mae": 9.0 - config["depth"] + chance, "fit_time": 1.0 + seed / 7}
            report(ledger, config, [row], seed=seed)
    study = load_study(tmp_path / "own")
    assert len(without_chance(study)) == (0 if uses_its_seed else 3)
    text = " ".join(lines_of(answer(study, "own")))
    assert ("Better: " in text) == uses_its_seed
    assert ("what chance does, as all seeds gave equal results" in text) != uses_its_seed
    assert ("too few pairs to tell it from chance" in text) != uses_its_seed


def test_a_measure_that_differs_shows_that_a_function_uses_its_seed(tmp_path: Path) -> None:
    ledger = own_study(tmp_path / "own", [{"depth": 1}, {"depth": 2}], seeds=range(6), metric="won")
    for config in ({"depth": 1}, {"depth": 2}):
        for seed in range(6):
            report(ledger, config, [{"won": config["depth"], "loss": seed / 7}], seed=seed)
    assert not without_chance(load_study(tmp_path / "own"))


def test_a_time_that_is_the_objective_is_measured_anew_at_every_seed(tmp_path: Path) -> None:
    configs = [{"depth": 1}, {"depth": 2}]
    ledger = own_study(tmp_path / "own", configs, seeds=range(6), metric="latency_ms", mode="min")
    for config in configs:
        for seed in range(6):
            report(ledger, config, [{"latency_ms": config["depth"] + seed / 7}], seed=seed)
    assert not without_chance(load_study(tmp_path / "own"))


def test_a_pick_is_that_of_status_where_no_seed_is_used(tmp_path: Path) -> None:
    """The deepest is the best, but at fewer seeds."""
    configs = [{"depth": depth} for depth in (1, 2, 3)]
    ledger = own_study(tmp_path / "own", configs, seeds=range(3), metric="val_mae", mode="min")
    for config in configs:
        for seed in range(2 if config["depth"] == 3 else 3):
            report(ledger, config, [{"val_mae": 9.0 - config["depth"]}], seed=seed)
    study = load_study(tmp_path / "own")
    assert len(without_chance(study)) == 3
    assert [winner.config["depth"] for winner in winners(study)] == [2]


def test_a_row_that_took_too_long_is_not_known_and_one_that_a_search_stopped_is(
    tmp_path: Path,
) -> None:
    ledger = own_study(
        tmp_path / "own", [{"depth": depth} for depth in (1, 2, 3)], metric="val_accuracy"
    )
    report(ledger, {"depth": 1}, [{"val_accuracy": 0.5}])
    for depth, stop in ((2, Stop("stopped", 1, "asha")), (3, Stop("timed_out", 1, seconds=10))):
        folder = report(ledger, {"depth": depth}, [{"val_accuracy": 0.4}], ended=False)
        (folder / STOPPED_FILE).write_text(stop.as_json())
    said = lines_of(answer(load_study(tmp_path / "own"), "own"))[-1]
    assert "the results of 1 of 3 rows (1 timed out)" in said


@pytest.mark.parametrize(
    ("num_seeds", "ends"),
    [
        (1, (0.4, 0.6)),
        (2, None),
        (3, (0.6 - 4.302653 * 0.1 / 3**0.5, 0.6 + 4.302653 * 0.1 / 3**0.5)),
    ],
)
def test_the_interval_is_over_images_at_one_seed_and_over_seeds_from_three_on(
    tmp_path: Path, num_seeds: int, ends: tuple[float, float] | None
) -> None:
    measures = {"hit": {"unit": "%"}, "test_hit": {"count": "num_shots"}}
    space = {"metric": "hit", "mode": "max", "measures": measures}
    ledger = own_study(tmp_path / "own", [{"lr": 0.1}], seeds=range(num_seeds), **space)
    for seed in range(num_seeds):
        share = 0.5 + seed / 10
        report(
            ledger, {"lr": 0.1}, [{"hit": share, "test_hit": share, "num_shots": 100}], seed=seed
        )
    [winner] = winners(load_study(tmp_path / "own"))
    if ends is None:
        assert math.isnan(winner.low) and math.isnan(winner.high)
    else:
        assert (winner.low, winner.high) == pytest.approx(
            ends, abs=2e-3 if num_seeds == 1 else 1e-6
        )


@pytest.mark.parametrize(
    ("name", "is_counted"), [("accuracy", True), ("balanced_accuracy", False), ("f1", False)]
)
def test_only_what_counts_examples_has_their_interval(
    tmp_path: Path, name: str, is_counted: bool
) -> None:
    configs = [{"depth": depth} for depth in (1, 2)]
    ledger = own_study(tmp_path / "own", configs, metric=f"val_{name}")
    for config, share in zip(configs, (0.5, 0.75), strict=True):
        row = {f"val_{name}": share, f"test_{name}": share, "num_test": 40}
        report(ledger, config, [row])
    text = " ".join(lines_of(answer(load_study(tmp_path / "own"), "own")))
    assert ("95 % interval" in text) == is_counted
    assert ("40 test examples" in text) == is_counted, "as what they resolve"


def test_a_pick_on_test_would_have_claimed_a_lower_error(tmp_path: Path) -> None:
    configs = [{"depth": depth} for depth in (1, 2)]
    ledger = own_study(tmp_path / "own", configs, metric="val_loss", mode="min")
    for config, (loss, on_test) in zip(configs, ((1.0, 4.0), (2.0, 3.0)), strict=True):
        report(ledger, config, [{"val_loss": loss, "test_loss": on_test}])
    first = lines_of(answer(load_study(tmp_path / "own"), "own"))[0]
    assert first.endswith("; a pick on test would have claimed 1 less."), first


def test_a_mean_is_of_the_seeds_that_report_the_measure(tmp_path: Path) -> None:
    ledger = own_study(tmp_path / "own", [{"lr": 1}], seeds=range(6), metric="val_score")
    for seed in range(6):
        test = {"test_score": 2.0 + seed} if seed else {}
        report(ledger, {"lr": 1}, [{"val_score": 1.0 + seed, **test}], seed=seed)
    assert winners_in_words(load_study(tmp_path / "own")) == [
        "One configuration has a result: learning rate 1. Test score 5.0 (95 % interval 3.0 to "
        "7.0, mean of 5 seeds), validation score 3.5."
    ]
