"""Ledgers of a small study, and trials recorded in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from search_spaces import SearchSpace
from tune_app.storage.local_store import LocalStore
from tune_app.storage.store import StudyStore
from tune_app.study.fingerprint import data_fingerprint
from tune_app.study.ledger import Ledger, new_ledger

DATA = {
    "source": "sample",
    "num_images": 100,
    "split_seed": 0,
    "datasets": {"mnist": {"num_images": 100, "sha256": {"a": "1"}}},
}


def make_space(lrs: tuple[float, ...] = (0.1, 0.01), **changes: Any) -> SearchSpace:
    fields: dict[str, Any] = {
        "name": "mine",
        "question": "?",
        "trainable": "resnet",
        "param_space": {"lr": {"grid_search": list(lrs)}, "epochs": {"grid_search": [1, 3]}},
        "factors": ("lr", "epochs"),
    }
    return SearchSpace(**{**fields, **changes})


def make_ledger(place: Path | StudyStore, seeds: tuple[int, ...] = (0,), **changes: Any) -> Ledger:
    store = LocalStore(place) if isinstance(place, Path) else place
    data = changes.pop("data", DATA)
    device, defaults = changes.pop("device", "cpu"), changes.pop("defaults", {})
    space = make_space(**changes)
    return new_ledger(store, space, seeds, device=device, data=data, defaults=defaults)


def record(
    ledger: Ledger,
    launch: str,
    rows: list[dict[str, Any]],
    *,
    key: str = "k1",
    serves: dict[str, list[str]] | None = None,
    tail: str = "",
) -> Path:
    ids = [c.config_id for c in ledger.configurations()]
    directory = ledger.root / "tune" / launch / f"trial-{key}"
    directory.mkdir(parents=True)
    plan = {
        "trial_key": key,
        "milestones": [1, 3],
        "serves": serves or {"1": ids[:1], "3": ids[1:2]},
        "data": data_fingerprint(ledger.study["data"], "mnist"),
    }
    params = {"dataset": "mnist", "seed": 0, "plan": plan}
    (directory / "params.json").write_text(json.dumps(params))
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (directory / "result.json").write_text(lines + tail)
    return directory


def epoch(number: int, *, milestone: bool = False, status: str = "ok") -> dict[str, Any]:
    row: dict[str, Any] = {"epoch": number, "status": status}
    return {**row, "milestone": number} if milestone else row
