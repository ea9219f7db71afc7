"""A study directory as tidy frames, read from its JSON files alone.

Ray's own loader is not used for this: it unpickles the experiment's state, drops a whole trial for
one bad line, and knows trials only, where a study asks about rows (configuration × seed) that may
share a trial or not exist yet.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.live import load_analysis
from analysis.trial_files import Record, flat, scan
from analysis.trials import (
    Outcome,
    Report,
    Trial,
    epoch_frame,
    merge,
    resolved,
    scalars,
    trial_frame,
)
from search_spaces.errors import UserError
from search_spaces.json_text import parse_json

__all__ = ["ENDED", "FINISHED", "SCHEMA_VERSION", "Study", "load_analysis", "load_study"]

SCHEMA_VERSION = 1
FINISHED = ("finished", "unconverged")
"""Statuses of rows that have their metrics."""
ENDED = (*FINISHED, "diverged")
"""Statuses that another launch of the same study would not change."""

_RANK = {**dict.fromkeys(FINISHED, 0), "diverged": 1, "failed": 2, "unfinished": 2, "missing": 3}
_NOT_METRICS = ("epoch", "status", "milestone", "predictions_file", "device")
_REQUIRED = {"study": str, "space": dict, "seeds": list, "configurations": list}


@dataclass(frozen=True, eq=False)
class Study:
    """One study, as it stood when it was read.

    Attributes:
        path: the study directory.
        meta: ``study.json``, parsed.
        rows: one row per configuration, in the declared order, and seed: ``config_id``, ``seed``,
            the config's parameters, the metrics of its milestone (NaN unless the status is in
            ``FINISHED``; ``num_concurrent_trials`` and ``num_threads`` are those of
            ``Trial.conditions``), ``trial_id`` (the trial_key), ``shared_with`` (config_id of the
            row its trial stands for; empty for that row itself), ``same_as`` (config_id of the row
            whose result at the same epoch of the same trial this is; else empty), ``status``,
            ``reason``, ``device`` (resolved; None where nothing ran), ``launch`` and
            ``milestone`` (the epoch of its result).
        trials: one row per trial: ``trial_key``, ``name``, ``launches``, ``status``, ``reason``,
            ``num_epochs`` reported, ``last_milestone``, ``num_rows`` served, ``seed``, its
            parameters and its last metrics.
        epochs: one row per trial and epoch: ``trial_key``, parameters, ``launch``, ``epoch``,
            every scalar metric, ``timestamp`` (seconds since 1970) and ``hostname``.
        config_keys: the parameters of all configurations.
        metric_keys: the metrics that finished rows have.
        notes: what was left out while reading, one line each.
    """

    path: Path
    meta: dict[str, Any]
    rows: pd.DataFrame
    trials: pd.DataFrame
    epochs: pd.DataFrame
    config_keys: tuple[str, ...]
    metric_keys: tuple[str, ...]
    notes: tuple[str, ...]
    _reports: dict[tuple[str, int], Report] = field(repr=False)

    @property
    def name(self) -> str:
        """Name of the study."""
        return str(self.meta["study"])

    @property
    def factors(self) -> tuple[str, ...]:
        """The parameters of interest; all of them where the space names none."""
        named = self.meta["space"].get("factors")
        factors = named if isinstance(named, list) else []
        return tuple(f for f in factors if isinstance(f, str)) or self.config_keys

    @property
    def metric(self) -> str:
        """The metric that selects."""
        return str(self.meta["space"].get("metric") or "val_accuracy")

    @property
    def mode(self) -> str:
        """Whether ``metric`` is best at its ``"max"`` or its ``"min"``."""
        return "min" if self.meta["space"].get("mode") == "min" else "max"

    def confusion_matrix(self, config_id: str, seed: int) -> NDArray[np.int64] | None:
        """Return the row's test confusion matrix, (classes, classes), true classes down.

        None when the row has no result or its result no confusion matrix.
        """
        report = self._reports.get((config_id, seed))
        matrix = None if report is None else report.record.get("confusion_matrix")
        try:
            array = np.asarray(matrix, dtype=np.int64)
        except (TypeError, ValueError, OverflowError):
            return None
        return array if array.ndim == 2 and array.shape[0] == array.shape[1] else None

    def predictions_path(self, config_id: str, seed: int) -> Path | None:
        """Return the file of the row's test predictions, None when there is none.

        A path that leads out of the trial's directory is taken for none.
        """
        report = self._reports.get((config_id, seed))
        name = None if report is None else report.record.get("predictions_file")
        if report is None or report.directory.path is None or not isinstance(name, str):
            return None
        root = report.directory.path.resolve()
        path = (root / name).resolve()
        return path if path.is_relative_to(root) and path.is_file() else None


def load_study(path: str | Path) -> Study:
    """Read a study directory, whatever state it is in.

    Raises:
        UserError: ``path`` holds no ``study.json``, or one that cannot be read.
    """
    path = Path(path)
    meta = _read_meta(path)
    directories, notes = scan(path)
    trials = merge(directories)
    reports: dict[tuple[str, int], Report] = {}
    records: list[Record] = []
    configurations = [(str(c["config_id"]), flat(c["config"])) for c in meta["configurations"]]
    servers = _servers(trials)
    reasons = _open_reasons(meta)
    for config_id, config in configurations:
        for seed in sorted(set(meta["seeds"])):
            row = (config_id, seed)
            record, report = _row(row, config, servers.get(row, []), reasons.get(row))
            records.append(record)
            if report is not None:
                reports[row] = report
    config_keys = tuple(dict.fromkeys(key for _, config in configurations for key in config))
    reported = dict.fromkeys(k for r in reports.values() for k in scalars(r.record))
    metric_keys = tuple(k for k in reported if k not in (*_NOT_METRICS, *config_keys))
    return Study(
        path=path,
        meta=meta,
        rows=pd.DataFrame(records, columns=_row_columns(config_keys, metric_keys)),
        trials=trial_frame(trials),
        epochs=epoch_frame(trials),
        config_keys=config_keys,
        metric_keys=metric_keys,
        notes=tuple(notes),
        _reports=reports,
    )


def _read_meta(path: Path) -> dict[str, Any]:
    file = path / "study.json"
    if not _is_directory(path):
        raise UserError(f"{path}: no such directory; give the directory of a study")
    try:
        if file.exists() and not file.is_file():  # a pipe would be waited for
            raise UserError(f"{file}: not a regular file; restore it from a copy")
        meta = parse_json(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{path}: not a study, it has no study.json; give the directory that holds it"
        ) from None
    except ValueError as error:
        raise UserError(f"{file}: not valid JSON ({error}); restore it from a copy") from None
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror})") from None
    version = meta.get("schema_version") if isinstance(meta, dict) else None
    if isinstance(version, bool) or version != SCHEMA_VERSION:
        raise UserError(
            f"{file}: schema_version is {version!r}, this program reads {SCHEMA_VERSION}; "
            "use the version of the program that wrote it"
        )
    for key, kind in _REQUIRED.items():
        if not isinstance(meta.get(key), kind):
            raise UserError(f"{file}: {key!r} must be a {kind.__name__}; restore it from a copy")
    if not all(isinstance(s, int) and not isinstance(s, bool) and s >= 0 for s in meta["seeds"]):
        raise UserError(f"{file}: 'seeds' must be whole numbers; restore it from a copy")
    for index, configuration in enumerate(meta["configurations"]):
        if not isinstance(configuration, dict) or not (
            isinstance(configuration.get("config_id"), str)
            and isinstance(configuration.get("config"), dict)
        ):
            raise UserError(f"{file}: configurations[{index}] needs a config_id and a config")
    ids = Counter(configuration["config_id"] for configuration in meta["configurations"])
    if ids and (most := ids.most_common(1)[0])[1] > 1:
        raise UserError(f"{file}: configuration {most[0]} stands twice; restore it from a copy")
    return dict(meta)


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, or a folder that must not be entered
        return False


def _servers(trials: list[Trial]) -> dict[tuple[str, Any], list[tuple[Trial, int]]]:
    """Return row -> the trials that serve it and at which milestone, newest launch first."""
    servers: dict[tuple[str, Any], list[tuple[Trial, int]]] = {}
    for trial in sorted(trials, key=lambda trial: trial.newest.launch, reverse=True):
        for milestone, config_ids in trial.serves.items():
            for config_id in config_ids:
                servers.setdefault((config_id, trial.seed), []).append((trial, milestone))
    return servers


def _open_reasons(meta: dict[str, Any]) -> dict[tuple[str, Any], str]:
    """Return row -> why the last launch left it open."""
    launches = meta.get("launches")
    last = launches[-1] if isinstance(launches, list) and launches else {}
    entries = last.get("open") if isinstance(last, dict) else None
    return {
        (str(entry.get("config_id")), entry.get("seed")): str(entry.get("reason") or "")
        for entry in entries or []
        if isinstance(entry, dict) and isinstance(entry.get("seed"), int)
    }


def _row(
    row: tuple[str, Any], config: Record, servers: list[tuple[Trial, int]], open_reason: str | None
) -> tuple[Record, Report | None]:
    """Return the record of one row and the report its metrics come from.

    Where several trials serve the row, the one that got furthest counts, then the newest.
    """
    best: tuple[Trial, int, Outcome] | None = min(
        ((trial, milestone, trial.outcome(milestone)) for trial, milestone in servers),
        key=lambda served: _RANK[served[2].status],
        default=None,
    )
    outcome = best[2] if best else _nothing(open_reason)
    if outcome.status == "missing" and open_reason is not None:
        outcome = _nothing(open_reason)
    metrics = scalars(outcome.report.record) if outcome.report else {}
    origin: Record = {"trial_id": None, "shared_with": "", "same_as": ""}
    origin |= {"launch": None, "milestone": None}
    if best:
        trial, milestone, _ = best
        metrics.setdefault("device", trial.config.get("device"))
        directory = outcome.report.directory if outcome.report else trial.newest
        if outcome.report:
            metrics |= trial.conditions(milestone)
        origin |= {"trial_id": trial.key, "launch": directory.launch, "milestone": milestone}
        others = {"shared_with": trial.primary, "same_as": trial.serves[milestone][0]}
        origin |= {name: "" if other == row[0] else other for name, other in others.items()}
    record: Record = {"device": None} | resolved(config, metrics)
    if record["device"] == "auto":
        record["device"] = None
    identity = {"config_id": row[0], "seed": row[1]}
    record |= identity | origin | {"status": outcome.status, "reason": outcome.reason}
    return record, outcome.report


def _nothing(open_reason: str | None) -> Outcome:
    if open_reason is None:
        return Outcome("missing", "no trial has begun", None)
    return Outcome("open", open_reason, None)


def _row_columns(config_keys: tuple[str, ...], metric_keys: tuple[str, ...]) -> list[str]:
    tail = ("trial_id", "shared_with", "same_as", "status", "reason", "device", "launch")
    names = ("config_id", "seed", *config_keys, *metric_keys, "milestone", *tail)
    return list(dict.fromkeys(names))
