"""Rows that failed, diverged, did not converge or are open, and notes on what was not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pandas as pd

from analysis.frames.arithmetic import launch_records
from analysis.frames.cells import counted
from analysis.frames.labels import label, parameter_heading, status_words
from analysis.frames.load import ENDED, Study
from analysis.render.document import Block, Bullets, Paragraph, Section, Table
from analysis.sections.results import free_heading
from search_spaces.errors import one_line
from tune_app.study.trials import HALTED

_PROBLEMS = ("failed", "diverged", "unconverged")
_OPEN = ("open", "unfinished", "missing")
_MOST_REASONS = 3
OPEN_STATUSES = (
    "Open: the last launch could not run the row, for the reason given. Not begun: no trial of the "
    "row has reported an epoch. Unfinished: its trial has reported some epochs, but not the last."
)


def unfinished(study: Study) -> str:
    """Return a sentence on the rows that are still to be run; empty if there are none."""
    waiting = study.rows[~study.rows["status"].isin((*ENDED, *HALTED))]
    if waiting.empty:
        return ""
    found = set(waiting["status"])
    num_rows = counted(len(study.rows), "row")
    whole = f"{len(waiting)} of {num_rows} of study {one_line(study.name)}"
    if found == {"failed"}:
        return f"Failed: {whole}. {_command(study)} tries failed rows again."
    have = "has" if len(waiting) == 1 else "have"
    text = f"Unfinished: {whole} {have} no result: {statuses_in_words(waiting)}."
    if found - {"open"}:
        text += f" {_command(study)} continues it"
        text += " and tries failed rows again." if "failed" in found else "."
    if "open" in found:
        text += " An open row stays open until the study's command can run it."
    return text


def _command(study: Study) -> str:
    """Return which command runs what is left: the first may have been for some rows only."""
    first = next(iter(launch_records(study.meta).values()), {})
    some = ", without --where," if "--where" in str(first.get("command", "")) else ""
    return f"The command that began the study{some}"


def statuses_in_words(rows: pd.DataFrame) -> str:
    """Return how many rows have each status, with the reasons of open rows."""
    texts = []
    for status, count in rows["status"].value_counts(sort=False).items():
        reasons = list(dict.fromkeys(rows.loc[rows["status"] == status, "reason"]))
        known = [one_line(str(reason)) for reason in reasons if reason]
        why = f": {', '.join(known[:_MOST_REASONS])}" if status == "open" and known else ""
        why += f" and {more} more" if why and (more := len(known) - _MOST_REASONS) > 0 else ""
        texts.append(f"{count} {status_words(status)}{why}")
    return "; ".join(texts)


def problems(studies: Mapping[str, Study]) -> Section:
    """Return failed, diverged, unconverged and open rows with their reasons, and notes."""
    sections: list[Section] = []
    for key, study in studies.items():
        name = one_line(study.name)
        for title, statuses, suffix in (
            (f"{name}: failed, diverged and unconverged rows", _PROBLEMS, "problems"),
            (f"{name}: open rows", _OPEN, "open"),
        ):
            table = reasons_table(study, f"{key}-{suffix}", statuses)
            if table is not None:
                sections.append(Section(title, (table,)))
        if halted := _halted(study):
            sections.append(Section(f"{name}: rows that were ended early", (Bullets(halted),)))
        if study.notes:
            notes = Bullets(tuple(one_line(note) for note in study.notes))
            sections.append(Section(f"{name}: left out when the study was read", (notes,)))
    blocks: tuple[Block, ...] = ()
    if not sections:
        blocks = (Paragraph("Every row has its result, and every result could be read."),)
    return Section("Rows without a clean result", blocks, tuple(sections))


def _halted(study: Study) -> tuple[str, ...]:
    """Return how many rows a search or a time limit ended early, for each reason."""
    rows = study.rows[study.rows["status"].isin(HALTED)]
    reasons = [
        one_line(str(reason or status))
        for reason, status in zip(rows["reason"], rows["status"], strict=True)
    ]
    counts = Counter(reasons).most_common(_MOST_REASONS)
    rest = len(rows) - sum(number for _, number in counts)
    texts = [f"{counted(number, 'row')}: {reason}" for reason, number in counts]
    return (*texts, *([f"{counted(rest, 'row')} for other reasons"] if rest else []))


def reasons_table(study: Study, name: str, statuses: tuple[str, ...]) -> Table | None:
    """Return the rows with some statuses and their reasons; None if there are none."""
    rows = study.rows[study.rows["status"].isin(statuses)]
    if rows.empty:
        return None
    columns = ["config_id", *study.factors, "seed", "status", "reason"]
    columns = [column for column in dict.fromkeys(columns) if column in rows]
    cells = {
        parameter_heading(column): [label(column, value) for value in rows[column]]
        for column in columns
    }
    frame = rows[columns]
    cells["status"] = [status_words(status) for status in rows["status"]]
    words = [status_words(status) for status in statuses]
    caption = f"Rows that are {', '.join(words[:-1])} or {words[-1]}."
    notes: tuple[str, ...] = (OPEN_STATUSES,) if statuses == _OPEN else ()
    if tracebacks := _tracebacks(study, rows):
        title = free_heading(cells, "traceback")
        cells[title] = [one_line(file) for file in tracebacks]
        frame = frame.assign(**{title: tracebacks})
        notes = (*notes, "Traceback: its file, relative to the study directory.")
    return Table(name, caption, cells, frame, notes)


def _tracebacks(study: Study, rows: pd.DataFrame) -> list[str]:
    """Return the file of each failed row's traceback, "" where there is none; [] without any."""
    is_failed = rows["status"] == "failed"
    files = [
        study.tracebacks.get(str(trial), "") if failed else ""
        for trial, failed in zip(rows["trial_id"], is_failed, strict=True)
    ]
    return files if any(files) else []
