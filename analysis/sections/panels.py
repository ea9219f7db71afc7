"""What is kept of single configurations, for the panels of the HTML, and their weights."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pandas as pd

from analysis.frames.columns import numbers
from analysis.frames.labels import format_value, label, parameter_heading, status_words
from analysis.frames.load import Study
from analysis.frames.rows import told_apart
from analysis.render.document import (
    Block,
    Code,
    Facts,
    Lines,
    Panel,
    PanelRow,
    Paragraph,
    Sparkline,
)
from search_spaces.errors import one_line
from tune_app.study.kept_weights import (
    KeptWeights,
    checkpoint_lines,
    kept_weights,
    loading_lines,
)
from tune_app.study.measures import Measures, measured
from tune_app.study.objective import finite_number
from tune_app.study.row_details import Attempt, RowDetails, read_row
from tune_app.study.text_tail import Tail
from tune_app.study.trial_record import Record
from tune_app.study.trials import RowKey

MOST_PANELS, MOST_FAILED, MOST_SEEDS = 300, 100, 12
"""Limits of a report: configurations, those of them that failed, and rows of a configuration."""
_PLAIN = re.compile(r"[A-Za-z0-9._-]+")
_MOST_LINES = 20
_MOST_TEXT = 400_000
"""Characters of output and tracebacks in a report; what is beyond is read in the files."""
_MOST_FETCHED = 10
"""Failed rows whose output is fetched if the study is at a URL."""


def panel_names(study: Study, key: str) -> dict[str, str]:
    """Return config_id -> the name of its panel, of the configurations that have one.

    Failed ones come first, then the best by the objective.
    """
    rows = study.rows
    ids = list(dict.fromkeys(rows["config_id"]))
    failed = list(dict.fromkeys(rows.loc[rows["status"] == "failed", "config_id"]))[:MOST_FAILED]
    score = pd.DataFrame({"id": rows["config_id"], "score": numbers(rows, study.metric)})
    means = score.groupby("id", sort=False)["score"].mean()
    best = means.sort_values(ascending=study.mode == "min", kind="stable", na_position="last")
    shown = list(dict.fromkeys([*failed, *best.index]))[:MOST_PANELS]
    places = {config_id: place for place, config_id in enumerate(ids, start=1)}
    return {
        config_id: f"row-{key}-{config_id if _PLAIN.fullmatch(config_id) else places[config_id]}"
        for config_id in sorted(shown, key=places.__getitem__)
    }


def panels(study: Study, key: str) -> tuple[Panel, ...]:
    """Return the panels of a study, in the declared order of its configurations."""
    return tuple(_Panels(study, key).all())


def weights(study: Study) -> tuple[Block, ...]:
    """Return where the best weights of the study are, and the lines of Python that load them."""
    blocks: list[Block] = []
    measures, ends = Measures.of_study(study.meta), _ends_of(study)
    for kept in _kept(study):
        score = measures.text(measures.metric, kept.score, ends.get(measures.metric, ()))
        place = kept.path.relative_to(study.path).as_posix()
        text = f"The weights of {kept.group} ({measures.metric} {score}) are in {place}:"
        lines = loading_lines(study.store, study.meta, kept, from_anywhere=False)
        blocks += [Paragraph(one_line(text)), Code(tuple(lines))]
    return tuple(blocks)


def _kept(study: Study) -> tuple[KeptWeights, ...]:
    trials = {id(o.trial): o.trial for o in study.outcomes.values() if o.trial is not None}
    return kept_weights(study.store, [d for trial in trials.values() for d in trial.directories])


class _Panels:
    """Reads the panels of a study; the text in them together is limited."""

    def __init__(self, study: Study, key: str) -> None:
        self._study = study
        self._names = panel_names(study, key)
        self._measures = Measures.of_study(study.meta)
        self._ends = _ends_of(study)
        self._kept = {kept.path.parent.parent: kept for kept in _kept(study)}
        self._text_left = _MOST_TEXT
        self._fetches_left = _MOST_FETCHED

    def all(self) -> Iterator[Panel]:
        """Yield the panels."""
        place = shlex.quote(one_line(self._study.store.place))
        seeds, (configurations, _) = self._study.meta["seeds"], told_apart(self._study.meta)
        for entry in self._study.meta["configurations"]:
            config_id, config = entry["config_id"], entry["config"]
            if config_id not in self._names:
                continue
            flattened = configurations[config_id]
            found = [self._row((config_id, seed), config) for seed in seeds[:MOST_SEEDS]]
            outcomes = [self._study.outcomes[config_id, seed] for seed in seeds]
            statuses = dict.fromkeys(status_words(outcome.status) for outcome in outcomes)
            settings = ", ".join(
                f"{parameter_heading(name)} {label(name, flattened[name])}"
                for name in self._study.factors
                if name in flattened
            )
            yield Panel(
                name=self._names[config_id],
                title=f"{config_id} · {settings} · {', '.join(statuses)}",
                configuration=Facts("Configuration", tuple(_pairs(flattened))),
                rows=tuple(found),
                more=f"tune-app show {place} {config_id} prints this, and more of the texts.",
            )

    def _row(self, key: RowKey, config: Record) -> PanelRow:
        outcome = self._study.outcomes[key]
        fetches = not self._study.store.at_url
        if not fetches and outcome.status == "failed" and self._fetches_left > 0:
            fetches, self._fetches_left = True, self._fetches_left - 1
        details = read_row(
            self._study.store, key, config, outcome, most_lines=_MOST_LINES, fetches=fetches
        )
        shared = outcome.trial.primary if outcome.trial is not None else None
        of_other = [("trained as", shared)] if shared not in (None, key[0]) else []
        why = [("reason", one_line(outcome.reason))] if outcome.reason else []
        parts: list[Facts | Lines | Sparkline] = []
        facts = [*of_other, *why, *self._result(details)]
        if facts:
            parts.append(Facts("Result", tuple(facts)))
        parts += self._curve(details)
        for attempt in details.attempts:
            parts += self._attempt(attempt)
        names = dict.fromkeys(attempt.name for attempt in details.attempts)
        seed = f"Seed {key[1]}: " if len(self._study.meta["seeds"]) > 1 else ""
        status = status_words(outcome.status)
        title = f"{seed}{status}" if seed else status.capitalize()
        return PanelRow(title, tuple(names), tuple(parts))

    def _result(self, details: RowDetails) -> Iterator[tuple[str, str]]:
        report = details.outcome.report
        if report is None:
            return
        yield "epoch", str(details.outcome.milestone)
        for name, value in measured(report.record).items():
            yield one_line(name), self._measures.text(name, value, self._ends[name])

    def _curve(self, details: RowDetails) -> Iterator[Sparkline]:
        metric = self._measures.metric
        values = [finite_number(record.get(metric)) for record in details.curve]
        points = [(x, y) for x, y in enumerate(values) if y is not None]
        if len(points) < 2:
            return
        low, high = min(y for _, y in points), max(y for _, y in points)
        wide = len(values) - 1
        known = (*values, *self._ends.get(metric, ()))
        first, last = (self._measures.text(metric, points[i][1], known) for i in (0, -1))
        yield Sparkline(
            one_line(f"{metric} in {len(values)} epochs, from {first} to {last}"),
            tuple((x / wide, (y - low) / ((high - low) or 1.0)) for x, y in points),
        )

    def _attempt(self, attempt: Attempt) -> Iterator[Facts | Lines]:
        for title, tail in (("Traceback", attempt.error), ("Output", attempt.output)):
            if tail is not None:
                yield from self._text(title, tail)
        inside = len(attempt.folder) + 1
        sizes = [(one_line(f.path[inside:]), _size(f.num_bytes)) for f in attempt.files]
        if sizes:
            yield Facts(one_line(f"Files in {attempt.folder}"), tuple(sizes))
        kept = self._kept.get(self._study.path / attempt.folder)
        if kept is not None:
            lines = loading_lines(self._study.store, self._study.meta, kept, from_anywhere=False)
            yield Lines(f"Load the best weights of {one_line(kept.group)}", tuple(lines))
        opening = checkpoint_lines(self._study.store, attempt, from_anywhere=False)
        if opening and self._study.is_own:
            yield Lines("Open the newest checkpoint", tuple(opening))

    def _text(self, title: str, tail: Tail) -> Iterator[Lines]:
        size = sum(map(len, tail.lines))
        if size > self._text_left:
            yield Lines(title, ("left out here, as the report has many of them",))
            return
        self._text_left -= size
        number = len(tail.lines)
        yield Lines(title if tail.is_whole else f"{title}, the last {number} lines", tail.lines)


def _ends_of(study: Study) -> dict[str, list[float]]:
    """Return the smallest and the largest value of each measure, which tell if it is a share."""
    values: dict[str, list[float]] = {}
    for outcome in study.outcomes.values():
        for name, value in measured(outcome.report.record if outcome.report else {}).items():
            values.setdefault(name, []).append(value)
    return {name: [min(of_name), max(of_name)] for name, of_name in values.items()}


def _pairs(config: Record) -> Iterator[tuple[str, str]]:
    for name, value in config.items():
        yield one_line(name), format_value(value)


def _size(num_bytes: int) -> str:
    return f"{num_bytes / 1e6:.1f} MB" if num_bytes >= 100_000 else f"{num_bytes / 1e3:.1f} kB"
