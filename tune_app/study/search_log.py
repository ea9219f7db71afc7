"""The log of a search: what was asked and told, in the order in which it happened.

``search.jsonl`` has one JSON object a line and is only ever appended to. A sampler is asked for a
configuration before its trial starts, and told a result after the trial has recorded it. So a
search that was killed is rebuilt from this log and from the recorded results.

* ``{"event": "ask", "number": 0, "config_id": "...", "config": {...}, "from": "tpe"}``
* ``{"event": "tell", "number": 0, "state": "finished", "value": 0.9, "values": {"1": 0.8},
  "measures": ["val_accuracy"]}``
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from search_spaces.errors import UserError, choices
from tune_app.storage.store import StudyStore
from tune_app.study.bounded import MOST_STUDY_BYTES, read_bounded
from tune_app.study.json_text import parse_json
from tune_app.study.objective import finite_number

SEARCH_FILE = "search.jsonl"
STATES = ("finished", "stopped", "failed", "diverged", "timed_out")
"""How a trial can end; what a sampler is told."""

_EPOCH = re.compile(r"[1-9][0-9]{0,8}")
_MOST_ATTEMPTS = 1_000
"""A sampler with a state is asked again as often, so a damaged number could take for ever."""

Event = dict[str, Any]
"""A line of the log."""


def read_events(store: StudyStore) -> list[Event]:
    """Return the events of a study's search, oldest first; none if it has no search.

    A line that was torn when its writer was killed is left out: what it was to say had no effect.

    Raises:
        UserError: the file cannot be read, or a line says what no search writes.
    """
    path = store.root / SEARCH_FILE
    where = store.place_of(path)
    remedy = "restore it from a copy"
    try:
        text = read_bounded(path, MOST_STUDY_BYTES).decode()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UserError(f"{where}: cannot be read ({reason}); {remedy}") from None
    events: list[Event] = []
    numbers: set[int] = set()
    for index, line in enumerate(text.split("\n"), start=1):
        try:
            event = parse_json(line)
        except ValueError:
            continue
        problem = _problem(event, numbers)
        if problem:
            raise UserError(f"{where}: line {index}: {problem}; {remedy}")
        numbers.add(event["number"])
        events.append(event)
    return events


def append_event(store: StudyStore, event: Mapping[str, Any]) -> None:
    """Add an event. It is on the disk when the call returns.

    Raises:
        OSError: the file cannot be written.
    """
    path = store.root / SEARCH_FILE
    line = json.dumps(event, allow_nan=False)
    store.append_line(path, f"\n{line}" if _is_torn(path) else line)


def ask_event(
    number: int, config_id: str, config: Mapping[str, Any], source: str, attempt: int = 0
) -> Event:
    """Return the event of a proposal.

    Args:
        number: the number of the proposal, counted from 0.
        config_id: the configuration's identity.
        config: the configuration.
        source: who proposed it: the name of a sampler, or ``"start_with"``.
        attempt: how many proposals before it were left out, because they had been tried already.
    """
    identity = {"event": "ask", "number": number, "config_id": config_id}
    event = {**identity, "config": dict(config), "from": source}
    return {**event, "attempt": attempt} if attempt else event


def tell_event(
    number: int,
    state: str,
    value: float | None,
    values: Mapping[int, float | None],
    objectives: Sequence[float] = (),
    *,
    measures: Sequence[str] = (),
) -> Event:
    """Return the event of a result.

    Args:
        number: the number of the proposal.
        state: one of ``STATES``.
        value: the value of the objective, or None without a result.
        values: epoch -> the value there; None if it is no number.
        objectives: with several objectives: the value of each.
        measures: the objectives that these are values of; a later launch may have others.
    """
    told = {"event": "tell", "number": number, "state": state, "value": value}
    told["values"] = {str(epoch): values[epoch] for epoch in sorted(values)}
    told |= {"objectives": [*objectives]} if objectives else {}
    return told | {"measures": [*measures]} if measures else told


def asked_configurations(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Return the proposed configurations in their order, as ``study.json`` lists them."""
    asked = {e["config_id"]: e["config"] for e in events if e["event"] == "ask"}
    return [{"config_id": config_id, "config": config} for config_id, config in asked.items()]


def _is_torn(path: Path) -> bool:
    """Return whether the last line of a file lacks its end, because its writer was killed."""
    try:
        with path.open("rb") as stream:
            stream.seek(-1, os.SEEK_END)
            return stream.read(1) != b"\n"
    except OSError:  # there is no file, or it is empty
        return False


def _problem(event: Any, asked: set[int]) -> str:
    """Return what is wrong with an event, or an empty string."""
    if not isinstance(event, dict) or event.get("event") not in ("ask", "tell"):
        return "not an event of a search"
    number = event.get("number")
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        return "number is damaged"
    if event["event"] == "ask":
        return f"proposal {number} is asked twice" if number in asked else _ask_problem(event)
    return _tell_problem(event) if number in asked else f"proposal {number} is told, but not asked"


def _ask_problem(event: Event) -> str:
    texts = all(isinstance(event.get(key), str) for key in ("config_id", "from"))
    if not texts or not isinstance(event.get("config"), dict):
        return "an ask needs a config_id, a config and from"
    attempt = event.get("attempt", 0)
    is_sound = isinstance(attempt, int) and 0 <= attempt <= _MOST_ATTEMPTS
    return "" if is_sound else "attempt is damaged"


def _tell_problem(event: Event) -> str:
    if event.get("state") not in STATES:
        return f"state is {event.get('state')!r}; allowed: {choices(STATES)}"
    values = event.get("values")
    numbers = [event.get("value"), *(values.values() if isinstance(values, dict) else ())]
    if not isinstance(values, dict) or not all(map(_is_value, numbers)):
        return "value or values is damaged"
    several = event.get("objectives", [])
    if not isinstance(several, list) or any(finite_number(v) is None for v in several):
        return "objectives is damaged"
    are_epochs = all(map(_EPOCH.fullmatch, values))
    return "" if are_epochs else "an epoch of values is damaged"


def _is_value(value: object) -> bool:
    return value is None or finite_number(value) is not None
