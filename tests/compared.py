"""Pairs of studies that are compared: their values, seeds, parameters and data as a test asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from analysis.compare import Comparison, compare_studies
from tests.own_studies import RMSE_SPACE, Json, own_study, report
from tests.studies import line, resnet_config, study_json, write_study, write_trial

GRID: list[Json] = [{"lr": lr, "width": width} for lr in (0.1, 0.5) for width in (8, 32)]
SIX = range(6)


def base(config: Json, seed: int) -> float:
    """Return an error in mm that is another one for every row."""
    return float(10 * config.get("lr", 0) + config.get("width", 0) + seed / 4)


def fitted(
    path: Path,
    value: Callable[[Json, int], float | None] = base,
    *,
    configs: Iterable[Json] = GRID,
    seeds: Iterable[int] = SIX,
    **space: Any,
) -> Path:
    """Write a study of a user's function; a row has no trial where its value is None.

    Trials report ``val_rmse``, the same as the objective if that is another one, and ``test_rmse``.
    """
    configs, seeds = list(configs), list(seeds)
    ledger = own_study(path, configs, seeds=seeds, **{**RMSE_SPACE, **space})
    for config in configs:
        for seed in seeds:
            found = value(config, seed)
            if found is not None:
                row = {ledger.study["space"]["metric"]: found, "val_rmse": found}
                report(ledger, config, [{**row, "test_rmse": found + 1}], seed=seed)
    return path


def trained(path: Path, results: dict[str, dict[str, Any]], **changes: Any) -> Path:
    """Write a study of one ResNet row per name, each with its own trial and a changed result.

    The rows differ in their learning rates, which depend on the place of the name.
    """
    configs = {
        name: resnet_config(lr=0.1 * place) for place, name in enumerate(sorted(results), start=1)
    }
    write_study(path, study_json(configs, **changes))
    for name, result in results.items():
        lines = [line(1, **result), line(2, milestone=True, **result)]
        write_trial(path, f"k-{name}", configs[name], {2: [name]}, lines)
    return path


def compared(*places: Path, measure: str | None = None) -> list[Comparison]:
    """Compare studies with the first, as the command does."""
    return compare_studies(places, measure)
