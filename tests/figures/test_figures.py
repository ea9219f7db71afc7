from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from analysis.figures import style
from analysis.figures.curves import (
    MOST_LINES,
    curves_data,
    draw_curves,
    other_curves,
    picked_rows,
)
from analysis.figures.matrices import draw_confusion
from analysis.figures.parallel import draw_parallel, parallel_data
from analysis.figures.scatter import cost_data, pareto_front, plain_log_axis
from analysis.figures.style import plain, to_png, to_svg
from analysis.frames.load import load_study
from analysis.render.drawings import Drawings
from analysis.sections import build_document
from tests.frames.test_pairs import grid_study
from tests.frames.test_scaling import scaling_study
from tests.frames.test_tables import device_study, svm_study
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

EVIL = "$\\frac{1}{0}$ <script>alert(1)</script> -->"


def test_a_point_is_on_the_front_unless_another_beats_it() -> None:
    costs = np.array([1.0, 2.0, 3.0, 3.0, 0.5])
    gains = np.array([0.5, 0.4, 0.9, 0.8, 0.1])
    assert list(pareto_front(costs, gains)) == [True, False, True, False, True]


def test_costs_are_positive_and_fronts_are_per_data_set(tmp_path: Path) -> None:
    data = cost_data(grid_study(tmp_path / "grid"), "train_seconds")
    assert set(data["series"]) == {"ResNet-18", "ResNet-50"}
    assert data["on_front"].sum() == 1, "the rest have the same validation accuracy or cost more"
    assert cost_data(grid_study(tmp_path / "none", {}), "train_seconds").empty


def test_several_seeds_are_one_point_at_their_mean(tmp_path: Path) -> None:
    """Seed 0 of the slow model is the best of all, but its mean is 85 % in 30 s."""
    configurations = {m: resnet_config(model=m) for m in ("resnet18", "resnet50")}
    path = write_study(tmp_path / "grid", study_json(configurations, seeds=(0, 1)))
    found = {"resnet18": (10.0, 0.9, 0.9), "resnet50": (30.0, 1.0, 0.7)}
    for model, (seconds, *accuracies) in found.items():
        for seed, accuracy in enumerate(accuracies):
            result = line(2, milestone=True, val_accuracy=accuracy, train_seconds=seconds)
            result["num_concurrent_trials"] = 1 + seed
            lines = [line(1), result]
            write_trial(
                path, f"{model}{seed}", configurations[model], {2: [model]}, lines, seed=seed
            )
    data = cost_data(load_study(path), "train_seconds")
    assert list(data["val_accuracy"]) == pytest.approx([0.9, 0.85])
    assert list(data["cost"]) == [10.0, 30.0] and list(data["on_front"]) == [True, False]
    assert list(data["num_concurrent_trials"]) == [2.0, 2.0]


@pytest.mark.parametrize("ends", [(66.1, 156.3), (3, 45), (0.02, 900), (0.037, 0.08), (10, 10.5)])
def test_a_logarithmic_axis_has_values_to_hold_on_to(ends: tuple[float, float]) -> None:
    with style.canvas(1, 1, 2.0) as (_, [[axes]]):
        axes.set_xscale("log")
        axes.plot(ends, [0, 1])
        plain_log_axis(axes)
        low, high = axes.get_xlim()
        inside = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert 3 <= len(inside) <= 7


def test_parallel_coordinates_name_every_value_and_line(tmp_path: Path) -> None:
    data = parallel_data(grid_study(tmp_path / "grid"))
    assert data["axes"] == [
        {"name": "model", "values": ["ResNet-18", "ResNet-50"]},
        {"name": "learning rate", "values": ["0.1", "0.2"]},
    ]
    assert [(entry["id"], entry["at"]) for entry in data["lines"]] == [
        *(("resnet18-0.1", [0, 0]), ("resnet18-0.2", [0, 1])),
        *(("resnet50-0.1", [1, 0]), ("resnet50-0.2", [1, 1])),
    ]
    assert draw_parallel(data).axes
    assert parallel_data(grid_study(tmp_path / "one", {("resnet18", 0.1): 0.9})) == {}


