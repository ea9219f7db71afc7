from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from analysis.figures.chart import Chart, Data
from analysis.figures.rows import Rows, rows_of
from analysis.figures.scatter import (
    MOST_POINTS,
    explore_chart,
    front_data,
    pareto_chart,
    sample_words,
    sampled,
)
from analysis.frames.load import load_study
from analysis.sections.configuration_figures import pareto
from tests.drawn_charts import SVG, drawn, texts, with_options
from tests.own_studies import own_study, report
from tests.studies import line, resnet_config, study_json, write_study, write_trial

RESULTS = {"a": (10.0, 0.5), "b": (20.0, 0.4), "c": (30.0, 0.9), "d": (30.0, 0.8), "e": (5.0, 0.1)}
"""Configuration -> training seconds and validation accuracy: a, c and e are on the front."""


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    configurations = {
        name: resnet_config(dataset="fashion_mnist" if name == "b" else "mnist", lr=0.1 * place)
        for place, name in enumerate(RESULTS, start=1)
    }
    path = write_study(tmp_path / "grid", study_json(configurations))
    for name, (seconds, accuracy) in RESULTS.items():
        end = line(2, milestone=True, val_accuracy=accuracy, train_seconds=seconds)
        write_trial(path, f"k{name}", configurations[name], {2: [name]}, [line(1), end])
    found = rows_of(load_study(path), "grid")
    assert found is not None
    return found


def test_a_point_is_on_the_front_unless_another_beats_it(rows: Rows) -> None:
    seconds = rows.measure("train_seconds")
    assert seconds is not None
    assert list(front_data(rows, seconds, rows.objective)["id"]) == ["e", "a", "c"]
    # Each data set has a front of its own.
    of_sets = front_data(rows, seconds, rows.objective, rows.factors[0])
    assert sorted(of_sets["id"]) == ["a", "b", "c", "e"]


def rings_of(chart: Chart) -> list[Element]:
    """Return the marks of the points on a drawn front."""
    return [
        path
        for path in drawn(chart).iter(f"{SVG}path")
        if path.get("stroke") == "#5b6570" and "A" in str(path.get("d"))
    ]


def test_the_drawn_front_is_the_computed_one(rows: Rows) -> None:
    seconds = rows.measure("train_seconds")
    assert seconds is not None
    chart = pareto_chart(rows, seconds, rows.objective, None)
    rings = rings_of(chart)
    assert len(rings) == len(front_data(rows, seconds, rows.objective)) == 3


def test_what_lacks_a_seed_is_on_no_front(tmp_path: Path) -> None:
    points = {1: (5.0, 5.0), 2: (9.0, 1.0), 3: (4.0, 6.0)}
    configs = [{"depth": depth} for depth in points]
    ledger = own_study(tmp_path / "own", configs, seeds=(0, 1), metric="score", mode="max")
    for config in configs:
        for seed in (0, 1):
            if config != {"depth": 2} or seed == 0:
                score, used = points[config["depth"]]
                report(ledger, config, [{"score": score, "energy": used}], seed=seed)
    found = rows_of(load_study(tmp_path / "own"), "own")
    assert found is not None and found.is_fair == [True, False, True]
    energy = found.measure("energy")
    assert energy is not None
    assert list(front_data(found, energy, found.objective)["y"]) == [5.0]
    assert len(rings_of(pareto_chart(found, energy, found.objective, None))) == 1


def test_equal_points_are_on_the_front_together(tmp_path: Path) -> None:
    points = [(1.0, 5.0), (1.0, 5.0), (2.0, 3.0), (2.0, 4.0), (3.0, 3.0), (4.0, 2.0), (5.0, None)]
    configs = [{"depth": depth} for depth in range(len(points))]
    ledger = own_study(tmp_path / "own", configs, metric="val_rmse", mode="min")
    for config, (cost, error) in zip(configs, points, strict=True):
        report(ledger, config, [{"val_rmse": cost, "energy": error}])
    study = load_study(tmp_path / "own")
    found = rows_of(study, "own")
    assert found is not None
    energy = found.measure("energy")
    assert energy is not None
    of_depths = dict(zip(found.data.columns["id"], found.frame["depth"], strict=True))
    front = front_data(found, energy, found.objective)["id"]
    assert sorted(int(of_depths[i]) for i in front) == [0, 1, 2, 5]
    assert len(rings_of(pareto_chart(found, energy, found.objective, None))) == 4
    figure = pareto(study, "own")
    assert figure is not None and figure.alt.endswith(" 4 of 6 configurations are on a front.")


def test_axes_colours_and_panels_are_chosen_by_the_reader(rows: Rows) -> None:
    chart = explore_chart(rows, rows.factors[1], rows.objective, None)
    labels = {choice.label: choice for choice in chart.choices}
    assert set(labels) == {"x axis", "y axis", "colour", "panels"}
    assert "train (s)" in labels["x axis"].options
    changed = with_options(chart, **{"x axis": "train (s)", "panels": "data set"})
    found = texts(changed)
    assert "train (s)" in found and "data set: MNIST" in found
    assert "data set: MNIST" not in texts(chart)


def test_names_of_a_user_are_no_expressions(tmp_path: Path) -> None:
    evil = "a']; alert(1); datum['b.c[0]"
    configurations: dict[str, Any] = {
        f"c{i}": {evil: value, "x.y[0]": i} for i, value in enumerate(["'+1+'", "\\", '"'])
    }
    space = {"is_own": True, "factors": [evil, "x.y[0]"], "metric": "score.z", "mode": "max"}
    path = write_study(tmp_path / "own", study_json(configurations, space=space))
    for index, (name, config) in enumerate(configurations.items()):
        end = {"epoch": 1, "milestone": 1, "status": "ok", "score.z": float(index)}
        write_trial(path, f"k{index}", config, {1: [name]}, [end])
    found = rows_of(load_study(path), "own")
    assert found is not None and len(found.frame) == 3
    chart = explore_chart(found, found.factors[0], found.objective, found.factors[1])
    shown = texts(with_options(chart, panels=found.factors[0].title[:60]))
    assert any("alert(1)" in text for text in shown)
    assert {"'+1+'", "\\", '"'} <= {text[-len(v) :] for text in shown for v in ("'+1+'", "\\", '"')}


def test_of_very_many_points_an_even_sample_is_drawn_and_said(rows: Rows) -> None:
    assert sampled(MOST_POINTS) == [] and sample_words(MOST_POINTS) == ""
    [only] = sampled(10_000)
    assert only == {"filter": "datum.jitter < 0.2000"}
    assert "2,000 of 10,000 configurations are drawn" in sample_words(10_000)
    jitter = [x * 0.6180339887498949 % 1.0 for x in range(10_000)]
    assert abs(sum(x < 0.2 for x in jitter) - 2_000) < 5
    assert isinstance(rows.data, Data)
