"""What a notification says about the end of a launch: a text for people, a record for programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from socket import gethostname
from typing import Any

from search_spaces.errors import one_line
from tune_app.cli.best_text import best_lines
from tune_app.cli.outcome_text import HALTED
from tune_app.cli.places import counted, shell_word
from tune_app.cli.status_command import row_counts, state_record
from tune_app.engine.conclusion import EXIT_OPEN
from tune_app.engine.display import Ending
from tune_app.planning.durations import format_seconds
from tune_app.planning.overview import Overview, read_overview
from tune_app.storage.store import StudyStore
from tune_app.study.command_name import command_name
from tune_app.study.ledger import Ledger, open_ledger
from tune_app.study.stop import TIMED_OUT

_MOST_LETTERS = 1_900
"""Discord refuses more than 2,000 in a message."""
_MOST_FAILURES, _MOST_NAMED = 20, 3
"""How many failed trials are in the record, and how many in the text."""
_SENT = ("num_rows", "rows", "best", "failures")
"""What of the record of ``tune-app status --json`` is sent."""


@dataclass(frozen=True)
class Notice:
    """A notification.

    Attributes:
        title: the study, how its launch ended, and where.
        text: the same with the summary, some lines long.
        record: the summary for programs.
    """

    title: str
    text: str
    record: dict[str, Any]

    def payload(self) -> dict[str, Any]:
        """Return what a webhook gets: the record, and the text under the names that chats read."""
        return {**self.record, "title": self.title, "text": self.text, "content": self.text}


def event_of(ending: Ending) -> str:
    """Return how a launch ended: ``finished``, ``failed``, ``stopped`` or ``open``.

    It is ``stopped`` by a signal or a limit, and ``open`` if rows cannot run on this cluster.
    """
    if ending.status == 0:
        return "finished"
    if ending.status > 128 or (ending.status == EXIT_OPEN and ending.reason):
        return "stopped"
    return "open" if ending.status == EXIT_OPEN else "failed"


def notice_of(store: StudyStore, ending: Ending) -> Notice:
    """Return the notification of a launch that has ended.

    Args:
        store: the study.
        ending: how its launch ended.
    """
    event, host, name = event_of(ending), gethostname(), store.root.name
    title = f"{name}: {event} on {host}"
    record: dict[str, Any] = {
        "study": name,
        "event": event,
        "host": host,
        "seconds": round(ending.seconds, 1),
        "reason": ending.reason,
    }
    lines = [f"{title} after {format_seconds(ending.seconds)}"]
    lines += [ending.reason] if ending.reason else []
    following = ending.again
    # A study that was refused or that cannot be read any more is named all the same.
    with suppress(Exception), store.guarded():
        ledger = open_ledger(store)
        if ledger is not None:
            view = read_overview(ledger, since=None)
            lines += _summary_lines(ledger, view)
            state = state_record(ledger, view, None)
            state["failures"] = dict(list(state["failures"].items())[:_MOST_FAILURES])
            record |= {key: state[key] for key in _SENT}
            if event == "finished":
                following = f"{command_name('analysis.report')} {shell_word(store, ledger.root)}"
    record["next"] = following
    text = "\n".join([*map(one_line, lines), f"next: {following}"])
    if len(text) > _MOST_LETTERS:
        text = f"{text[: _MOST_LETTERS - 1]}…"
    return Notice(title, text, record)


def _summary_lines(ledger: Ledger, view: Overview) -> Iterator[str]:
    yield f"rows: {row_counts(view)}"
    if number := list(view.rows.values()).count(TIMED_OUT):
        yield f"{counted(number, 'row')} {HALTED[TIMED_OUT]}"
    yield from best_lines(ledger, view)
    for name, reason in list(view.failures.items())[:_MOST_NAMED]:
        yield f"failed: {name}: {reason}"
