from __future__ import annotations

from pathlib import Path

import pytest

from analysis.figures import style
from analysis.figures.curves import (
    MOST_LINES,
    curves_data,
    draw_curves,
    other_curves,
    picked_rows,
)
from analysis.frames.load import load_study
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
    axes = draw_curves(study, "mnist").axes[0]
    solid = [drawn for drawn in axes.lines if drawn.get_color() == style.SERIES[0]]
    assert [list(drawn.get_xdata()) for drawn in solid] == [[1, 2], [1, 2]]
