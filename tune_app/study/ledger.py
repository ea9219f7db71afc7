"""The ledger of a study: the rows that it is to contain, and those that are finished.

``study.json`` says which rows are expected. Which rows are finished is not written there, where it
could disagree with the results. It is read from what the trials of every launch recorded
(:mod:`tune_app.study.recorded`). A row is a configuration at a seed. It is finished once a trial
that serves it has recorded its milestone.

Resuming a study, extending it by seeds or by a wider axis, and finishing it on another machine are
therefore the same operation: run the rows that are not finished.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from search_spaces.configuration import Config, Configuration
from search_spaces.own_work import is_own
from search_spaces.space import SearchSpace
from tune_app.storage.store import STUDY_FILE, StudyStore
from tune_app.study.best_of import BEST_OF, BestOf
from tune_app.study.code_fingerprint import code_entry
from tune_app.study.objective import HAS_OBJECTIVE, OBJECTIVES
from tune_app.study.recorded import Recorded, read_recorded
from tune_app.study.rows import row_keys
from tune_app.study.search_settings import SEARCH, SearchSettings
from tune_app.study.study_file import (
    LAUNCHES,
    SCHEMA_VERSION,
    check_unedited,
    read_study,
)
from tune_app.study.trials import RowKey

REMEDY = "use --study NAME for another study or --fresh to put this one aside"
_REPAIR = (
    "restore it from a copy; or run the study anew with --fresh, which puts this one aside, or "
    "with --study NAME"
)
"""For a file that every command reads, also those that have no such options."""


@dataclass(frozen=True)
class Ledger:
    """One study directory and its ``study.json``.

    Attributes:
        store: where the study is kept.
        study: the content of ``study.json``, and under ``launches`` the record of each launch.
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
        """Return every configuration of the study, in the declared order."""
        return [Configuration(c["config_id"], c["config"]) for c in self.study["configurations"]]

    def row_keys(self) -> list[RowKey]:
        """Return the (config_id, seed) of every row of the study, in the declared order."""
        return row_keys(self.study)

    def read_trials(self) -> Recorded:
        """Read what the trials of all launches recorded."""
        return read_recorded(self.root, self.study)

    def save(self) -> None:
        """Write ``study.json``. A reader sees the whole old file or the whole new one."""
        content = {key: value for key, value in self.study.items() if key != LAUNCHES}
        self.store.write(self.root / STUDY_FILE, json.dumps(content, indent=1).encode())

    def start_launch(self, entry: Mapping[str, Any]) -> str:
        """Save the study, write the record of a new launch, and return the launch's name.

        Names are ``001``, ``002`` and so on. The record is never rewritten.

        Args:
            entry: what the launch records about itself: versions, hardware, command.
        """
        number = len(self.study[LAUNCHES]) + 1
        while any(os.path.lexists(self.root / place) for place in _places(number)):
            number += 1  # if a record was lost, its trials must not be mixed with the new ones
        name = f"{number:03d}"
        now = datetime.now(UTC).isoformat(timespec="seconds")
        record = {"name": name, "started_at": now, **entry}
        self.save()
        path = self.root / LAUNCHES / f"{name}.json"
        self.store.write(path, json.dumps(record, indent=1).encode())
        self.study[LAUNCHES].append(record)
        return name


def _places(number: int) -> tuple[str, str]:
    return f"tune/{number:03d}", f"{LAUNCHES}/{number:03d}.json"


def open_ledger(store: StudyStore) -> Ledger | None:
    """Return the ledger of an existing study, or None if there is none.

    Raises:
        UserError: ``study.json`` cannot be read, has another schema version, or was edited.
    """
    study = read_study(store, _REPAIR)
    if study is None:
        return None
    check_unedited(study, store.place_of(store.root / STUDY_FILE), _REPAIR)
    return Ledger(store, study)


def new_ledger(
    store: StudyStore,
    space: SearchSpace,
    seeds: Sequence[int],
    *,
    device: str,
    data: Mapping[str, Any],
    defaults: Config,
    code: Mapping[str, str] | None = None,
    search: SearchSettings | None = None,
    best_of: BestOf | None = None,
    has_objective: bool = False,
) -> Ledger:
    """Return the ledger of a new study. Nothing is written yet.

    Args:
        store: where the study is to be kept.
        space: the search space.
        seeds: every configuration is run once per seed.
        device: the device for ``device: auto``.
        data: the description of the data from :func:`tune_app.data.split_data.describe`.
        defaults: the trainable's values of parameters that a configuration leaves out.
        code: the user's code: file name -> its fingerprint.
        search: the search that asks for the configurations; None if the space lists them all.
        best_of: the picks of another study that are repeated, or None.
        has_objective: whether the user, not the space, named what selects.
    """
    declared = space.expand(defaults) if search is None else []
    return Ledger(
        store,
        {
            "schema_version": SCHEMA_VERSION,
            "study": store.root.name,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "space": _space_entry(space, defaults)
            | ({HAS_OBJECTIVE: True} if has_objective else {}),
            "seeds": sorted(seeds),
            "device": device,
            "configurations": [{"config_id": c.config_id, "config": c.config} for c in declared],
            "data": dict(data),
            **({} if search is None else {SEARCH: search.as_json()}),
            **({} if best_of is None else {BEST_OF: best_of.as_json()}),
            **code_entry(code or {}),
            LAUNCHES: [],
        },
    )


def _space_entry(space: SearchSpace, defaults: Config) -> dict[str, Any]:
    """Return the entry ``space`` of ``study.json``."""
    return {
        "name": space.name,
        "question": space.question,
        "trainable": space.trainable_name,
        "factors": list(space.factors),
        "metric": space.metric,
        "mode": space.mode,
        **({OBJECTIVES: dict(space.objectives)} if space.objectives else {}),
        **_own_work(space),
        "resources": dict(space.resources),
        "exclusive": space.exclusive,
        "param_space": dict(space.param_space),
        "defaults": dict(defaults),
    }


def _own_work(space: SearchSpace) -> dict[str, Any]:
    """Return the entries of ``space`` that only a study of a user's own work has."""
    entries = {
        "is_own": is_own(space.trainable),
        "prefix_axis": space.prefix_axis,
        "result": space.result if space.result != "last" else None,
        "keep_checkpoints": space.keep_checkpoints or ("last" if is_own(space.trainable) else None),
        "measures": {name: measure.as_json() for name, measure in space.measures.items()},
    }
    return {key: value for key, value in entries.items() if value}


def put_aside(store: StudyStore) -> Path:
    """Rename a study so that its name is free.

    Returns:
        The path of the renamed study; ``store.place_of`` returns its path or URL for the user.

    Raises:
        OSError: the storage does not answer, or the new name is taken.
        UserError: another process took the old name meanwhile.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    target = store.root.with_name(f"{store.root.name}.{stamp}")
    store.put_aside(target.name)
    return target
