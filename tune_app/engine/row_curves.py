"""What TensorBoard shows of a study: a run for every row, also for rows that share a trial."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from search_spaces.configuration import Config
from tune_app.engine.event_file import EventFile
from tune_app.engine.row_names import FOLDER, RowNames
from tune_app.storage.store import StudyStore
from tune_app.study.measures import Measures, measured
from tune_app.study.selection import group_names
from tune_app.study.trial_record import AT_RETURN
from tune_app.training.trainable import Trainable

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

PUSH_SECONDS = 30.0
"""Least time between two writes of a running row's curves to a URL."""


@dataclass
class _Row:
    """A row whose trial runs.

    Attributes:
        events: its file.
        factors: its values in the HParams tab.
        milestone: the epoch at which it ends, or ``AT_RETURN``.
        is_begun: whether anything is written.
        pushed: when the file was last written to a URL, by ``time.monotonic``.
    """

    events: EventFile
    factors: Mapping[str, Any]
    milestone: int
    is_begun: bool = False
    pushed: float = -math.inf


class RowCurves:
    """Writes the event files of all rows.

    Args:
        store: where the study is kept.
        study: ``study.json``; a search adds configurations to it.
        trainable: what the trials run; it completes configurations.
        factors: the parameters that the HParams tab lists -> the type of their column.
    """

    def __init__(
        self,
        store: StudyStore,
        study: Mapping[str, Any],
        trainable: Trainable,
        factors: Mapping[str, type],
    ) -> None:
        self._store, self._study = store, study
        self._trainable = trainable
        self._factors = factors
        self._measures = Measures.of_study(study)
        self._row_names = RowNames(list(factors))
        self._num_named = 0
        self._names: dict[str, str] = {}
        self._configs: dict[str, Config] = {}
        self._rows: dict[str, list[_Row]] = {}

    def add(self, trial: Trial, row: Mapping[str, Any]) -> None:
        """Write a reported row of a trial to all rows of the study that it is a part of."""
        values, epoch = measured(row), row["epoch"]
        for found in list(self._rows_of(trial)):
            if not found.is_begun:
                found.events.begin(found.factors, epoch)
                found.is_begun = True
            found.events.add_scalars(values, epoch)
            now = time.monotonic()
            if found.milestone == row.get("milestone"):
                self._finish(found, values)
                self._rows[trial.trial_id].remove(found)
            elif now >= found.pushed + PUSH_SECONDS:
                found.pushed = now
                self._store.push(found.events.path)

    def end(self, trial: Trial, last: Mapping[str, Any], *, is_complete: bool) -> None:
        """End the rows of a trial that wait for its end, and write the last of all to a URL.

        Args:
            trial: a trial that has ended.
            last: the row that it reported last.
            is_complete: whether it has ended with a result.
        """
        for found in self._rows.pop(trial.trial_id, ()):
            if found.milestone == AT_RETURN and is_complete and found.is_begun:
                self._finish(found, measured(last))
            elif found.is_begun:
                self._store.push(found.events.path)

    def _finish(self, found: _Row, values: Mapping[str, float]) -> None:
        found.events.finish(found.factors, values)
        self._store.push(found.events.path)

    def _rows_of(self, trial: Trial) -> list[_Row]:
        if trial.trial_id not in self._rows:
            serves = trial.config["plan"].get("serves", {})
            self._name_new_configurations()
            self._rows[trial.trial_id] = [
                self._row(config_id, int(milestone), trial.config["seed"])
                for milestone, ids in serves.items()
                for config_id in ids
            ]
        return self._rows[trial.trial_id]

    def _row(self, config_id: str, milestone: int, seed: int) -> _Row:
        name, config = self._names[config_id], self._configs[config_id]
        values = {f: kind(config[f]) for f, kind in self._factors.items() if f in config}
        folder = self._store.root / FOLDER / f"{name}_s{seed}"
        return _Row(EventFile(folder, self._measures), {**values, "seed": seed}, milestone)

    def _name_new_configurations(self) -> None:
        """Name the configurations that are new, in the study's order, so that names stay."""
        for entry in self._study.get("configurations", ())[self._num_named :]:
            self._num_named += 1
            config_id, config = entry["config_id"], self._trainable.complete(entry["config"])
            group = group_names(self._study["space"], config)
            self._configs[config_id] = config
            self._names[config_id] = self._row_names.name(config_id, config, group)
