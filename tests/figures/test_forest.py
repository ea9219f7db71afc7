"""What each step of a factor changes: effects, intervals, verdicts, and the drawing of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.figures.forest import (
    COLUMNS,
    UNDECIDED,
    VERDICTS,
    _decide,
    forest_data,
    step_words,
)
from analysis.figures.forest_chart import draw_forest
from analysis.frames.load import Study, load_study
from analysis.frames.measures import shown_of
from analysis.render.drawings import to_svg
from analysis.sections.comparisons import factors_blocks
from tests.any_studies import ANY, forty_factors, odd_names, random_search, regression
from tests.own_studies import own_study, report
from tests.studies import line, resnet_config, shared_study, study_json, write_study, write_trial


def lines_of(study: Study) -> dict[str, dict[str, Any]]:
    """Return the lines by their steps in words."""
    return {step_words(line): line for line in forest_data(study).to_dict("records")}


def test_six_seeds_decide_and_lower_is_better_for_an_error(tmp_path: Path) -> None:
    regression(tmp_path / "regression")
    lines = lines_of(load_study(tmp_path / "regression"))
    rate, width = lines["learning rate: 0.1 → 0.5"], lines["width: 8 → 32"]
    assert rate["effect"] == pytest.approx(10.0) and width["effect"] == pytest.approx(1.0)
    assert rate["verdict"] == width["verdict"] == "worse"
    assert (rate["n"], rate["num_seeds"], rate["wins"]) == (12, 6, 12)
    assert rate["low"] <= rate["effect"] <= rate["high"]


def test_lines_of_all_data_sets_stand_beside_those_of_one() -> None:
    study = load_study("published:q1b")
    lines = forest_data(study)
    assert set(lines["dataset"]) == {None, "mnist", "fashion_mnist"}
    steps = draw_forest(lines, shown_of(study)).data[0].columns["step"]
    assert "C: 1 → 10" in steps and "MNIST, kernel: poly → rbf" in steps


def test_steps_with_and_without_matched_rows_are_one_family() -> None:
    lines = lines_of(load_study("published:q1b"))
    # Five lines have a p-value: three of pairs, and the kernel on each of two data sets. All ten
    # pairs of C 1 and 10 have one sign.
    assert lines["C: 1 → 10"]["n"] == lines["C: 1 → 10"]["wins"] == 10
    assert lines["C: 1 → 10"]["p"] == pytest.approx(5 * 2 / 2**10)
    assert lines["C: 0.1 → 1"]["p"] == pytest.approx(4 * 2 / 2**6)


def test_one_seed_speaks_of_these_runs_and_few_pairs_decide_nothing(tmp_path: Path) -> None:
    configs = {f"c{b}{lr}": resnet_config(batch_size=b, lr=lr) for b in range(8) for lr in (1, 2)}
    path = write_study(tmp_path / "grid", study_json(configs))
    for name, config in configs.items():
        accuracy = 0.5 + 0.1 * (config["lr"] == 2) + 0.01 * config["batch_size"]
        result = line(2, milestone=True, test_accuracy=accuracy, train_seconds=10.0 * config["lr"])
        write_trial(path, name, config, {2: [name]}, [result])
    lines = lines_of(load_study(path))
    rate = lines["learning rate: 1 → 2"]
    # Eight pairs of one sign: p = 2 / 256; the seven steps of the batch size have too few pairs.
    assert rate["verdict"] == "better in these runs" and rate["p"] == pytest.approx(2 / 256)
    assert rate["effect"] == pytest.approx(0.1) and rate["time_ratio"] == 2.0
    assert lines["batch size: 0 → 1"]["verdict"] == "too few to tell"
    assert lines["batch size: 0 → 1"]["n"] == 2 and len(lines) == 8


def test_values_that_share_one_training_are_not_compared(tmp_path: Path) -> None:
    line_of = lines_of(load_study(shared_study(tmp_path / "grid")))["pin memory: no → yes"]
    assert line_of["verdict"] == "not compared" and "share one trial" in line_of["note"]


def test_a_random_search_is_compared_by_thirds(tmp_path: Path) -> None:
    random_search(tmp_path / "random")
    frame = forest_data(load_study(tmp_path / "random"))
    middle, weight = (line for _, line in frame[frame["factor"] == "weight"].iterrows())
    # The error falls by 4 over the whole range of the weight, so by about 8 / 3 between the outer
    # thirds, and by half of that from the lowest to the middle one.
    assert weight["effect"] == pytest.approx(-8 / 3, abs=0.5)
    assert middle["effect"] == pytest.approx(-4 / 3, abs=0.5)
    assert weight["verdict"] == middle["verdict"] == "better in these runs"
    rates = frame[frame["factor"] == "rate"]
    assert (rates["verdict"] == "not distinguishable").all() and len(rates) == 2
    assert weight["n"] in (26, 27) and not weight["is_matched"]
    assert weight["from"].startswith("≤ ") and weight["to"].startswith("> ")
    assert middle["from"] == weight["from"] and " to " in middle["to"]


def test_a_best_value_inside_of_the_range_is_seen(tmp_path: Path) -> None:
    """The loss is a parabola of the rate: both halves have the same mean."""
    configs = [{"rate": i / 20, "width": 7 * i % 21 + 0.5} for i in range(21)]
    ledger = own_study(tmp_path / "own", configs, metric="loss", mode="min")
    for config in configs:
        report(ledger, config, [{"loss": 1 + (config["rate"] - 0.5) ** 2}])
    frame = forest_data(load_study(ledger.root)).set_index(["factor", "to"])
    found = frame.loc["rate", "verdict"]
    assert found["0.3 to 0.65"] == "better in these runs"
    assert found["> 0.65"] == "not distinguishable"


@pytest.mark.parametrize(("num_configs", "p"), [(9, None), (10, 2 * 0.001053)])
def test_halves_need_five_configurations_each_whatever_their_seeds(
    tmp_path: Path, num_configs: int, p: float | None
) -> None:
    """The rates of the upper half are higher by 0.5: Welch's t of ten is 5, with 8 degrees."""
    configs = [{"rate": 0.1 * i, "width": 7 * i % num_configs + 0.5} for i in range(num_configs)]
    ledger = own_study(tmp_path / "own", configs, seeds=(0, 1), metric="loss", mode="min")
    for config in configs:
        for seed in (0, 1):
            report(ledger, config, [{"loss": config["rate"] + 0.01 * seed}], seed=seed)
    rate = forest_data(load_study(ledger.root)).set_index("factor").loc["rate"]
    assert rate["n"] == num_configs and rate["num_seeds"] == 2
    assert rate["effect"] == pytest.approx(0.05 * num_configs)
    if p is None:
        assert np.isnan(rate["p"]) and rate["verdict"] == "too few to tell"
    else:
        assert rate["p"] == pytest.approx(p, rel=1e-3) and rate["verdict"] == "worse in these runs"


