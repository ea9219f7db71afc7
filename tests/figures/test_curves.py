from __future__ import annotations

from pathlib import Path

import pytest

from analysis.figures import curves
from analysis.figures.chart import Chart
from analysis.figures.curves import MOST_EPOCHS, MOST_LINES, curves_data
from analysis.figures.curves_chart import curves_chart
from analysis.figures.theme import SERIES
from analysis.frames.load import load_study
from tests.drawn_charts import SVG, drawn, texts, with_options
from tests.own_studies import own_study, report
from tests.random_search import random_search
from tests.studies import (
    A2,
    A5,
    PREFIX,
    line,
    resnet_config,
    study_json,
    write_study,
    write_trial,
)


def test_a_trial_is_one_line_with_its_picked_configuration(tmp_path: Path) -> None:
    configurations = {"a2": A2, "a5": A5, "b": resnet_config(lr=0.5)}
    path = write_study(tmp_path / "grid", study_json(configurations))
    lines = [line(epoch, val_accuracy=0.1 * epoch) for epoch in range(1, 6)]
    lines[1] |= line(2, milestone=True, val_accuracy=0.2)
    lines[4] |= line(5, milestone=True, val_accuracy=0.5)
    write_trial(path, "a", A5, PREFIX, lines)
    result = [line(1, val_accuracy=0.3), line(2, milestone=True, val_accuracy=0.4)]
    write_trial(path, "b", configurations["b"], {2: ["b"]}, result)
    data = curves_data(load_study(path), "grid-curves")
    assert data is not None and data.num_drawn == data.num_trials == 2
    assert data.lines.columns["id"] == ["a5", "b"], "the configuration at the last milestone"
    assert data.lines.columns["picked"] == [True, False]
    assert data.measures[0].title == "validation accuracy (%)"
    accuracy = list(zip(data.points.columns["epoch"], data.points.columns["e0"], strict=True))
    picked = [(1, 10), (2, 20), (3, 30), (4, 40), (5, 50)]
    assert accuracy == [(1, 30), (2, 40), *picked], "the picked one last, on top of the others"
    assert "launch" not in [measure.title for measure in data.measures]


def test_curves_of_any_measure_are_coloured_by_a_factor(tmp_path: Path) -> None:
    data = curves_data(random_search(tmp_path / "search"), "curves")
    assert data is not None
    chart = curves_chart(data, "rows", data.factors[2], None, measure=data.measures[0])
    assert "validation rmse (mm)" in texts(chart) and {"rbf", "poly"} <= set(texts(chart))
    by_rate = with_options(chart, panels="learning rate", colour="nothing")
    assert sum(text.startswith("learning rate: ") for text in texts(by_rate)) == 4


def lines_and_points(chart: Chart) -> tuple[list[int], list[str | None]]:
    """Return how many epochs each drawn line joins, and the fill of each point that is seen."""
    paths = list(drawn(chart).iter(f"{SVG}path"))
    lines = [str(p.get("d")) for p in paths if p.get("stroke-width") in ("1.2", "3")]
    joined = [line.count("L") + 1 for line in lines if line]
    points = [p for p in paths if "A3.87" in str(p.get("d")) and p.get("opacity") != "0"]
    return sorted(joined), [p.get("fill") for p in points]


def test_a_measure_of_some_epochs_is_a_line_and_one_of_one_epoch_a_point(tmp_path: Path) -> None:
    ledger = own_study(
        tmp_path / "own", [{"depth": depth} for depth in (1, 2, 3)], metric="val_loss"
    )
    epochs = [{"train_loss": 9.0 / epoch} for epoch in range(1, 301)]
    for place in range(4, 300, 5):
        epochs[place]["val_loss"] = 10.0 / place
    report(ledger, {"depth": 1}, epochs)
    report(ledger, {"depth": 2}, [{"train_loss": 9.0, "val_loss": 9.0}])
    rare = [{"train_loss": 1.0} | ({"val_loss": 3.0} if e % 70 == 69 else {}) for e in range(280)]
    report(ledger, {"depth": 3}, rare)
    data = curves_data(load_study(tmp_path / "own"), "curves")
    assert data is not None
    assert [m.title for m in data.measures] == ["validation loss", "train loss"]
    chart = curves_chart(data, "rows", data.factors[0], None, measure=data.measures[0])
    joined, fills = lines_and_points(chart)
    assert joined == [1, 4, 60], "the epochs with a value; a single one is seen as a point"
    assert fills == [SERIES[1]]
    plain = with_options(chart, **{"y axis": "train loss"}, colour="nothing")
    joined, fills = lines_and_points(plain)
    assert 60 <= joined[2] <= 120, "its own epochs and those of the other measure"
    assert fills == [SERIES[0]]


def test_two_epochs_have_two_ticks(tmp_path: Path) -> None:
    """Ticks at 1, 1.5 and 2 would read 1, 2 and 2."""
    path = write_study(tmp_path / "grid", study_json({"a2": A2}))
    lines = [line(1, val_accuracy=0.5), line(2, milestone=True, val_accuracy=0.9)]
    write_trial(path, "a", A2, {2: ["a2"]}, lines)
    data = curves_data(load_study(path), "curves")
    assert data is not None
    found = texts(curves_chart(data, "rows", None, None, measure=data.measures[0]))
    assert [text for text in found if text in ("1", "2")] == ["1", "2"]


def test_of_many_trials_and_epochs_some_are_drawn(tmp_path: Path) -> None:
    count, last = MOST_LINES + 50, 3 * MOST_EPOCHS
    configurations = {f"c{i:03d}": resnet_config(lr=0.001 * (i + 1)) for i in range(count)}
    path = write_study(tmp_path / "grid", study_json(configurations))
    for place, (name, config) in enumerate(configurations.items()):
        end = last if place == 7 else 2
        lines = [line(epoch, val_accuracy=place / count) for epoch in range(1, end)]
        lines.append(line(end, milestone=True, val_accuracy=place / count))
        write_trial(path, f"k{place:03d}", config, {end: [name]}, lines)
    study = load_study(path)
    data = curves_data(study, "curves")
    assert data is not None
    assert data.num_trials == count and data.num_drawn == MOST_LINES
    best = {f"c{i:03d}" for i in range(count - MOST_LINES // 4, count)}
    assert best <= set(data.lines.columns["id"])
    long = data.lines.columns["id"].index("c007") if "c007" in data.lines.columns["id"] else None
    if long is not None:
        assert data.points.columns["line"].count(long) <= MOST_EPOCHS


def test_without_a_second_epoch_there_are_no_curves(tmp_path: Path) -> None:
    path = write_study(tmp_path / "one", study_json({"a": resnet_config(epochs=1)}))
    write_trial(path, "a", resnet_config(epochs=1), {1: ["a"]}, [line(1, milestone=True)])
    assert curves_data(load_study(path), "curves") is None


def test_picks_are_drawn_even_where_another_data_set_is_easier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curves, "MOST_LINES", 8)
    configs = [{"dataset": name, "depth": depth} for name in ("hard", "easy") for depth in range(9)]
    ledger = own_study(tmp_path / "own", configs, metric="score", mode="max")
    for place, config in enumerate(configs):
        score = place + (3 if config == {"dataset": "hard", "depth": 4} else 0) / 2
        report(ledger, config, [{"score": score - 1}, {"score": score}])
    data = curves_data(load_study(tmp_path / "own"), "curves")
    assert data is not None
    assert sum(data.lines.columns["picked"]) == 2
