"""The ledger of a study: what it is to contain, and what is finished.

``study.json`` says what is expected. What is finished is not written down a second time, where it
could disagree: it is read from the ``result.json`` files of every launch. A row, which is a
configuration at a seed, is finished once some trial that serves it has recorded its milestone.
Resuming, extending by seeds or by a wider axis, and finishing on another machine are then one
operation: run what is not finished.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from search_spaces.errors import UserError
from search_spaces.space import Configuration, SearchSpace, make_configuration
from tune_app.atomic import atomic_file
from tune_app.checkpoint import find_checkpoints

SCHEMA_VERSION = 1
RowKey = tuple[str, int]
"""(config_id, seed)."""


@dataclass
class TrialHistory:
    """Everything that the launches so far recorded of one trial.

    Attributes:
        directories: its directories in launch order.
        epochs: the epochs recorded.
        finished: (config_id, seed) -> ``ok``, ``unconverged`` or ``diverged``.
        error: the reason if its newest directory ended in an error.
    """

    directories: list[Path] = field(default_factory=list)
    epochs: set[int] = field(default_factory=set)
    finished: dict[RowKey, str] = field(default_factory=dict)
    error: str | None = None


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

    def histories(self) -> dict[str, TrialHistory]:
        """Read what every launch recorded: trial_key -> history."""
        histories: dict[str, TrialHistory] = {}
        for params in sorted(self.root.glob("tune/*/*/params.json")):
            config = _read_json(params)
            if isinstance(config, dict) and isinstance(config.get("plan"), dict):
                history = histories.setdefault(config["plan"]["trial_key"], TrialHistory())
                _add_directory(history, params.parent, config)
        return histories

    def finished(self) -> dict[RowKey, str]:
        """Return the finished rows: (config_id, seed) -> ``ok``, ``unconverged``, ``diverged``."""
        rows: dict[RowKey, str] = {}
        for history in self.histories().values():
            rows.update(history.finished)
        return rows

    def start_launch(self, entry: Mapping[str, Any]) -> str:
        """Add a launch to ``study.json`` and return its name: ``001``, ``002``, and so on."""
        name = f"{len(self.study['launches']) + 1:03d}"
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.study["launches"].append({"name": name, "started_at": now, **entry})
        self.save()
        return name


def open_ledger(root: Path) -> Ledger | None:
    """Return the ledger of a study directory, or None if no study is there.

    Raises:
        UserError: ``study.json`` cannot be read or is not of this version.
    """
    path = root / "study.json"
    if not path.exists():
        return None
    study = _read_json(path)
    fix = "use --study NAME for another study or --fresh to put this one aside"
    if not isinstance(study, dict) or "schema_version" not in study:
        raise UserError(f"{path}: not a study file (damaged or of another program); {fix}")
    if study["schema_version"] != SCHEMA_VERSION:
        raise UserError(
            f"{path}: schema version {study['schema_version']!r}, this program reads "
            f"{SCHEMA_VERSION}; {fix}"
        )
    problem = _find_problem(study)
    if problem:
        raise UserError(f"{path}: {problem}; {fix}")
    return Ledger(root, study)


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
    return len(ledger.row_keys()) - before


def resumable_checkpoints(
    history: TrialHistory, trial_key: str, first_milestone: int
) -> list[Path]:
    """Return the checkpoints a trial may continue from, newest epoch first.

    A checkpoint counts only if the epochs up to it are all recorded and it lies before the first
    milestone that is still missing: no row of the study is then without its own measurement.
    """
    found = [
        index
        for directory in reversed(history.directories)
        for index in find_checkpoints(directory, trial_key)
        if index.epoch < first_milestone and history.epochs.issuperset(range(1, index.epoch + 1))
    ]
    return [index.path for index in sorted(found, key=lambda index: -index.epoch)]


def put_aside(root: Path) -> Path:
    """Rename a study directory so that its name is free; return the new path."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    target = root.with_name(f"{root.name}.{stamp}")
    root.rename(target)
    return target


def read_results(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a ``result.json``; a torn or damaged line is left out."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return []
    rows = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and isinstance(row.get("epoch"), int):
            rows.append(row)
    return rows


def _add_directory(history: TrialHistory, directory: Path, config: Mapping[str, Any]) -> None:
    history.directories.append(directory)
    serves = config["plan"]["serves"]
    for row in read_results(directory / "result.json"):
        history.epochs.add(row["epoch"])
        if row.get("status") == "diverged":
            due = [m for m in serves if int(m) >= row["epoch"]]
        else:
            due = [m for m in serves if int(m) == row.get("milestone")]
        for milestone in due:
            for config_id in serves[milestone]:
                history.finished[(config_id, config["seed"])] = str(row.get("status", "ok"))
    history.error = _last_line(directory / "error.txt")


def _last_line(path: Path) -> str | None:
    try:
        lines = [line.strip() for line in path.read_text(errors="replace").splitlines()]
    except OSError:
        return None
    return next((line for line in reversed(lines) if line), "unknown error")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def _identity(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[tuple[str, Any, Any]]:
    yield "trainable", old["space"]["trainable"], new["space"]["trainable"]
    yield "search space", old["space"]["name"], new["space"]["name"]
    yield "--device", old["device"], new["device"]
    yield "split seed", old["data"]["split_seed"], new["data"]["split_seed"]
    for name in sorted({*old["data"]["datasets"]} & {*new["data"]["datasets"]}):
        a, b = old["data"]["datasets"][name], new["data"]["datasets"][name]
        yield f"{name} images", a["num_images"], b["num_images"]
        yield f"{name} files", sorted(a["sha256"].values()), sorted(b["sha256"].values())


def _find_problem(study: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a study file that was edited or damaged, or None."""
    shape = {"space": dict, "seeds": list, "configurations": list, "data": dict, "launches": list}
    for key, kind in shape.items():
        if not isinstance(study.get(key), kind):
            return f"{key} is missing or damaged"
    if not all(isinstance(seed, int) and seed >= 0 for seed in study["seeds"]):
        return "seeds must be whole numbers"
    for entry in study["configurations"]:
        if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
            return "configurations is damaged"
        if make_configuration(entry["config"]).config_id != entry.get("config_id"):
            return f"configuration {entry.get('config_id')} was edited (its id does not match)"
    if not re.fullmatch(r"[A-Za-z0-9._-]+", str(study.get("study"))):
        return "the study's name is damaged"
    return None