def test_rows_that_are_not_matched_are_of_the_family_of_those_that_are(tmp_path: Path) -> None:
    random_search(tmp_path / "random")
    measure = shown_of(load_study(tmp_path / "random"))
    for beside, p, verdict in (([], 0.02, "worse in these runs"), ([0.03, 0.9], 0.06, UNDECIDED)):
        lines: list[dict[str, Any]] = [{"effect": 1.0, "p": 0.02}]
        _decide(lines, beside, measure)
        assert lines == [{"effect": 1.0, "p": pytest.approx(p), "verdict": verdict}]


@pytest.mark.parametrize(("num_equal", "verdict"), [(2, "too few to tell"), (3, "no difference")])
def test_only_rows_that_are_all_equal_show_no_difference(
    tmp_path: Path, num_equal: int, verdict: str
) -> None:
    configs = [{"flag": flag, "size": size} for flag in (False, True) for size in range(3)]
    ledger = own_study(tmp_path / "own", configs, metric="score", mode="max")
    for config in configs:
        gain = config["flag"] and config["size"] >= num_equal
        report(ledger, config, [{"score": config["size"] + float(gain)}])
    flag = forest_data(load_study(ledger.root)).set_index("factor").loc["flag"]
    assert (flag["n"], flag["ties"], flag["verdict"]) == (3, num_equal, verdict)


