"""Against what the results are drawn: a cost is a time, an energy or a size, never a loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.frames.costs import cost_measures
from analysis.frames.load import load_study
from analysis.sections.configuration_figures import sliced
from analysis.sections.figures import costs
from tests.own_studies import own_study, report


@pytest.mark.parametrize(
    ("also", "measures", "cost"),
    [
        ({"train_loss": 3.0, "grad_norm": 1.0}, {}, None),
        ({"train_loss": 3.0, "energy": 2.0}, {"energy": {"unit": "J"}}, "energy (J)"),
        ({"train_loss": 3.0, "num_parameters": 2e6}, {}, "parameters (M)"),
        ({"latency_ms": 3.0}, {"latency_ms": {"unit": "ms", "better": "min"}}, "latency (ms)"),
        ({"train_seconds": 3.0, "num_parameters": 2e6}, {}, "train (s)"),
        ({"val_energy": 3.0, "energy_mae": 1.0}, {"energy_mae": {"better": "min"}}, None),
        ({"images_per_ms": 3.0, "tokens_per_kwh": 2.0, "hits_per_memory_gb": 1.0}, {}, None),
        ({"energy_per_image_joules": 3.0}, {}, "energy per image joules"),
        ({"memory_left": 3.0}, {"memory_left": {"better": "max"}}, None),
    ],
)
def test_the_cost_of_a_result(
    tmp_path: Path, also: dict[str, float], measures: dict[str, Any], cost: str | None
) -> None:
    configs = [{"lr": lr} for lr in (0.1, 0.2, 0.4)]
    space = {"metric": "val_rmse", "mode": "min", "measures": measures}
    ledger = own_study(tmp_path / "own", configs, **space)
    for place, config in enumerate(configs, 1):
        values = {name: place * value for name, value in also.items()}
        report(ledger, config, [{"val_rmse": 5.0 - place, **values}])
    study = load_study(tmp_path / "own")
    section = costs(study, "own")
    assert (section is None) == (cost is None)
    if section is not None:
        [figure] = section.blocks
        assert f"Validation rmse against {cost}" in figure.caption  # type: ignore[union-attr]
    assert "train_loss" not in cost_measures(study)


def test_means_in_words_are_those_of_each_data_set(tmp_path: Path) -> None:
    """An error of 1 and one of 1,000 have no mean."""
    space = {"metric": "val_rmse", "mode": "min"}
    configs = [{"dataset": d, "lr": lr, "w": w} for d in "ab" for lr in (0.1, 0.2) for w in (1, 2)]
    ledger = own_study(tmp_path / "two", configs, **space)
    for config in configs:
        value = {"a": 1.0, "b": 1000.0}[config["dataset"]] * (1 + 10 * config["lr"] + config["w"])
        report(ledger, config, [{"val_rmse": value}])
    figure = sliced(load_study(tmp_path / "two"), "two")
    assert figure is not None
    # (1 + 1 + 1.5) and (1 + 2 + 1.5), and a thousand times as much.
    assert figure.alt.endswith(
        " Learning rate on data set a: means 3.5 at 0.1, 4.5 at 0.2. "
        "Learning rate on data set b: means 3500 at 0.1, 4500 at 0.2."
    )
