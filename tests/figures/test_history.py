from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis.figures.budget import budget_chart, budget_data
from analysis.figures.history import history_chart, history_data
from analysis.figures.rows import rows_of
from analysis.figures.theme import INK
from analysis.figures.timeline import timeline_chart, timeline_data
from analysis.frames.load import load_study
from analysis.frames.summary import compared
from analysis.sections.course_figures import history
from tests.drawn_charts import SVG, drawn, texts, with_options
from tests.own_studies import own_study, report
from tests.random_search import random_search


def test_results_stand_in_the_order_they_came(tmp_path: Path) -> None:
    study = random_search(tmp_path / "search", count=6)
    rows = rows_of(study, "search")
    assert rows is not None
    data = history_data(study, rows)
    assert list(data["id"]) == [f"r{number:04d}" for number in range(6)]
    assert list(data["place"]) == [1, 2, 3, 4, 5, 6]
    # The first trial began at 0 s, the last result came at 5 × 60 + 60 s.
    assert data["hours"].iloc[-1] == pytest.approx(360 / 3600)
    chart = history_chart(rows, data, "search-history", rows.factors[2])
    assert "results in the order they came" in texts(chart)
    assert "hours since the first trial began" in texts(with_options(chart, **{"x axis": "hours"}))


@pytest.mark.parametrize("mode", ["min", "max"])
def test_the_best_so_far_falls_for_an_error_and_rises_for_a_score(
    tmp_path: Path, mode: str
) -> None:
    configs = [{"depth": depth} for depth in range(4)]
    ledger = own_study(tmp_path / "own", configs, metric="value", mode=mode)
    for place, (config, value) in enumerate(zip(configs, (3.0, 4.0, 1.0, 2.0), strict=True)):
        report(ledger, config, [{"value": value}], begins=100.0 * place)
    study = load_study(ledger.root)
    rows = rows_of(study, "own")
    assert rows is not None
    drawing = drawn(history_chart(rows, history_data(study, rows), "own-history", None))
    paths = [path.attrib for path in drawing.iter(f"{SVG}path")]
    points = [path["transform"] for path in paths if "transform" in path]
    heights = [float(re.findall(r"[\d.]+", point)[1]) for point in points]
    [line] = [path["d"] for path in paths if path.get("stroke") == INK and path["d"]]
    steps = [float(y) for _, y in re.findall(r"([\d.]+),([\d.]+)", line)]
    best = {"min": heights[2], "max": heights[1]}[mode]
    assert (steps[0], steps[-1]) == pytest.approx((heights[0], best), abs=0.1)


def test_bars_begin_before_the_first_epoch_and_do_not_overlap(tmp_path: Path) -> None:
    study = random_search(tmp_path / "search", count=4, seeds=(0, 1))
    data = timeline_data(study)
    assert data is not None
    assert data.num_lanes == 2, "both seeds of a configuration at once"
    assert len(data.bars) == data.num_trials == 8
    first = data.bars.iloc[0]
    assert (first["start"], first["end"]) == (0.0, pytest.approx(1.0))
    for _, lane in data.bars.groupby("lane"):
        ends = lane["end"].shift().dropna()
        assert (lane["start"].iloc[1:].to_numpy() >= ends.to_numpy() - 1e-9).all()
    rows = rows_of(study, "search")
    assert list(drawn(timeline_chart(rows, data, "t")).iter())
    assert "finished" in texts(timeline_chart(None, data, "t"))


def test_a_function_that_reports_once_has_its_timeline_and_its_hours(tmp_path: Path) -> None:
    configs = [{"depth": depth} for depth in range(5)]
    ledger = own_study(tmp_path / "once", configs, metric="score", mode="max")
    for place, config in enumerate(configs):
        # One after another, 90 s each, told by nothing but what Tune adds to a result.
        report(ledger, config, [{"score": 1.0 + place}], seconds=90.0, begins=90.0 * place)
    study = load_study(tmp_path / "once")
    assert study.rows["tune_seconds"].tolist() == [90.0] * 5
    data = timeline_data(study)
    assert data is not None
    assert data.bars["start"].tolist() == [0.0, 1.5, 3.0, 4.5, 6.0]
    assert data.bars["end"].tolist() == [1.5, 3.0, 4.5, 6.0, 7.5]
    assert data.num_lanes == 1
    rows = rows_of(study, "once")
    assert rows is not None
    assert rows.measure("tune_seconds") is not None
    came = history_data(study, rows)
    assert came["hours"].tolist() == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.125])
    expected = budget_data(rows, compared(study))
    assert expected["hours"].tolist() == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.125])
    chart = budget_chart(rows, expected, "once-budget")
    assert "hours of training, one after another" in texts(
        with_options(chart, **{"x axis": "hours"})
    )


def test_pauses_in_which_nothing_ran_are_no_hours_of_a_study(tmp_path: Path) -> None:
    configs = [{"depth": depth} for depth in range(3)]
    ledger = own_study(tmp_path / "paused", configs, metric="score", mode="max")
    for config, begins, launch in zip(configs, (0.0, 60.0, 90_000.0), "112", strict=True):
        report(ledger, config, [{"score": 1.0}], seconds=60.0, begins=begins, launch=f"00{launch}")
    study = load_study(tmp_path / "paused")
    data, rows = timeline_data(study), rows_of(study, "paused")
    assert data is not None
    assert rows is not None
    assert data.bars["end"].tolist() == [1.0, 2.0, 3.0]
    assert history_data(study, rows)["hours"].tolist() == pytest.approx([1 / 60, 2 / 60, 3 / 60])


def test_a_part_of_the_seeds_is_not_the_best_so_far(tmp_path: Path) -> None:
    configs = [{"depth": depth} for depth in range(4)]
    ledger = own_study(tmp_path / "part", configs, seeds=(0, 1), metric="score", mode="max")
    for place, config in enumerate(configs):
        for seed in (0, 1):
            if place < 3 or seed == 0:  # the last one is the best, and has no second seed yet
                begins = 200.0 * place + 100.0 * seed
                report(ledger, config, [{"score": float(place)}], seed=seed, begins=begins)
    study = load_study(tmp_path / "part")
    rows = rows_of(study, "part")
    assert rows is not None
    data = history_data(study, rows)
    assert data["compared"].tolist() == [True, True, True, False]
    drawing = drawn(history_chart(rows, data, "part-history", None))
    paths = [path.attrib for path in drawing.iter(f"{SVG}path")]
    points = [path["transform"] for path in paths if "transform" in path]
    [line] = [path["d"] for path in paths if path.get("stroke") == INK and path["d"]]
    *_, (_, third), (end, _) = [re.findall(r"[\d.]+", point) for point in points]
    assert line.endswith(f"L{end},{third}"), "it goes on to the last result, as high as the third"
    figure = history(study, "part")
    assert figure is not None
    assert "the best so far of those with results at the most seeds." in figure.caption