@pytest.mark.parametrize(
    ("search", "chosen"),
    [
        ({"sampler": "random", "stopping": "none"}, False),
        ({"sampler": "tpe", "stopping": "none"}, True),
        ({"sampler": "random", "stopping": "asha"}, True),
    ],
)
def test_rows_that_a_search_chose_speak_of_themselves(
    tmp_path: Path, search: dict[str, str], chosen: bool
) -> None:
    random_search(tmp_path / "random")
    study = load_study(tmp_path / "random")
    study.meta["search"] = search
    notes = str(factors_blocks(study, "x")[1].notes)  # type: ignore[union-attr]
    assert ("A search chose the rows" in notes) == chosen


def test_of_forty_flags_the_one_that_matters_is_found(tmp_path: Path) -> None:
    forty_factors(tmp_path / "forty")
    frame = forest_data(load_study(tmp_path / "forty")).set_index("factor")
    assert list(frame.index[frame["verdict"].str.startswith("better")]) == ["flag_00"]
    assert frame.loc["flag_00", "effect"] == pytest.approx(-3.0, abs=0.3) and len(frame) == 40


def test_factors_and_measures_may_have_any_name(tmp_path: Path) -> None:
    odd_names(tmp_path / "odd")
    frame = forest_data(load_study(tmp_path / "odd")).set_index("factor")
    assert frame["effect"].to_dict() == pytest.approx(
        {"kernel": -0.4, "epochs": -0.2, "source": -0.1}
    )
    assert set(frame["n"]) == {4}


def test_shares_are_compared_over_all_data_sets_and_on_each(tmp_path: Path) -> None:
    names = ("mnist", "fashion_mnist")
    configs = {f"{d}{lr}": resnet_config(dataset=d, lr=lr) for d in names for lr in (1, 2)}
    path = write_study(tmp_path / "grid", study_json(configs))
    for name, config in configs.items():
        gain = 0.1 if config["dataset"] == "mnist" else 0.3
        result = line(2, milestone=True, test_accuracy=0.4 + gain * (config["lr"] == 2))
        write_trial(path, name, config, {2: [name]}, [result])
    study = load_study(path)
    [together] = forest_data(study).to_dict("records")
    assert together["effect"] == pytest.approx(0.2) and together["dataset"] is None
    each = forest_data(study, by_data=True).set_index("dataset")["effect"]
    assert each.to_dict() == pytest.approx({"mnist": 0.1, "fashion_mnist": 0.3})


def test_names_of_steps_are_drawn_whole_though_they_have_broad_letters(tmp_path: Path) -> None:
    """Digits and an arrow take more room than letters do on average."""
    configs = [{"gamma": gamma, "size": size} for gamma in (0.0001, 0.001) for size in (1, 2)]
    ledger = own_study(tmp_path / "own", configs, metric="loss", mode="min", factors=["gamma"])
    for place, config in enumerate(configs):
        report(ledger, config, [{"loss": float(place)}])
    study = load_study(ledger.root)
    svg = to_svg(draw_forest(forest_data(study), shown_of(study)))
    assert "gamma: 0.0001 → 0.001<" in svg and "…" not in svg


@pytest.mark.parametrize("kind", ANY)
def test_every_forest_has_its_columns_and_can_be_drawn(tmp_path: Path, kind: str) -> None:
    ANY[kind][0](tmp_path / kind)
    study = load_study(tmp_path / kind)
    frame = forest_data(study)
    assert tuple(frame.columns) == COLUMNS and set(frame["verdict"]) <= {*VERDICTS}
    if len(frame):
        assert "svg" in to_svg(draw_forest(frame.head(6), shown_of(study)))
