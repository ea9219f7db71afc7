"""``tune-app list``: the studies in a folder, each with its state and its best result.

Exit status: 0 the folder was read, 2 the command has to be corrected.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from search_spaces.errors import UserError, one_line
from tune_app.cli.arguments import RESULTS, CommandParser, add_json
from tune_app.cli.places import running_since, study_at
from tune_app.cli.table import Column, table_lines
from tune_app.planning.durations import format_age
from tune_app.planning.overview import Overview, best_configurations, read_overview
from tune_app.storage import published
from tune_app.storage.open_store import store_at
from tune_app.storage.output import answering_mistakes, print_json, print_text
from tune_app.storage.remote_folder import is_url
from tune_app.storage.store import STUDY_FILE
from tune_app.storage.user_path import is_file, is_folder, user_path
from tune_app.storage.wrapping import terminal_width
from tune_app.study.ledger import Ledger
from tune_app.study.measures import Measures
from tune_app.study.trials import DONE


class ListedStudy(NamedTuple):
    """What the list says of a study.

    Attributes:
        name: the name of its folder; of a published study ``published:NAME``.
        state: running, finished, incomplete, failed or unreadable.
        num_ended: the rows that need no further trial. Those that a search stopped are among them.
        num_rows: all of its rows.
        measure: the name of its objective; empty if no row has it.
        best: the best value of the objective, as printed.
        score: the same as a number, or None.
        last_result: when the latest result was recorded, in seconds since 1970, or None.
        problem: why the study cannot be read; empty if it can.
    """

    name: str
    state: str
    num_ended: int = 0
    num_rows: int = 0
    measure: str = ""
    best: str = ""
    score: float | None = None
    last_result: float | None = None
    problem: str = ""


def build_parser() -> CommandParser:
    """Return the command line's parser."""
    parser = CommandParser("tune_app.list", "List the studies in a folder, the latest first.")
    parser.add_argument(
        "folder",
        nargs="?",
        **RESULTS | {"help": f"{RESULTS['help']}; published: for those of the package"},
    )
    add_json(parser, "one JSON array", "a table")
    return parser


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    args = build_parser().parse_args(argv)
    studies = list_studies(_folder(args.folder))
    if args.json:
        print_json([study._asdict() for study in studies])
    elif studies:
        print_text("\n".join(_table_lines(studies, time.time())))
    else:
        print_text(f"{args.folder}: no studies; `tune-app run` puts them into results by default")
    return 0


def _folder(text: str) -> Path:
    if published.is_published(text):
        if text != published.PREFIX:
            published.published_store(text)
            raise UserError(f"{text}: this is a study; use tune-app status or tune-app show")
        return published.FOLDER
    if is_url(text):
        raise UserError(
            f"{text}: studies at a URL cannot be listed; name a folder, or give the URL of one "
            "study to tune-app status"
        )
    path = user_path(text)
    if not is_folder(path):
        raise UserError(f"{text}: no such folder; name the folder that holds studies")
    if is_file(path / STUDY_FILE):
        raise UserError(
            f"{text}: this is a study; name the folder that holds it, or use tune-app status"
        )
    return path


def list_studies(folder: Path) -> list[ListedStudy]:
    """Return the studies in a folder, those with the latest result first.

    Raises:
        UserError: the folder cannot be read.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror})") from None
    studies = [p for p in paths if is_file(p / STUDY_FILE) and not p.name.startswith(".")]
    found = map(_listed, studies)
    return sorted(found, key=lambda study: -(study.last_result or 0.0))


def _listed(path: Path) -> ListedStudy:
    store = store_at(path)
    called = store.place if store.is_read_only else path.name
    try:
        ledger, since = study_at(store), running_since(store)
        view = read_overview(ledger, since=since)
    except (UserError, OSError) as error:
        return ListedStudy(called, "unreadable", problem=one_line(str(error)))
    counts = Counter(view.rows.values())
    num_ended = sum(counts[state] for state in DONE)
    is_finished = num_ended == len(view.rows) and not view.num_to_ask
    state = "finished" if is_finished else "incomplete"
    state = "failed" if counts["failed"] else state
    name, text, score = _best(ledger, view)
    return ListedStudy(
        called,
        state if since is None else "running",
        num_ended,
        len(view.rows),
        name,
        text,
        score,
        view.last_result,
    )


def _best(ledger: Ledger, view: Overview) -> tuple[str, str, float | None]:
    """Return the objective and its best value; empty if no row has one."""
    measures = Measures.of_study(ledger.study)
    entries = [e for e in best_configurations(ledger, view) if e["score"] is not None]
    if not entries:
        return "", "", None
    choose = max if measures.mode == "max" else min
    score: float = choose(entry["score"] for entry in entries)
    values = [row.get(measures.metric) for row in view.results.values()]
    return measures.metric, measures.text(measures.metric, score, values), score


def _table_lines(studies: Sequence[ListedStudy], now: float) -> Iterator[str]:
    headings = ("study", "state", "rows", "best", "last result")
    cells = zip(*(_cells(study, now) for study in studies), strict=True)
    columns = [
        Column(heading, texts, is_number=heading == "rows")
        for heading, texts in zip(headings, cells, strict=True)
    ]
    yield from table_lines(columns, terminal_width(sys.stdout))
    for study in studies:
        if study.problem:
            yield one_line(f"{study.name}: {study.problem}")


def _cells(study: ListedStudy, now: float) -> Iterator[str]:
    yield study.name
    yield study.state
    yield "" if study.problem else f"{study.num_ended}/{study.num_rows}"
    yield f"{study.best} {study.measure}".strip()
    yield "" if study.last_result is None else format_age(now - study.last_result)
