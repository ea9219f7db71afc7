"""TensorBoard event files, written in the thread of the caller.

tensorboardX's ``SummaryWriter`` passes events to a thread of its own through a bounded queue. When
the disk is full, that thread dies and the next caller waits for ever. This module uses
tensorboardX's event format without its queue, so the caller gets the error.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.summary import hparams, scalar

from tune_app.study.measures import Measures

_FIRST = ("val_accuracy", "test_accuracy", "test_f1", "val_loss", "train_seconds")
"""The metrics that come first after the objective: the HParams tab shows five by default."""


def column_types(names: Iterable[str], configs: Iterable[Mapping[str, Any]]) -> dict[str, type]:
    """Return the type of each column of the HParams tab.

    TensorBoard cannot sort a column of several types: it answers with an error (status 500).

    Args:
        names: the columns, which are parameters.
        configs: the complete configurations of all trials.

    Returns:
        Name -> ``bool`` or ``float`` if every value is of that kind, otherwise ``str``.
    """
    values: dict[str, list[Any]] = {name: [] for name in names}
    for config in configs:
        for name in values.keys() & config.keys():
            values[name].append(config[name])
    return {name: _common_type(column) for name, column in values.items()}


def _common_type(column: Iterable[Any]) -> type:
    kinds = {type(value) for value in column}
    if kinds == {bool}:
        return bool
    return float if kinds and kinds <= {int, float} else str


class EventFile:
    """One trial's curves.

    Args:
        directory: where the file is created; it exists.
        measures: the study's measures; they give the curves their names.

    Attributes:
        path: the file.

    Raises:
        OSError: here and in every method, if the file cannot be written.
    """

    def __init__(self, directory: Path, measures: Measures) -> None:
        self._measures = measures
        self._writer = EventsWriter(str(directory / "events"))
        self.path = Path(self._writer._file_name)

    def add_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Write the values of one step, and flush them to the file."""
        for name, value in values.items():
            self._add(scalar(self._measures.tag(name), value), step)
        self._writer.flush()

    def add_hparams(self, factors: Mapping[str, Any], metrics: Mapping[str, float]) -> None:
        """Write the trial's row of the HParams tab, which finds its metrics by their curves."""
        objective = self._measures.metric
        on_test = self._measures.on_test_data(objective, metrics)
        order = dict.fromkeys([objective, on_test or objective, *_FIRST, *metrics])
        tagged = {self._measures.tag(name): metrics[name] for name in order if name in metrics}
        for summary in hparams(hparam_dict=factors, metric_dict=tagged):
            self._add(summary, 0)

    def close(self) -> None:
        """Write what is buffered and close the file."""
        self._writer.close()

    def _add(self, summary: Any, step: int) -> None:
        self._writer.write_event(Event(summary=summary, step=step, wall_time=time.time()))
