"""Everything that is kept of a row, as lines of text."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from search_spaces.errors import one_line
from tune_app.cli.places import counted, shell_word
from tune_app.cli.table import Column, measure_texts, table_lines
from tune_app.study.kept_weights import KeptWeights, checkpoint_lines, loading_lines
from tune_app.study.ledger import Ledger
from tune_app.study.measures import Measures, measured, quantity_of
from tune_app.study.objective import finite_number
from tune_app.study.row_details import Attempt, RowDetails
from tune_app.study.text_tail import Tail
from tune_app.study.trial_record import Record

_BARS = "▁▂▃▄▅▆▇█"
_MOST_EPOCHS = 12
"""Longer curves are printed with some of their epochs."""
_MOST_MEASURES = 5


def row_lines(ledger: Ledger, row: RowDetails, results: Sequence[Record]) -> Iterator[str]:
    """Yield what is kept of a row: configuration, result, curve, error, output, files.

    Args:
        ledger: the study.
        row: the row.
        results: the results of all rows, which tell whether a measure is a share.
    """
    outcome = row.outcome
    if outcome.reason:
        yield one_line(f"reason: {outcome.reason}")
    if outcome.trial and outcome.trial.primary not in (None, row.key[0]):
        yield f"its training is that of row {one_line(str(outcome.trial.primary))}"
    yield from _block("configuration", _pairs({**row.config, "seed": row.key[1]}))
    measures = Measures.of_study(ledger.study)
    if outcome.report is not None:
        yield from _block(f"result, epoch {outcome.milestone}", _result(measures, row, results))
    if len(row.curve) > 1 or outcome.report is None:  # one epoch is in the result already
        yield from _curve(measures, row.curve, results)
    for attempt in row.attempts:
        where = f"launch {attempt.launch}" if len(row.attempts) > 1 else ""
        yield from _attempt(ledger, attempt, where)


def weights_lines(
    ledger: Ledger, kept: Sequence[KeptWeights], results: Sequence[Record]
) -> Iterator[str]:
    """Yield where the best weights are, and the lines of Python that load them."""
    measures = Measures.of_study(ledger.study)
    scores = [result.get(measures.metric) for result in results]
    for one in kept:
        score = measures.text(measures.metric, one.score, [one.score, *scores])
        yield ""
        yield one_line(f"best weights of {one.group}, {measures.metric} {score}:")
        yield f"  {shell_word(ledger.store, one.path)}"
        yield "load them:"
        yield from (f"  {line}" for line in loading_lines(ledger.store, ledger.study, one))


def _attempt(ledger: Ledger, attempt: Attempt, where: str) -> Iterator[str]:
    place = shell_word(ledger.store, ledger.root / attempt.folder)
    yield ""
    yield one_line(f"{where or 'directory'}: {place}")
    for title, tail in (("error", attempt.error), ("output", attempt.output)):
        if tail is not None:
            yield from _tail(title, tail)
    if attempt.files:
        yield "  files"
        inside = len(attempt.folder) + 1
        pairs = {file.path[inside:]: size_text(file.num_bytes) for file in attempt.files}
        yield from (f"  {line}" for line in _pairs(pairs))
    lines = checkpoint_lines(ledger.store, attempt)
    if lines and ledger.study["space"].get("is_own") is True:
        yield "  open the newest checkpoint:"
        yield from (f"    {line}" for line in lines)


def _tail(title: str, tail: Tail) -> Iterator[str]:
    number = len(tail.lines)
    yield f"  {title}" if tail.is_whole else f"  {title}, the last {number} lines"
    yield from (f"    {line}" for line in tail.lines)


def _block(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield ""
    yield title
    yield from lines


def _pairs(values: dict[str, Any]) -> Iterator[str]:
    names = {name: one_line(str(name)) for name in values}
    width = max(map(len, names.values()), default=0)
    for name, value in values.items():
        yield f"  {names[name].ljust(width)}  {one_line(str(value))}".rstrip()


def _result(measures: Measures, row: RowDetails, results: Sequence[Record]) -> Iterator[str]:
    report = row.outcome.report
    assert report is not None
    record = report.record
    names = list(measured(record))
    first = [measures.metric, measures.on_test_data(measures.metric, names)]
    ordered = dict.fromkeys([*(name for name in first if name in names), *names])
    texts: dict[str, Any] = {
        name: measures.text(name, record[name], [other.get(name) for other in results])
        for name in ordered
    }
    notes = {k: v for k, v in record.items() if k.endswith("_note") and isinstance(v, str) and v}
    return _pairs(texts | notes)


def _curve(measures: Measures, curve: Sequence[Record], results: Sequence[Record]) -> Iterator[str]:
    """Yield the objective as a line of bars, and a table of the measures that go with it."""
    names = curve_measures(measures, curve)
    if not names:
        return
    yield ""
    yield one_line(f"curve, {counted(len(curve), 'epoch')}")
    bars = sparkline([finite_number(record.get(names[0])) for record in curve])
    if bars and _can_print(bars):
        yield f"  {one_line(names[0])} {bars}"
    shown = some_of(curve, _MOST_EPOCHS)
    epochs = [str(record.get("epoch", record.get("training_iteration"))) for record in shown]
    columns = [Column("epoch", epochs, is_number=True)]
    for name in names:
        values = [record.get(name) for record in shown]
        known = [record.get(name) for record in (*curve, *results)]
        texts = measure_texts(measures, name, values, known)
        columns.append(Column(name, texts, is_number=True))
    yield from (f"  {line}" for line in table_lines(columns, None))


def curve_measures(measures: Measures, curve: Sequence[Record]) -> list[str]:
    """Return the measures of a curve: the objective, its quantity on other data, and losses."""
    names = list(dict.fromkeys(name for record in curve for name in measured(record)))
    quantity = quantity_of(measures.metric)
    rank = {
        name: (name != measures.metric, quantity_of(name) != quantity, place)
        for place, name in enumerate(names)
        if quantity_of(name) in (quantity, "loss")
    }
    return sorted(rank, key=lambda name: rank[name])[:_MOST_MEASURES]


def sparkline(values: Sequence[float | None]) -> str:
    """Return values as bars of growing height; a space where there is none."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0
    top = len(_BARS) - 1
    shown = some_of(values, 60)
    return "".join(" " if v is None else _BARS[round(top * (v - low) / span)] for v in shown)


def some_of(items: Sequence[Any], most: int) -> list[Any]:
    """Return all items, or so many of them at equal distances, the first and the last included."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def size_text(num_bytes: int) -> str:
    """Return a size as text: ``812 B``, ``3.4 kB``, ``44.8 MB``."""
    size, units = float(num_bytes), ["B", "kB", "MB", "GB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size:.0f} B" if units[0] == "B" else f"{size:.1f} {units[0]}"


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
