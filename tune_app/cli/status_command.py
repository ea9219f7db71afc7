"""``python -m tune_app.status``: print how far a study is. Only its directory is read.

Exit status: 0 the study was read, 2 the command has to be corrected, 130 ``--watch`` was stopped.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from search_spaces.errors import one_line
from tune_app.cli.arguments import CommandParser, add_json, add_study
from tune_app.cli.best_text import best_lines
from tune_app.cli.places import MOST_LISTED, counted, failure_lines, limit_lines, study_at
from tune_app.planning.durations import format_age, format_estimate, format_seconds
from tune_app.planning.overview import Overview, best_configurations, read_overview
from tune_app.storage.lock import Holder
from tune_app.storage.open_store import open_store
from tune_app.storage.output import answering_mistakes, print_json, print_text
from tune_app.storage.store import StudyStore
from tune_app.study.ledger import Ledger
from tune_app.study.rows import STATES, open_entries

_CLEAR = "\x1b[H\x1b[2J"


def build_parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = CommandParser(
        "tune_app.status", "Print how far a study is. Only its directory is read."
    )
    add_study(parser)
    parser.add_argument(
        "--watch",
        nargs="?",
        const=10.0,
        type=_interval,
        metavar="SECONDS",
        help="print the state every SECONDS, e.g. --watch 60, until no driver runs the study "
        "(default: print once; without a number: every 10 seconds)",
    )
    add_json(parser, "one JSON object each time", "text")
    return parser


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    args = build_parser().parse_args(argv)
    with open_store(args.study) as store:
        while _print_state(store, as_json=args.json, clear=args.watch is not None):
            if args.watch is None:
                break
            _wait(store, args.watch)
    return 0


def _interval(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds from 1 to 86400")
    return seconds


def _wait(store: StudyStore, seconds: float) -> None:
    """Wait for the interval, and then until the study can be read."""
    while True:
        time.sleep(seconds)
        try:
            return store.refresh()
        except OSError as error:
            note = f"note: {store.place}: cannot be read ({error}); looking again in {seconds:g} s"
            print_text(one_line(note), to_stderr=True)


def _print_state(store: StudyStore, *, as_json: bool, clear: bool) -> bool:
    """Print the state of a study; return whether a driver runs it, or may run it."""
    ledger = study_at(store)
    holder: Holder | str | None
    try:
        holder = store.holder()
    except OSError as error:
        holder = f"not known ({error.strerror or error})"
    view = read_overview(ledger, since=holder.since if isinstance(holder, Holder) else None)
    if as_json:
        is_read = print_json(state_record(ledger, view, holder))
    else:
        text = "\n".join(state_lines(ledger, view, holder, time.time()))
        if clear and sys.stdout.isatty():
            print_text(_CLEAR, end="")
        is_read = print_text(text)
    return is_read and holder is not None


def state_lines(
    ledger: Ledger, view: Overview, holder: Holder | str | None, now: float
) -> Iterator[str]:
    """Yield the state of a study as lines of text.

    Args:
        ledger: the study.
        view: its state.
        holder: the process that runs it, None if none does, or why that is not known.
        now: the time in seconds since 1970.
    """
    question = ledger.study["space"].get("question")
    yield one_line(": ".join(filter(None, [ledger.name, str(question or "")])))
    yield f"driver: {_driver(holder, now)}"
    yield f"rows: {row_counts(view)}"
    if view.search is not None:
        begun = f"{view.num_asked} of {view.search.num_trials} configurations begun"
        yield one_line(f"search: {view.search.sampler}, {begun}")
    yield f"epochs: {view.num_epochs} recorded, {_to_go(view)}"
    if view.last_result is not None:
        yield f"last result: {_moment(view.last_result)}, {format_age(now - view.last_result)}"
    yield f"time left: {_time_left(view, holder)}"
    if view.num_unreadable:
        yield f"damaged: {view.num_unreadable} trial directories, which count as not begun"
    yield from (one_line(f"note: {note}") for note in limit_lines(list(view.notes)))
    yield from best_lines(ledger, view)
    yield from failure_lines(ledger.store, view.failures)
    for reason, number in Counter(view.open_reasons.values()).most_common(MOST_LISTED):
        stays = "stays" if number == 1 else "stay"
        yield one_line(f"{counted(number, 'row')} {stays} open: {reason}")


def row_counts(view: Overview) -> str:
    """Return how many rows there are in each state: ``8: 6 finished, 2 failed``."""
    counts = Counter(view.rows.values())
    states = ", ".join(f"{counts[s]} {words}" for s, words in STATES.items() if counts[s])
    return f"{len(view.rows)}: {states}" if counts else "none"


def state_record(ledger: Ledger, view: Overview, holder: Holder | str | None) -> dict[str, Any]:
    """Return the state of a study for JSON. Times are in seconds, shares are fractions.

    Points in time are seconds since 1970. If it is not known whether a driver runs the study,
    ``running`` is null and ``driver`` has the reason.
    """
    known = not isinstance(holder, str)
    return {
        "study": ledger.name,
        "running": isinstance(holder, Holder) if known else None,
        "driver": asdict(holder) if isinstance(holder, Holder) else holder,
        "num_rows": len(view.rows),
        "rows": {state: list(view.rows.values()).count(state) for state in STATES},
        "search": None if view.search is None else view.search.as_json(),
        "num_asked": view.num_asked,
        "num_to_ask": view.num_to_ask,
        "num_trials_left": view.num_trials_left,
        "num_epochs": view.num_epochs,
        "num_epochs_left": view.num_epochs_left,
        "speed": None if view.speed is None else asdict(view.speed),
        "seconds_left": view.seconds_left,
        "last_result": view.last_result,
        "num_unreadable": view.num_unreadable,
        "best": best_configurations(ledger, view),
        "failures": dict(view.failures),
        "open": open_entries(view.open_reasons),
    }


def _driver(holder: Holder | str | None, now: float) -> str:
    if isinstance(holder, Holder):
        return one_line(
            f"{holder}, since {_moment(holder.since)}, {format_age(now - holder.since)}"
        )
    return "none; the study is not being run" if holder is None else one_line(holder)


def _to_go(view: Overview) -> str:
    if view.num_to_ask:
        return f"{view.num_to_ask} configurations are still to be chosen"
    if view.num_epochs_left is not None:
        return f"{view.num_epochs_left} to go"
    if view.num_trials_left is None:
        return "the number left is not known"
    return f"{counted(view.num_trials_left, 'trial')} to go"


def _time_left(view: Overview, holder: Holder | str | None) -> str:
    if view.num_trials_left is None:
        return "not known: this version does not have the study's trainable or its parameters"
    if view.seconds_left is None:
        what = "recorded no epoch" if view.num_epochs_left is not None else "finished no trial"
        return f"not known: the newest launch has {what} yet"
    if view.speed is None or not view.num_trials_left + view.num_to_ask:
        return "none"
    started = "" if isinstance(holder, Holder) else " once it runs again"
    number, noun = view.speed.num_trials, "trial"
    if number is None:
        number, noun = view.speed.num_epochs, "epoch"
    return (
        f"{format_estimate(view.seconds_left)}{started}, at the speed of launch "
        f"{one_line(view.speed.launch)} ({counted(number, noun)} in "
        f"{format_seconds(view.speed.seconds)})"
    )


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