def test_curves_hold_every_trial_and_a_band_replaces_many(tmp_path: Path) -> None:
    path = tmp_path / "grid"
    many = {f"c{i}": resnet_config(lr=0.01 * (i + 1)) for i in range(MOST_LINES + 2)}
    write_study(path, study_json(many))
    for index, (config_id, config) in enumerate(many.items()):
        lines = [line(1, val_accuracy=0.01 * index), line(2, milestone=True)]
        write_trial(path, f"k{index}", config, {2: [config_id]}, lines)
    study = load_study(path)
    values = curves_data(study, "mnist", "resnet18", "val_accuracy")
    assert values.shape == (2, MOST_LINES + 2)
    assert sorted(values.loc[1]) == pytest.approx([0.01 * i for i in range(MOST_LINES + 2)])
    canvas = draw_curves(study, "mnist")
    texts = {text.get_text() for text in canvas.legends[0].get_texts()}
    canvas.draw_without_rendering()
    box = canvas.legends[0].get_window_extent()
    assert 0 <= box.x0 < box.x1 <= canvas.bbox.x1, "four long names are no single line"
    assert any("10–90 %" in text for text in texts)


def test_no_seed_of_the_pick_is_drawn_as_another_configuration(tmp_path: Path) -> None:
    configurations = {"a2": A2, "a5": A5, "b": resnet_config(lr=0.5)}
    path = write_study(tmp_path / "grid", study_json(configurations, seeds=(0, 1)))
    for seed in (0, 1):
        lines = [line(epoch, val_accuracy=0.8) for epoch in range(1, 6)]
        lines[1] = line(2, milestone=True, val_accuracy=0.95)
        lines[4] = line(5, milestone=True, val_accuracy=0.9)
        write_trial(path, f"a{seed}", A5, PREFIX, lines, seed=seed)
        result = [line(2, milestone=True, val_accuracy=0.5)]
        write_trial(path, f"b{seed}", configurations["b"], {2: ["b"]}, result, seed=seed)
    study = load_study(path)
    picked = picked_rows(study, "mnist", "resnet18")
    assert list(picked["config_id"]) == ["a2", "a2"] and list(picked["seed"]) == [0, 1]
    others = other_curves(study, "mnist", "resnet18", "val_accuracy")
    assert list(others["b0"].dropna()) == [0.5]
    # Epochs 1 and 2 are the pick's; what its training did after that is the row of 5 epochs.
    assert list(others["a1"].dropna().index) == [3, 4, 5]
    axes = draw_curves(study, "mnist").axes[1]
    solid = [drawn for drawn in axes.lines if drawn.get_color() == style.SERIES[0]]
    assert [list(drawn.get_xdata()) for drawn in solid] == [[1, 2], [1, 2]]


@pytest.mark.parametrize("kind", ["grid", "svm", "scaling", "devices"])
def test_every_figure_of_every_kind_of_study_is_drawn(tmp_path: Path, kind: str) -> None:
    study = {
        "grid": lambda: grid_study(tmp_path / "grid"),
        "svm": lambda: svm_study(tmp_path),
        "scaling": lambda: scaling_study(tmp_path / "scaling"),
        "devices": lambda: device_study(tmp_path),
    }[kind]()
    document = build_document({kind: study})
    assert document.figures
    drawings = Drawings()
    for figure in document.figures:
        root = ElementTree.fromstring(drawings.svg(figure))  # noqa: S314 — our own drawing
        assert root.tag.endswith("svg")
        assert drawings.png(figure).startswith(b"\x89PNG")
        assert figure.alt not in ("", figure.caption) and figure.alt[-1] == "."


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, 0.0, 1e308, None])
def test_odd_numbers_are_drawn_without_an_error(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "grid"
    configurations = {f"c{i}": resnet_config(lr=0.1 * (i + 1)) for i in range(3)}
    write_study(path, study_json(configurations))
    names = ("val_accuracy", "test_accuracy", "train_seconds", "val_loss", "train_loss", "flops")
    for index, (config_id, config) in enumerate(configurations.items()):
        odd = dict.fromkeys(names, value) if index else {"flops": 1e6}
        lines = [line(1), line(2, milestone=True) | odd]
        write_trial(path, f"k{index}", config, {2: [config_id]}, lines)
    document = build_document({"grid": load_study(path)})
    for figure in document.figures:
        assert to_svg(figure.draw())


def test_names_are_drawn_as_they_are(tmp_path: Path) -> None:
    svg = to_svg(draw_confusion([(EVIL, np.eye(2, dtype=np.int64))], ["a", EVIL]))
    assert "<script" not in svg
    ElementTree.fromstring(svg)  # noqa: S314 — our own drawing
    assert plain("a$b" * 50).endswith("…")


def test_the_same_figure_has_the_same_bytes(tmp_path: Path) -> None:
    data = parallel_data(grid_study(tmp_path / "grid"))
    assert to_svg(draw_parallel(data)) == to_svg(draw_parallel(data))
    assert to_png(draw_parallel(data)) == to_png(draw_parallel(data))
