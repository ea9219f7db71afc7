"""TensorBoard event files, written in the thread that calls.

tensorboardX's ``SummaryWriter`` hands events to a thread of its own through a bounded queue. When
the disk is full that thread dies and the next caller waits for ever on the queue, so its event
format is used here and its queue is not: an error reaches whoever writes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.summary import hparams, scalar

_FIRST = ("val_accuracy", "test_accuracy", "test_f1", "val_loss", "train_seconds")
"""The HParams tab shows the first five metrics unless told otherwise."""


class EventFile:
    """One trial's curves.

    Args:
        directory: where the file is created; it exists.

    Attributes:
        path: the file.

    Raises:
        OSError: here and in every method, if the file cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        self._writer = EventsWriter(str(directory / "events"))
        self.path = Path(self._writer._file_name)

    def add_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Write the values of one step and see that they reach the file."""
        for name, value in values.items():
            self._add(scalar(name, value), step)
        self._writer.flush()

    def add_hparams(self, factors: Mapping[str, Any], metrics: Mapping[str, float]) -> None:
        """Write the trial's line of the HParams tab."""
        first = {name: metrics[name] for name in _FIRST if name in metrics}
        for summary in hparams(hparam_dict=factors, metric_dict={**first, **metrics}):
            self._add(summary, 0)

    def close(self) -> None:
        """Write what is left and close the file."""
        self._writer.close()

    def _add(self, summary: Any, step: int) -> None:
        self._writer.write_event(Event(summary=summary, step=step, wall_time=time.time()))
