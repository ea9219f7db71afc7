from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.figures import style
from analysis.figures.scatter import cost_data, pareto_front, plain_log_axis
from analysis.frames.load import load_study
from tests.analysed_studies import grid_study
from tests.studies import (
    line,
    resnet_config,
    study_json,
    write_study,
    write_trial,
)


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
    assert list(data["value"]) == pytest.approx([0.9, 0.85])
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
