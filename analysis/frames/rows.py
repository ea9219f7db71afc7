"""The rows of a study as a frame: every configuration at every seed, with its outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from analysis.frames.labels import label
from analysis.frames.trial_frames import resolved, scalars, tune_seconds, with_plain_text
from search_spaces.errors import one_line
from tune_app.study.arithmetic import mapping
from tune_app.study.code_fingerprint import CODE
from tune_app.study.rows import RowOutcome
from tune_app.study.trial_directory import flat
from tune_app.study.trial_record import Record
from tune_app.study.trials import Report, RowKey

TIMED_ON = "timed_on"
"""The column with the processor of a row, if times of the rows are not all comparable."""
IN_TURN = " and then "
"""Between the processors of a trial that was continued on another one."""
BESIDE = " beside "
"""Between the GPU on which a row was trained and the processor of its machine."""
UNKNOWN, UNKNOWN_GPU = "a processor that is not recorded", "a GPU that is not recorded"
_NOT_METRICS = ("epoch", "status", "milestone", "predictions_file", "device")


def told_apart(
    meta: Mapping[str, Any],
) -> tuple[dict[str, Record], Callable[[Record], Record]]:
    """Return the configurations of ``study.json``, flattened, with values that a frame tells apart.

    Returns:
        config_id -> the configuration, and the function that gave it such values.
    """
    found = {str(c["config_id"]): flat(c["config"]) for c in meta["configurations"]}
    # A frame tells apart what the parameters of our own trainables can be.
    tell = _telling_apart(found.values() if meta["space"].get("is_own") is True else ())
    return {config_id: tell(config) for config_id, config in found.items()}, tell


def _telling_apart(configurations: Iterable[Record]) -> Callable[[Record], Record]:
    """Return a function that gives a configuration values which a frame tells apart.

    It is for studies of a user's function, whose values may be anything. None is a value there, and
    becomes the text ``None``, because a frame takes it for a missing one. Booleans become texts if
    the parameter also has numbers, because True equals 1. A text that reads like a value of another
    type, such as ``"None"`` beside None or ``"1"`` beside 1.0, gets quotes.
    """
    texts: dict[str, set[str]] = {}
    others: dict[str, dict[str, object]] = {}
    for config in configurations:
        for key, value in config.items():
            if isinstance(value, str):
                texts.setdefault(key, set()).add(value)
            else:
                others.setdefault(key, {})[str(value)] = value
    with_numbers = {key for key, of_key in others.items() if any(map(_is_number, of_key.values()))}
    beside = {key: of_key for key, of_key in others.items() if key in texts}
    printed = {key: {*of, *(label(key, v) for v in of.values())} for key, of in beside.items()}
    alike = {key: texts[key] & printed[key] for key in beside}

    def plain(key: str, value: object) -> object:
        if isinstance(value, str):
            return repr(value) if value in alike.get(key, ()) else value
        told = with_numbers if isinstance(value, bool) else others if value is None else ()
        return str(value) if key in told else value

    return lambda config: {key: plain(key, value) for key, value in config.items()}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class Processors(NamedTuple):
    """The processor of a launch's machine, and its GPUs."""

    cpu: str = UNKNOWN
    gpus: str = UNKNOWN_GPU

    def name(self, device: object) -> str:
        """Return what a row with this device was timed on."""
        return f"{self.gpus}{BESIDE}{self.cpu}" if device == "cuda" else self.cpu


def processors_of(launches: Iterable[Mapping[str, Any]]) -> dict[str, Processors]:
    """Return the processors of each launch by the launch's name."""
    found = {}
    for number, launch in enumerate(map(mapping, launches), 1):
        hardware = mapping(launch.get("hardware"))
        gpus = hardware.get("gpus")
        names = dict.fromkeys(map(str, gpus if isinstance(gpus, list) else []))
        found[str(launch.get("name") or f"{number:03d}")] = Processors(
            one_line(str(hardware.get("cpu") or UNKNOWN)),
            one_line(" or ".join(names) or UNKNOWN_GPU),
        )
    return found


