from __future__ import annotations

from pathlib import Path

from analysis.figures.effects import draw_effects, interaction_chart
from analysis.figures.rows import rows_of
from analysis.figures.slices import heat_chart, slices_chart
from analysis.figures.theme import PAGE
from analysis.frames.effects import main_effects_data
from analysis.frames.load import load_study
from analysis.frames.measures import shown_of
from tests.analysed_studies import grid_study
from tests.drawn_charts import SVG, drawn, texts, with_options
from tests.own_studies import own_study, report
from tests.random_search import random_search


def test_levels_of_every_factor_are_named(tmp_path: Path) -> None:
    study = grid_study(tmp_path / "grid")
    frame = main_effects_data(study)
    chart = draw_effects(frame, shown_of(study), "mean_test_accuracy")
    assert {"model", "learning rate", "ResNet-18", "0.1", "mean test accuracy (%)"} <= set(
        texts(chart)
    )
    # 90 and 80 % with ResNet-18, 70 and 50 % with ResNet-50.
    assert chart.data[0].columns["mean"] == [85, 60, 80, 65]


def test_cells_hold_the_mean_of_their_configurations(tmp_path: Path) -> None:
    rows = rows_of(grid_study(tmp_path / "grid"), "grid")
    assert rows is not None
    test = rows.measure("test_accuracy")
    assert test is not None
    model, lr = rows.factors
    shown = texts(heat_chart(rows, test, model, lr))
    assert {"90.0", "80.0", "70.0", "50.0"} <= set(shown)
    choices = {"x axis": "learning rate", "y axis": "model"}
    swapped = with_options(heat_chart(rows, test, model, lr), **choices)
    assert {"90.0", "80.0", "70.0", "50.0"} <= set(texts(swapped))


def test_continuous_factors_are_cut_into_parts(tmp_path: Path) -> None:
    rows = rows_of(random_search(tmp_path / "search"), "search")
    assert rows is not None
    lr, _, kernel = rows.factors
    chart = interaction_chart(rows, rows.objective, lr, kernel)
    assert set(lr.grouping.order) <= set(texts(chart))
    assert len(texts(slices_chart(rows, rows.objective, kernel))) > 20


def test_a_point_stands_at_its_level_in_panels_of_few_and_of_many_levels(tmp_path: Path) -> None:
    configs = [{"kind": kind, "size": size} for size in (1, 2, 4, 8, 16) for kind in "ab"]
    space = {"metric": "score", "mode": "max", "factors": ["kind", "size"]}
    ledger = own_study(tmp_path / "own", configs, **space)
    for place, config in enumerate(configs):
        report(ledger, config, [{"score": float(place)}])
    rows = rows_of(load_study(tmp_path / "own"), "own")
    assert rows is not None
    chart = drawn(slices_chart(rows, rows.objective, None))
    points = [path for path in chart.iter(f"{SVG}path") if path.get("stroke") == PAGE]
    across = [float(str(path.get("transform"))[10:].split(",")[0]) for path in points]
    assert [int(x / 95) for x in across[:10]] == [0, 1] * 5, "of 190 pixels"
    assert [int(x / 38) for x in across[10:]] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_levels_ascend_also_where_another_factor_has_some_of_them(tmp_path: Path) -> None:
    configs = [{"width": width, "batch": batch} for width in (8, 16) for batch in (2, 16, 32)]
    ledger = own_study(tmp_path / "own", configs, metric="score", mode="max", factors=["width"])
    for place, config in enumerate(configs):
        report(ledger, config, [{"score": float(place)}])
    study = load_study(tmp_path / "own")
    chart = draw_effects(main_effects_data(study), shown_of(study), "mean_score")
    assert [text for text in texts(chart) if text.isdecimal()] == ["8", "16", "2", "16", "32"]
