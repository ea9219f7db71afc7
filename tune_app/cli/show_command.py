"""``tune-app show``: print the rows of a study, or everything that is kept of one row.

Exit status: 0 it was printed, 2 the command has to be corrected.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence

from search_spaces.errors import UserError, choices, one_line
from tune_app.cli.arguments import CommandParser, add_study
from tune_app.cli.best_text import telling_parameters
from tune_app.cli.places import running_since, shell_word, study_at
from tune_app.cli.row_text import row_lines, weights_lines
from tune_app.cli.table import Column, measure_texts, table_lines, value_texts
from tune_app.planning.overview import row_states
from tune_app.storage.open_store import open_store
from tune_app.storage.output import answering_mistakes, print_text
from tune_app.storage.store import StudyStore
from tune_app.storage.wrapping import terminal_width
from tune_app.study.command_name import command_name
from tune_app.study.kept_weights import kept_weights
from tune_app.study.ledger import Ledger
from tune_app.study.measures import Measures
from tune_app.study.objective import Objective
from tune_app.study.row_details import read_row
from tune_app.study.rows import STATES, RowOutcome
from tune_app.study.trial_directory import TrialDirectory
from tune_app.study.trial_record import Record
from tune_app.study.trials import RowKey

MODULE = "tune_app.show"
MOST_LINES = 10_000


def build_parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = CommandParser(
        MODULE, "Print the rows of a study, or everything that is kept of one row."
    )
    add_study(parser)
    parser.add_argument(
        "row",
        nargs="?",
        metavar="ROW",
        help="a row: its number in the list, its id or the beginning of it, or the name of its "
        "trial's directory, e.g. 12 or 0ba533 (default: list all rows)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        metavar="SEED",
        help="the seed, if the id has several, e.g. --seed 3 (default: list its rows)",
    )
    parser.add_argument(
        "--lines",
        type=_count,
        default=20,
        metavar="N",
        help=f"the last lines of output and traceback to print, 1 to {MOST_LINES} (default: 20)",
    )
    return parser


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    args = build_parser().parse_args(argv)
    with open_store(args.study) as store:
        # The tables fit the terminal. Code to copy and tails of output stay as they are.
        print_text("\n".join(_lines(study_at(store), args)), wrap=False)
    return 0


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= MOST_LINES:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 to {MOST_LINES}")
    return int(text)


def _lines(ledger: Ledger, args: argparse.Namespace) -> Iterator[str]:
    recorded = ledger.read_trials()
    outcomes = recorded.outcomes(ledger.study)
    states = row_states(ledger, outcomes, since=running_since(ledger.store))
    keys = list(outcomes)
    found = keys if args.row is None else find_rows(args.row, outcomes)
    if args.seed is not None:
        found = [key for key in found if key[1] == args.seed]
        if not found:
            seeds = choices(ledger.study["seeds"])
            raise UserError(f"--seed {args.seed}: no row at this seed; allowed: {seeds}")
    if args.row is None or len(found) > 1:
        yield from _table(ledger, outcomes, states, found)
        if args.row is None:
            kept = kept_weights(ledger.store, recorded.directories)
            yield from weights_lines(ledger, kept, _results(outcomes))
        yield ""
        yield from _hint(ledger.store, found, args.row)
        return
    yield _title(ledger, found[0], states)
    yield from _one_row(ledger, recorded.directories, found[0], outcomes, args.lines)


def _title(ledger: Ledger, key: RowKey, states: dict[RowKey, str]) -> str:
    number = list(states).index(key) + 1
    seed = f", seed {key[1]}" if len(ledger.study["seeds"]) > 1 else ""
    return one_line(f"row {number} of {len(states)}: {key[0]}{seed}: {STATES[states[key]]}")


def _one_row(
    ledger: Ledger,
    directories: Sequence[TrialDirectory],
    key: RowKey,
    outcomes: dict[RowKey, RowOutcome],
    most_lines: int,
) -> Iterator[str]:
    config = next(c.config for c in ledger.configurations() if c.config_id == key[0])
    try:
        details = read_row(ledger.store, key, config, outcomes[key], most_lines=most_lines)
    except OSError as error:
        raise UserError(f"{ledger.store.place}: cannot be read ({error})") from None
    results = _results(outcomes)
    yield from row_lines(ledger, details, results)
    folders = {ledger.root / attempt.folder for attempt in details.attempts}
    kept = kept_weights(ledger.store, directories)
    yield from weights_lines(ledger, [w for w in kept if w.path.parent.parent in folders], results)


def _results(outcomes: Mapping[RowKey, RowOutcome]) -> list[Record]:
    return [outcome.report.record for outcome in outcomes.values() if outcome.report]


def find_rows(word: str, outcomes: dict[RowKey, RowOutcome]) -> list[RowKey]:
    """Return the rows that a word names: one row, or all seeds of one configuration.

    Args:
        word: a number from 1, a config_id or the beginning of one, or the name of a directory.
        outcomes: the rows, in the declared order.

    Raises:
        UserError: the word names no row, or several configurations.
    """
    keys = list(outcomes)
    exact = [key for key in keys if key[0] == word]
    if exact:
        return exact
    if word.isascii() and word.isdecimal() and 1 <= int(word) <= len(keys):
        return [keys[int(word) - 1]]
    by_name = [
        key
        for key, outcome in outcomes.items()
        if outcome.trial and any(d.name == word for d in outcome.trial.directories)
    ]
    if by_name:
        return by_name
    found = [key for key in keys if key[0].startswith(word)]
    ids = dict.fromkeys(config_id for config_id, _ in found)
    if len(ids) == 1:
        return found
    if ids:
        shown = choices(list(ids)[:5])
        raise UserError(f"{word}: {len(ids)} rows begin so: {shown}; give more of the id")
    raise UserError(
        f"{word}: no such row; allowed: a number from 1 to {len(keys)}, the beginning of an id, or "
        "the name of a trial's directory; without ROW the rows are listed"
    )


def _table(
    ledger: Ledger,
    outcomes: dict[RowKey, RowOutcome],
    states: dict[RowKey, str],
    shown: Sequence[RowKey],
) -> Iterator[str]:
    """Yield the rows as a table: number, id, seed, factors, status, objectives, test measure."""
    measures = Measures.of_study(ledger.study)
    results = {key: o.report.record for key, o in outcomes.items() if o.report}
    names = dict.fromkeys(name for record in results.values() for name in record)
    on_test = measures.on_test_data(measures.metric, names)
    configs = {c.config_id: c.config for c in ledger.configurations()}
    numbers = {key: number for number, key in enumerate(outcomes, start=1)}
    columns = [
        Column("row", [str(numbers[key]) for key in shown], is_number=True),
        Column("id", [key[0] for key in shown]),
    ]
    if len(ledger.study["seeds"]) > 1:
        columns.append(Column("seed", [str(key[1]) for key in shown], is_number=True))
    for name in telling_parameters(ledger):
        columns.append(_factor(name, [configs[key[0]] for key in shown]))
    columns.append(Column("status", [STATES[states[key]] for key in shown]))
    objectives = (objective.metric for objective in Objective.all_of_study(ledger.study))
    for name in dict.fromkeys(filter(None, (measures.metric, *objectives, on_test))):
        seen = {key: record.get(name) for key, record in results.items()}
        values = [seen.get(key) for key in shown]
        texts = measure_texts(measures, name, values, list(seen.values()))
        columns.append(Column(name, texts, is_number=True))
    yield from table_lines(columns, terminal_width(sys.stdout))


def _factor(name: str, configs: Sequence[Record]) -> Column:
    """Return the values of a parameter; ``-`` where a configuration of a search has none."""
    values = [config[name] for config in configs if name in config]
    texts = iter(value_texts(values))
    cells = [next(texts) if name in config else "-" for config in configs]
    is_number = all(v is None or type(v) in (int, float) for v in values)
    return Column(name, cells, is_number=is_number, is_factor=True)


def _hint(store: StudyStore, found: Sequence[RowKey], row: str | None) -> Iterator[str]:
    command = f"{command_name(MODULE)} {shell_word(store, store.root)}"
    if row is None:
        yield f"one row: {command} {found[0][0] if found else 'ROW'}"
    else:
        yield f"one of them: {command} {found[0][0]} --seed {found[0][1]}"
