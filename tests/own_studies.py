"""Hand-made studies of a user's own function: any parameters, any measures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from search_spaces.configuration import make_configuration
from tests.studies import study_json, write_study, write_trial
from tune_app.planning.remaining import planned_trials
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import Ledger, open_ledger
from tune_app.study.trial_directory import RETURNED_FILE

Json = dict[str, Any]

START = 1_767_268_800
RMSE_SPACE: Json = {
    "trainable": "fit",
    "question": "",
    "is_own": True,
    "factors": ["lr", "width"],
    "metric": "val_rmse",
    "mode": "min",
    "measures": {"val_rmse": {"unit": "mm", "better": "min"}},
}


def own_study(
    path: Path, configs: Iterable[Json], *, seeds: Iterable[int] = (0,), **space: Any
) -> Ledger:
    """Write study.json of a study of a user's own function, whose data the package never sees."""
    ids = {make_configuration(config).config_id: config for config in configs}
    entry = {"trainable": "fit", "question": "", "is_own": True, "factors": [], **space}
    data = {"source": "sample", "num_images": None, "split_seed": 0, "datasets": {}}
    write_study(path, study_json(ids, name=path.name, space=entry, seeds=seeds, data=data))
    ledger = open_ledger(LocalStore(path))
    assert ledger is not None
    return ledger


def report(
    ledger: Ledger,
    config: Json,
    rows: Iterable[Mapping[str, Any]],
    *,
    seed: int = 0,
    ended: bool = True,
    seconds: float = 10.0,
    begins: float = 0.0,
    error: str | None = None,
    launch: str = "001",
) -> Path:
    """Write the trial of a configuration: its rows, one after another, some seconds apart.

    Args:
        ledger: the study.
        config: the configuration.
        rows: what the function reported.
        seed: the seed.
        ended: whether the function has returned; the newest row is then the trial's result.
        seconds: the time between two rows.
        begins: the time from the beginning of the study to that of the trial, in seconds.
        error: why the trial failed, or None.
        launch: the launch that it is of.
    """
    trials = planned_trials(ledger, ())
    assert trials is not None
    row = make_configuration(config).config_id, seed
    trial = next(t for t in trials if row in t.row_keys())
    lines: list[Json] = []
    for epoch, row in enumerate(rows, start=1):
        stamps = {"timestamp": START + begins + seconds * epoch, "time_this_iter_s": seconds}
        lines.append({"epoch": epoch, "training_iteration": epoch, **stamps, **row})
    folder = write_trial(
        ledger.root,
        trial.key,
        config,
        trial.serves,
        lines,
        error=error,
        seed=seed,
        launch=launch,
    )
    if ended:
        (folder / RETURNED_FILE).write_text(json.dumps({"epoch": len(lines)}))
    return folder


def rmse_study(path: Path) -> Ledger:
    """Write a study of lr × width at three seeds with losses and rmse in mm.

    Of its 12 rows 10 are finished. The wide one at the large rate failed at seed 1 and has not
    ended at seed 2. The best is lr 0.1 with width 8: 4, 5 and 6 mm on validation, 1 more on test.
    """
    configs = [{"lr": lr, "width": width} for lr in (0.1, 0.5) for width in (8, 32)]
    ledger = own_study(path, configs, seeds=(0, 1, 2), **RMSE_SPACE)
    for place, config in enumerate(configs):
        for seed in (0, 1, 2):
            best = 4.0 + 10 * place + seed
            rows = [
                {"loss": value**2, "val_rmse": value, "test_rmse": value + 1}
                for value in (best + 20, best + 5, best)
            ]
            if place == 3 and seed == 1:
                report(ledger, config, rows[:1], seed=seed, ended=False, error="ValueError: no\n")
            elif place == 3 and seed == 2:
                report(ledger, config, rows[:2], seed=seed, ended=False)
            else:
                report(ledger, config, rows, seed=seed)
    return ledger


def score_study(path: Path) -> Ledger:
    """Write a study of one parameter whose rows report nothing but a score, once: 90 to 93."""
    configs = [{"depth": depth} for depth in (1, 2, 3, 4)]
    space = {"metric": "score", "mode": "max", "factors": ["depth"]}
    ledger = own_study(path, configs, **space)
    for place, config in enumerate(configs):
        report(ledger, config, [{"score": 90.0 + place}])
    return ledger


def mixed_study(path: Path) -> Ledger:
    """Write a study whose parameters have values of several types, ``None`` among them."""
    configs: list[Json] = [
        {"kind": kind, "limit": limit, "model": model}
        for kind in ("a", 1, True)
        for limit in (None, 0.5)
        for model in ("small", "large")
    ]
    space = {"metric": "loss", "mode": "min", "factors": ["kind", "limit", "model"]}
    ledger = own_study(path, configs, **space)
    for place, config in enumerate(configs):
        report(ledger, config, [{"loss": 2.0 + place, "note": "begun"}, {"loss": 1.0 + place}])
    return ledger
