"""The ledger of a study: what it is to contain, and what is finished.

``study.json`` says what is expected. What is finished is not written down a second time, where it
could disagree: it is read from the ``result.json`` files of every launch. A row, which is a
configuration at a seed, is finished once some trial that serves it has recorded its milestone.
Resuming, extending by seeds or by a wider axis, and finishing on another machine are then one
operation: run what is not finished.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from search_spaces.errors import UserError
from search_spaces.space import Configuration, SearchSpace
from tune_app.storage.store import STUDY_FILE, StudyStore
from tune_app.study.history import RowKey, TrialDirectory, TrialHistory
from tune_app.study.study_file import (
    SCHEMA_VERSION,
    plain_glob,
    read_params,
    read_results,
    read_study,
)


@dataclass(frozen=True)
class Ledger:
    """One study directory and its ``study.json``.

    Attributes:
        store: where the study is kept.
        study: the content of ``study.json``.
    """

    store: StudyStore
    study: dict[str, Any]

    @property
    def root(self) -> Path:
        """The local folder with the study's files."""
        return self.store.root

    @property
    def name(self) -> str:
        """The study's name."""
        return str(self.study["study"])

    def configurations(self) -> list[Configuration]:
        """Return every configuration that the study is to contain, in order."""
        return [Configuration(c["config_id"], c["config"]) for c in self.study["configurations"]]

    def row_keys(self) -> list[RowKey]:
        """Return every (config_id, seed) that the study is to contain, in order."""
        ids = [c["config_id"] for c in self.study["configurations"]]
        return [(config_id, seed) for config_id in ids for seed in self.study["seeds"]]

    def save(self) -> None:
        """Write ``study.json`` so that a reader sees the old or the new one, never a part."""
        self.store.write(self.root / STUDY_FILE, json.dumps(self.study, indent=1).encode())

    def directories(self) -> Iterator[TrialDirectory]:
        """Read every trial's directories in launch order; those without a plan are left out."""
        for path in plain_glob(self.root, "tune/*/*/params.json"):
            params = read_params(path.parent)
            if params is not None:
                results = read_results(path.parent / "result.json")
                yield TrialDirectory(path.parent, params, results)

    def histories(
        self, directories: Iterable[TrialDirectory] | None = None
    ) -> dict[str, TrialHistory]:
        """Return what every launch recorded, read now unless given: trial_key -> history."""
        known = set(self.row_keys())
        histories: dict[str, TrialHistory] = {}
        for directory in self.directories() if directories is None else directories:
            history = histories.setdefault(directory.params.trial_key, TrialHistory())
            history.add(directory, known)
        return histories

    def finished(self) -> dict[RowKey, str]:
        """Return the finished rows: (config_id, seed) -> ``ok``, ``unconverged``, ``diverged``."""
        rows: dict[RowKey, str] = {}
        for history in self.histories().values():
            rows.update(history.finished)
        return rows

    def start_launch(self, entry: Mapping[str, Any]) -> str:
        """Add a launch to ``study.json`` and return its name: ``001``, ``002``, and so on."""
        number = len(self.study["launches"]) + 1
        while os.path.lexists(self.root / "tune" / f"{number:03d}"):
            number += 1  # an edited list of launches must not mix two of them
        name = f"{number:03d}"
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.study["launches"].append({"name": name, "started_at": now, **entry})
        self.save()
        return name


def open_ledger(store: StudyStore) -> Ledger | None:
    """Return the ledger of a study, or None if no study is there.

    Raises:
        UserError: ``study.json`` cannot be read or is not of this version.
    """
    study = read_study(store)
    return None if study is None else Ledger(store, study)


def new_ledger(
    store: StudyStore,
    space: SearchSpace,
    seeds: Sequence[int],
    *,
    device: str,
    data: Mapping[str, Any],
    provenance: Mapping[str, Any],
) -> Ledger:
    """Return the ledger of a study that is to begin; nothing is written yet."""
    return Ledger(
        store,
        {
            "schema_version": SCHEMA_VERSION,
            "study": store.root.name,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "space": {
                "name": space.name,
                "question": space.question,
                "trainable": space.trainable,
                "factors": list(space.factors),
                "metric": space.metric,
                "mode": space.mode,
                "resources": dict(space.resources),
                "exclusive": space.exclusive,
                "param_space": dict(space.param_space),
            },
            "seeds": sorted(seeds),
            "device": device,
            "configurations": [
                {"config_id": c.config_id, "config": c.config} for c in space.expand()
            ],
            "data": dict(data),
            "provenance": dict(provenance),
            "launches": [],
        },
    )


def extend_ledger(ledger: Ledger, wanted: Ledger) -> int:
    """Add to a study what a new command asks for; return the number of rows added.

    Raises:
        UserError: the study was made with other data, another split, trainable or search space.
    """
    old, new = ledger.study, wanted.study
    fix = "use --study NAME for another study or --fresh to put this one aside"
    for what, a, b in _identity(old, new):
        if a != b:
            raise UserError(f"study {ledger.name} was made with {what} {a}, not {b}; {fix}")
    old_ids = {c["config_id"] for c in old["configurations"]}
    added = [c for c in new["configurations"] if c["config_id"] not in old_ids]
    if len(added) == len(new["configurations"]):
        raise UserError(
            f"study {ledger.name} holds another search space (no configuration in common); {fix}"
        )
    before = len(ledger.row_keys())
    old["configurations"] += added
    old["seeds"] = sorted({*old["seeds"], *new["seeds"]})
    old["space"] = new["space"]
    old["data"]["datasets"] = {**new["data"]["datasets"], **old["data"]["datasets"]}
    return len(ledger.row_keys()) - before


def put_aside(store: StudyStore) -> Path:
    """Rename a study so that its name is free; return the path for which ``shown`` names it.

    Raises:
        OSError: the storage does not answer, or there is something of the new name.
        UserError: another process took the old name meanwhile.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    target = store.root.with_name(f"{store.root.name}.{stamp}")
    store.put_aside(target.name)
    return target


def _identity(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[tuple[str, Any, Any]]:
    yield "trainable", old["space"]["trainable"], new["space"]["trainable"]
    yield "search space", old["space"]["name"], new["space"]["name"]
    yield "--device", old["device"], new["device"]
    yield "split seed", old["data"]["split_seed"], new["data"]["split_seed"]
    yield "images split", _split_of(old["data"]), _split_of(new["data"])
    for name in sorted({*old["data"]["datasets"]} & {*new["data"]["datasets"]}):
        a, b = old["data"]["datasets"][name], new["data"]["datasets"][name]
        yield f"{name} images", a["num_images"], b["num_images"]
        yield f"{name} files", sorted(a["sha256"].values()), sorted(b["sha256"].values())


def _split_of(data: Mapping[str, Any]) -> str:
    return "anew for every seed (--vary-split)" if data.get("vary_split") else "once for all seeds"