def processors_differ(names: Iterable[str]) -> bool:
    """Return whether times taken on these processors must not be compared with each other.

    A GPU may be compared with the processor beside which it is.
    """
    found = set(names)
    machines = {name.rpartition(BESIDE)[2] for name in found}
    gpus = {name for name in found if BESIDE in name}
    return max(len(machines), len(gpus)) > 1 or any(IN_TURN in name for name in found)


def rows_of(
    configurations: Mapping[str, Record],
    outcomes: Mapping[RowKey, RowOutcome],
    processors: Mapping[str, Processors] = MappingProxyType({}),
) -> tuple[list[Record], dict[RowKey, Report]]:
    """Return a record of each row, in the declared order, and the report behind its metrics.

    Args:
        configurations: config_id -> parameters, flattened.
        outcomes: the outcome of every row of the study.
        processors: the processors of each launch.
    """
    order = {config_id: index for index, config_id in enumerate(configurations)}
    keys = sorted(outcomes, key=lambda key: (order[key[0]], key[1]))
    records = [_record(key, configurations[key[0]], outcomes[key]) for key in keys]
    for key, record in zip(keys, records, strict=True):
        record[TIMED_ON] = _timed_on(outcomes[key], processors, record["device"])
    return records, {key: o.report for key, o in outcomes.items() if o.report is not None}


def _timed_on(outcome: RowOutcome, processors: Mapping[str, Processors], device: object) -> str:
    """Return the processors on which a row's trial ran up to the row's result, in their order."""
    trial, milestone = outcome.trial, outcome.milestone
    if trial is None or milestone is None or outcome.report is None:
        return ""
    launches = [r.directory.launch for epoch, r in trial.history.items() if epoch <= milestone]
    names = [processors.get(launch, Processors()).name(device) for launch in launches]
    return IN_TURN.join(dict.fromkeys(names))


def row_frame(
    records: list[Record], reports: Iterable[Report], config_keys: tuple[str, ...]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return ``Study.rows`` and ``Study.metric_keys``."""
    reported = dict.fromkeys(key for report in reports for key in scalars(report.record))
    metric_keys = tuple(key for key in reported if key not in (*_NOT_METRICS, *config_keys))
    tail = ["trial_id", "shared_with", "same_as", "status", "reason", "device", "launch"]
    tail.append("tune_seconds")
    if len({record[CODE] for record in records} - {""}) > 1:
        tail.append(CODE)
    if processors_differ({str(record.get(TIMED_ON) or "") for record in records} - {""}):
        tail.append(TIMED_ON)
    names = ("config_id", "seed", *config_keys, *metric_keys, "milestone", *tail)
    frame = pd.DataFrame(records, columns=list(dict.fromkeys(names)))
    return with_plain_text(frame), metric_keys


def _record(row: RowKey, config: Record, outcome: RowOutcome) -> Record:
    metrics = scalars(outcome.report.record) if outcome.report else {}
    origin: Record = {"trial_id": None, "shared_with": "", "same_as": ""}
    origin |= {"launch": None, "milestone": None}
    trial, milestone = outcome.trial, outcome.milestone
    if trial is not None and milestone is not None:
        metrics.setdefault("device", trial.config.get("device"))
        directory = outcome.report.directory if outcome.report else trial.newest
        if outcome.report:
            metrics |= trial.conditions(milestone)
            until = (r.record for epoch, r in trial.history.items() if epoch <= milestone)
            metrics.setdefault("tune_seconds", tune_seconds(until))
        origin |= {"trial_id": trial.key, "launch": directory.launch, "milestone": milestone}
        others = {"shared_with": trial.primary, "same_as": trial.serves[milestone][0]}
        origin |= {name: "" if other == row[0] else other for name, other in others.items()}
    record: Record = {"device": None} | resolved(config, metrics)
    if record["device"] == "auto":
        record["device"] = None
    identity = {"config_id": row[0], "seed": row[1], CODE: outcome.code}
    return record | identity | origin | {"status": outcome.status, "reason": outcome.reason}
