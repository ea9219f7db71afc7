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
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from search_spaces.errors import UserError
from search_spaces.space import Configuration, SearchSpace
from tune_app import mirror
from tune_app.atomic import atomic_file
from tune_app.checkpoint import find_checkpoints, find_damaged
from tune_app.study_file import (
    SCHEMA_VERSION,
    TrialParams,
    plain_glob,
    read_params,
    read_results,
    read_study,
)

RowKey = tuple[str, int]
"""(config_id, seed)."""


@dataclass
class TrialHistory:
    """Everything that the launches so far recorded of one trial.

    Attributes:
        directories: its directories in launch order.
        rows: the rows of the study that some launch had it serve.
        epochs: the epochs recorded.
        finished: (config_id, seed) -> ``ok``, ``unconverged`` or ``diverged``.
        error: the reason if its newest directory ended in an error.
    """

    directories: list[Path] = field(default_factory=list)
    rows: set[RowKey] = field(default_factory=set)
    epochs: set[int] = field(default_factory=set)
    finished: dict[RowKey, str] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True)
class TrialDirectory:
    """What one directory of a trial says.

    Attributes:
        path: the directory.
        params: its ``params.json``.
        results: the sound lines of its ``result.json``, in order.
    """

    path: Path
    params: TrialParams
    results: list[dict[str, Any]]


@dataclass(frozen=True)
class Ledger:
    """One study directory and its ``study.json``."""

    root: Path
    study: dict[str, Any]

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
        with atomic_file(self.root / "study.json") as stream:
            stream.write(json.dumps(self.study, indent=1).encode())

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
            _add_directory(history, directory, known)
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


def open_ledger(root: Path) -> Ledger | None:
    """Return the ledger of a study directory, or None if no study is there.

    Raises:
        UserError: ``study.json`` cannot be read or is not of this version.
    """
    study = read_study(root)
    return None if study is None else Ledger(root, study)


def new_ledger(
    root: Path,
    space: SearchSpace,
    seeds: Sequence[int],
    *,
    device: str,
    data: Mapping[str, Any],
    provenance: Mapping[str, Any],
) -> Ledger:
    """Return the ledger of a study that is to begin; nothing is written yet."""
    return Ledger(
        root,
        {
            "schema_version": SCHEMA_VERSION,
            "study": root.name,
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
    old_ids = [c["config_id"] for c in old["configurations"]]
    added = [c for c in new["configurations"] if c["config_id"] not in set(old_ids)]
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


def resumable_checkpoints(
    history: TrialHistory, trial_key: str, first_milestone: int
) -> list[Path]:
    """Return the checkpoints a trial is to try, newest epoch first.

    Damaged ones come before all others: the trial refuses them and says so.
    A checkpoint counts only if the epochs up to it are all recorded and it lies before the first
    milestone that is still missing: no row of the study is then without its own measurement.
    """
    found = [
        index
        for directory in reversed(history.directories)
        for index in find_checkpoints(directory, trial_key)
        if index.epoch < first_milestone and history.epochs.issuperset(range(1, index.epoch + 1))
    ]
    damaged = [path for directory in history.directories for path in find_damaged(directory)]
    return damaged + [index.path for index in sorted(found, key=lambda index: -index.epoch)]


def put_aside(root: Path) -> Path:
    """Rename a study directory so that its name is free; return the new path.

    Raises:
        OSError: the storage of a study at a URL does not answer.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    target = root.with_name(f"{root.name}.{stamp}")
    mirror.put_aside(root, target.name)
    return target


def _add_directory(history: TrialHistory, directory: TrialDirectory, known: set[RowKey]) -> None:
    history.directories.append(directory.path)
    params = directory.params
    rows = {
        milestone: {(config_id, params.seed) for config_id in ids} & known
        for milestone, ids in params.serves.items()
    }
    history.rows.update(*rows.values())
    for row in directory.results:
        epoch, status = row["epoch"], row.get("status", "ok")
        history.epochs.add(epoch)
        for milestone, keys in rows.items():
            reached = milestone == row.get("milestone")
            if reached or (status == "diverged" and milestone >= epoch):
                history.finished.update(dict.fromkeys(keys, status))
    history.error = _last_line(directory.path / "error.txt")


def _last_line(path: Path) -> str | None:
    if path.is_symlink() or not path.is_file():
        return None
    try:
        lines = [line.strip() for line in path.read_text(errors="replace").splitlines()]
    except OSError:
        return None
    return next((line for line in reversed(lines) if line), "unknown error")


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
