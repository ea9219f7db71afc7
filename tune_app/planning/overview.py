"""How far a study is. Only its directory is read, so this works without Ray on any machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tune_app.planning.code_change import older_code
from tune_app.planning.remaining import (
    Speed,
    epochs_left,
    measure_speed,
    num_yet_to_ask,
    planned_trials,
    reported_at,
    seconds_left,
)
from tune_app.study.arithmetic import mapping
from tune_app.study.ledger import Ledger
from tune_app.study.measures import Measures
from tune_app.study.rows import RowOutcome
from tune_app.study.search_log import asked_configurations, read_events
from tune_app.study.search_settings import SEARCH, SearchSettings
from tune_app.study.selection import (
    Candidate,
    Results,
    best_first,
    candidates,
    group_names,
    mean_of,
)
from tune_app.study.trial_record import Record
from tune_app.study.trials import ENDED, RowKey

_CLOCK_SECONDS = 60.0
"""How far the clock of a driver, which dates its launch, may be behind the clock of the storage."""


@dataclass(frozen=True)
class Overview:
    """The state of a study.

    Attributes:
        rows: every row's state, in the study's order: ``finished``, ``diverged``, ``unconverged``,
            ``stopped``, ``timed_out``, ``failed``, ``running``, ``unfinished`` (begun), ``open`` or
            ``missing`` (not begun).
        failures: name of a trial's directory -> why its latest attempt failed.
        open_reasons: row -> why the newest launch could not run it.
        num_epochs: recorded epochs; an epoch that was trained twice counts once.
        num_trials_left: trials that have not ended, or None if they cannot be planned.
        num_epochs_left: epochs that are still to be trained, or None if they cannot be planned or
            their number is unknown. If no driver runs the study, epochs after a trial's newest
            checkpoint are trained again.
        speed: the speed of the newest launch, or None if it recorded nothing.
        seconds_left: the time left, estimated from the two before, or None if unknown.
        last_result: the time of the latest result in seconds since 1970, or None.
        results: row -> the recorded result of its milestone.
        num_unreadable: the number of trial directories with a damaged ``params.json``.
        notes: one line for each thing that was left out while reading.
        search: the settings of the study's search, or None.
        num_asked: how many configurations the search has asked for.
        num_to_ask: how many it will still ask for: no more than its space has.
    """

    rows: Mapping[RowKey, str]
    failures: Mapping[str, str]
    open_reasons: Mapping[RowKey, str]
    num_epochs: int
    num_trials_left: int | None
    num_epochs_left: int | None
    speed: Speed | None
    seconds_left: float | None
    last_result: float | None
    results: Mapping[RowKey, Record]
    num_unreadable: int
    notes: tuple[str, ...] = ()
    search: SearchSettings | None = None
    num_asked: int = 0
    num_to_ask: int = 0


def read_overview(ledger: Ledger, *, since: float | None) -> Overview:
    """Read how far a study is.

    Args:
        ledger: the study.
        since: when the driver that runs the study locked it, in seconds since 1970, or None if no
            driver runs it. Trials that have not ended are running if they are of the driver's
            launch. A driver that has just locked the study has no launch yet.
    """
    running = since is not None and _is_begun(ledger, since)
    recorded = ledger.read_trials()
    outcomes = recorded.outcomes(ledger.study)
    rows = row_states(ledger, outcomes, since=since)
    trials, directories = recorded.trials, recorded.directories
    left = planned_trials(ledger, {k for k, s in rows.items() if not _is_left(s, running)})
    done = {o.trial.key for o in outcomes.values() if o.trial and o.status in ENDED}
    speed = measure_speed(ledger, directories, done)
    epochs = [epochs_left(trial, trials, running=running) for trial in left or ()]
    known = [number for number in epochs if number is not None]
    failed = {id(o.trial): o.trial for k, o in outcomes.items() if rows[k] == "failed" and o.trial}
    stamps = [
        when for d in directories for line in d.records if (when := reported_at(line)) is not None
    ]
    reports = [o.report.record for o in outcomes.values() if o.report]
    missing = Measures.of_study(ledger.study).missing_from(reports)
    entry = ledger.study.get(SEARCH)
    search = None if entry is None else SearchSettings.from_json(entry)
    num_asked = 0 if search is None else len(asked_configurations(read_events(ledger.store)))
    to_ask = 0 if search is None else num_yet_to_ask(ledger, search.num_trials, num_asked)
    return Overview(
        rows=rows,
        failures={trial.newest.name: trial.newest.error for trial in failed.values()},
        open_reasons={key: o.reason for key, o in outcomes.items() if o.status == "open"},
        num_epochs=sum(len(trial.history) for trial in trials.values() if trial.serves),
        num_trials_left=None if left is None else len(left),
        num_epochs_left=None if left is None or len(known) < len(epochs) else sum(known),
        speed=speed,
        seconds_left=None
        if left is None
        else seconds_left(ledger, left, trials, speed, running=running, num_to_ask=to_ask),
        last_result=max(stamps, default=None),
        results={key: o.report.record for key, o in outcomes.items() if o.report},
        num_unreadable=sum(not directory.plan for directory in directories),
        notes=(*recorded.notes, *filter(None, [missing, older_code(ledger.study, outcomes)])),
        search=search,
        num_asked=num_asked,
        num_to_ask=to_ask,
    )


def row_states(
    ledger: Ledger, outcomes: Mapping[RowKey, RowOutcome], *, since: float | None
) -> dict[RowKey, str]:
    """Return the state of every row, as ``Overview.rows`` has it.

    Args:
        ledger: the study.
        outcomes: what became of its rows.
        since: when the driver that runs the study locked it, or None if no driver runs it.
    """
    running = since is not None and _is_begun(ledger, since)
    newest = ledger.study["launches"][-1]["name"] if ledger.study["launches"] else None
    return {key: _state(o, newest if running else None) for key, o in outcomes.items()}


def best_configurations(ledger: Ledger, view: Overview | Results) -> list[dict[str, Any]]:
    """Return the best configuration so far of each data set and model, by the objective.

    The same measure on test data is returned too if rows have one, but nothing is chosen by it.
    """
    groups: dict[tuple[Any, ...], list[Candidate]] = {}
    for candidate in candidates(ledger.study, Results(view.rows, view.results)):
        groups.setdefault(tuple(_group(ledger, candidate).values()), []).append(candidate)
    return [_entry(ledger, best_first(group), view) for group in groups.values()]


def _group(ledger: Ledger, candidate: Candidate) -> dict[str, Any]:
    config = candidate.config
    return {name: config[name] for name in group_names(ledger.study["space"], config)}


def _entry(ledger: Ledger, ranked: Sequence[Candidate], view: Overview | Results) -> dict[str, Any]:
    """Return what is shown of the best configuration of a group."""
    best = ranked[0]
    num_seeds = max(len(candidate.records) for candidate in ranked)
    fewer = [c for c in ranked if not c.is_same and len(c.records) < num_seeds]
    reported = dict.fromkeys(name for line in view.results.values() for name in line)
    measures = Measures.of_study(ledger.study)
    metric, test_metric = measures.metric, measures.on_test_data(measures.metric, reported)
    return {
        "group": _group(ledger, best),
        "config_id": best.config_id,
        "config": best.config,
        "num_seeds": len(best.records),
        "num_at_fewer_seeds": len(fewer),
        "metric": metric,
        "mode": measures.mode,
        "unit": _unit(measures, metric, view),
        "score": best.score,
        "test_metric": test_metric,
        "num_items": _num_items(ledger, best.config, metric, best.records),
        "test_unit": test_metric and _unit(measures, test_metric, view),
        "test_score": None if test_metric is None else mean_of(best.records, test_metric),
        "num_test_items": (
            test_metric and _num_items(ledger, best.config, test_metric, best.records)
        ),
    }


def _unit(measures: Measures, name: str, view: Overview | Results) -> str:
    """Return the unit in which a measure is printed: ``%`` if it is a share in all rows."""
    if measures.is_share(name, (line.get(name) for line in view.results.values())):
        return "%"
    unit = measures.unit(name)
    return "" if unit == "%" else unit


def _num_items(ledger: Ledger, config: Record, name: str, lines: Sequence[Record]) -> int | None:
    """Return over how many items a share was counted at all seeds; None if that is not known."""
    datasets = mapping(mapping(ledger.study.get("data")).get("datasets"))
    known = (
        [datasets[config["dataset"]]] if config.get("dataset") in datasets else [*datasets.values()]
    )
    number = Measures.of_study(ledger.study).num_items(name, lines, map(mapping, known))
    return None if number is None else number * len(lines)


def _is_begun(ledger: Ledger, since: float) -> bool:
    """Return whether the newest launch is one of a driver that locked the study at that time.

    If a launch does not say when it started, it is taken for the driver's.
    """
    if not ledger.study["launches"]:
        return False
    try:
        started = datetime.fromisoformat(ledger.study["launches"][-1].get("started_at"))
        return started.timestamp() >= since - _CLOCK_SECONDS
    except (TypeError, ValueError, OverflowError):
        return True


def _state(outcome: RowOutcome, running_launch: str | None) -> str:
    """Return the state of a row, given the launch that is running now, if any."""
    launch = outcome.trial.newest.launch if outcome.trial else None
    has_no_end = outcome.status in ("unfinished", "missing")
    return "running" if has_no_end and launch and launch == running_launch else outcome.status


def _is_left(state: str, running: bool) -> bool:
    """Return whether a row is still to be run. Failed rows are run again by the next launch."""
    return state in ("running", "unfinished", "missing") or (state == "failed" and not running)
