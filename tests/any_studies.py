"""Small finished studies of every kind that a report must tell truly, none with an accuracy."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from tests.own_studies import Json, own_study, report, rmse_study


def regression(path: Path) -> None:
    """Write lr × width at six seeds: the rmse in mm is 10 higher at lr 0.5 and 1 at width 32."""
    configs = [{"lr": lr, "width": width} for lr in (0.1, 0.5) for width in (8, 32)]
    space = {"question": "Which rate fits best?", "metric": "val_rmse", "mode": "min"}
    measures = {"val_rmse": {"unit": "mm"}}
    ledger = own_study(path, configs, seeds=range(6), measures=measures, **space)
    for config in configs:
        for seed in range(6):
            best = 5.0 + 25 * (config["lr"] - 0.1) + (config["width"] - 8) / 24 + 0.1 * seed
            best += 0.01 * (seed * config["width"] % 5)
            rows = [
                {"train_rmse": v - 1, "val_rmse": v, "test_rmse": v + 1} for v in (best + 2, best)
            ]
            report(ledger, config, rows, seed=seed)


def perplexity(path: Path) -> None:
    """Write a language model's study: one seed, three depths, a curve of perplexities."""
    configs = [{"depth": depth, "heads": heads} for depth in (2, 4, 8) for heads in (1, 2)]
    ledger = own_study(path, configs, metric="val_perplexity", mode="min", factors=["depth"])
    for place, config in enumerate(configs):
        rows = [
            {"val_perplexity": 300.0 / epoch - 10 * place, "tokens": 1e6 * epoch}
            for epoch in (1, 2, 3)
        ]
        report(ledger, config, rows)


def without_test(path: Path) -> None:
    """Write a study with a reward and nothing on test data."""
    configs = [{"gamma": gamma, "clip": clip} for gamma in (0.9, 0.99) for clip in (0.1, 0.2)]
    ledger = own_study(path, configs, metric="val_reward", mode="max")
    for place, config in enumerate(configs):
        report(ledger, config, [{"val_reward": -50.0 + 5 * e + place} for e in (1, 2)])


def without_epochs(path: Path) -> None:
    """Write a study whose function reports once."""
    configs = [{"alpha": alpha} for alpha in (0.1, 1.0, 10.0)]
    ledger = own_study(path, configs, metric="val_mae", mode="min")
    for place, config in enumerate(configs):
        report(ledger, config, [{"val_mae": 2.0 + place, "test_mae": 2.5 + place}])


def single_trial(path: Path) -> None:
    """Write a study of one configuration."""
    ledger = own_study(path, [{"lr": 0.1}], metric="val_rmse", mode="min")
    report(ledger, {"lr": 0.1}, [{"val_rmse": 3.0, "test_rmse": 4.0}])


def forty_factors(path: Path) -> None:
    """Write 48 draws of 40 flags, of which the first alone matters: by 3."""
    draw = random.Random(1)
    configs = [{f"flag_{n:02d}": bool(draw.getrandbits(1)) for n in range(40)} for _ in range(48)]
    ledger = own_study(path, configs, metric="cost", mode="min")
    for config in configs:
        value = 10.0 - 3 * config["flag_00"] + 0.5 * draw.random()
        report(ledger, config, [{"cost": value}])


def odd_names(path: Path) -> None:
    """Write a study whose factors have names that this package uses for other things."""
    configs: list[Json] = [
        {"kernel": kernel, "epochs": epochs, "source": source}
        for kernel in (3, 5)
        for epochs in (10, 20)
        for source in ("a", "b")
    ]
    ledger = own_study(path, configs, metric="val_iou_loss", mode="min")
    for place, config in enumerate(configs):
        report(ledger, config, [{"val_iou_loss": 0.9 - 0.1 * place, "result": 1.0 + place}])


def random_search(path: Path) -> None:
    """Write 40 draws of a rate and a weight: the larger the weight, the lower the error."""
    draw = random.Random(2)
    configs = [{"rate": 10 ** draw.uniform(-4, -1), "weight": draw.random()} for _ in range(40)]
    ledger = own_study(path, configs, metric="val_error_px", mode="min")
    for config in configs:
        best = 8.0 - 4 * config["weight"] + 0.2 * draw.random()
        rows = [{"val_error_px": best + 3 - e, "test_error_px": best + 3 - e} for e in (1, 2, 3)]
        report(ledger, config, rows)


ANY: dict[str, tuple[Callable[[Path], object], str]] = {
    "regression": (regression, "val rmse"),
    "rmse_with_open_rows": (rmse_study, "val rmse"),
    "perplexity": (perplexity, "val perplexity"),
    "without_test": (without_test, "val reward"),
    "without_epochs": (without_epochs, "val mae"),
    "single_trial": (single_trial, "val rmse"),
    "forty_factors": (forty_factors, "cost"),
    "odd_names": (odd_names, "val iou loss"),
    "random_search": (random_search, "val error px"),
}
"""Name -> the function that writes the study, and its objective in words."""
