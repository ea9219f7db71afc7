"""TensorBoard event files, written in the thread of the caller.

The ``SummaryWriter`` of torch and that of tensorboardX pass events to a thread of their own through
a bounded queue. When the disk is full, that thread dies and the next caller waits for ever. They
also keep every file open, and a study can have more rows at once than a process may open files.
This module takes only the format, from TensorBoard itself, which unlike the two does not import
torch. It opens a file for each write, and the caller gets the error.
"""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams.api_pb2 import (
    DataType,
    Experiment,
    HParamInfo,
    MetricInfo,
    MetricName,
    Status,
)
from tensorboard.plugins.hparams.plugin_data_pb2 import (
    HParamsPluginData,
    SessionEndInfo,
    SessionStartInfo,
)
from tensorboard.summary.writer.record_writer import RecordWriter

from tune_app.study.measures import Measures

_VERSION = "brain.Event:2"


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
    """The curves of one row of the study, as far as one launch records them.

    TensorBoard joins the files of a folder. If earlier launches left some, it is told to forget
    what they have from the first epoch of this one on: a resumed trial repeats the epochs after its
    checkpoint.

    Args:
        directory: the folder of the row, which is TensorBoard's run; it is made if necessary.
        measures: the study's measures; they give the curves their names.

    Attributes:
        path: the file. It is there once something is written.

    Raises:
        OSError: every method, if the file cannot be written.
    """

    def __init__(self, directory: Path, measures: Measures) -> None:
        self._measures = measures
        directory.mkdir(parents=True, exist_ok=True)
        self._goes_on = any(directory.iterdir())
        name = f"events.out.tfevents.{time.time():017.6f}.{socket.gethostname()}"
        self.path = directory / name

    def begin(self, factors: Mapping[str, Any], epoch: int) -> None:
        """Write the factors of the row, so that the HParams tab has it while it runs.

        Args:
            factors: parameter -> value.
            epoch: the first epoch that is recorded.
        """
        events = [Event(file_version=_VERSION, wall_time=time.time())]
        if self._goes_on:
            start = SessionLog(status=SessionLog.START)
            events.append(Event(session_log=start, step=epoch, wall_time=time.time()))
        session = SessionStartInfo()
        for name, value in factors.items():
            setattr(session.hparams[name], _kind(value)[0], value)
        about = HParamsPluginData(session_start_info=session)
        self._append(*events, _hparams_event(metadata.SESSION_START_INFO_TAG, about))

    def add_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Write the values of one step."""
        tags = [(self._measures.tag(name), value) for name, value in values.items()]
        self._append(*(_event(step, tag=tag, simple_value=value) for tag, value in tags))

    def finish(self, factors: Mapping[str, Any], metrics: Mapping[str, float]) -> None:
        """Write which metrics the HParams tab lists, and that the row has its result.

        The tab finds the values by the curves, and shows the first five of the metrics. A failure
        is not written: TensorBoard keeps the first status of a run, and a row that failed or was
        stopped may still get its result from a later launch.
        """
        tags = [MetricName(tag=self._measures.tag(name)) for name in self._in_order(metrics)]
        experiment = Experiment(
            hparam_infos=[HParamInfo(name=n, type=_kind(v)[1]) for n, v in factors.items()],
            metric_infos=[MetricInfo(name=tag) for tag in tags],
        )
        end = SessionEndInfo(status=Status.STATUS_SUCCESS)
        self._append(
            _hparams_event(metadata.EXPERIMENT_TAG, HParamsPluginData(experiment=experiment)),
            _hparams_event(metadata.SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=end)),
        )

    def _in_order(self, metrics: Mapping[str, float]) -> list[str]:
        """Return the metrics: the objective, it on test data, what else judges, the rest."""
        measures, objective = self._measures, self._measures.metric
        on_test = measures.on_test_data(objective, metrics)
        judges = [
            name
            for name in metrics
            if measures.better(name) and measures.split(name) in ("val", "test")
        ]
        order = dict.fromkeys([objective, on_test or objective, *judges, *metrics])
        return [name for name in order if name in metrics]

    def _append(self, *events: Event) -> None:
        with io.BytesIO() as records:
            writer = RecordWriter(records)
            for event in events:
                writer.write(event.SerializeToString())
            with self.path.open("ab") as file:
                file.write(records.getbuffer())


def _event(step: int, **value: Any) -> Event:
    return Event(summary=Summary(value=[value]), step=step, wall_time=time.time())


def _hparams_event(tag: str, about: HParamsPluginData) -> Event:
    """Return an event for the HParams tab, which reads what is in the metadata of its value."""
    described = metadata.create_summary_metadata(about)
    return _event(0, tag=tag, metadata=described, tensor=metadata.NULL_TENSOR)


def _kind(value: object) -> tuple[str, int]:
    """Return the field that takes a value in the HParams tab, and the type of its column."""
    if isinstance(value, bool):
        return "bool_value", DataType.DATA_TYPE_BOOL
    if isinstance(value, (int, float)):
        return "number_value", DataType.DATA_TYPE_FLOAT64
    return "string_value", DataType.DATA_TYPE_STRING
