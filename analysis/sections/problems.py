"""Rows without a clean result, and what was left out while reading."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.cells import format_cell, heading
from analysis.document import Block, Bullets, Paragraph, Section, Table
from analysis.load import ENDED, Study
from search_spaces.errors import one_line

_PROBLEMS = ("failed", "diverged", "unconverged")
_OPEN = ("open", "unfinished", "missing")


def unfinished(study: Study) -> str:
    """Say how many rows have ended; empty when all have."""
    ended = int(study.rows["status"].isin(ENDED).sum())
    if ended == len(study.rows):
        return ""
    return (
        f"Unfinished: {ended} of {len(study.rows)} rows of study {one_line(study.name)} have "
        "ended. The same command that began the study continues it."
    )


def problems(studies: Mapping[str, Study]) -> Section:
    """Return failed, diverged, unconverged and open rows with their reasons, and reading notes."""
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
        if study.notes:
            notes = Bullets(tuple(one_line(note) for note in study.notes))
            sections.append(Section(f"{name}: left out while reading", (notes,)))
    blocks: tuple[Block, ...] = ()
    if not sections:
        blocks = (Paragraph("Every row has its result, and every file could be read."),)
    return Section("Rows without a clean result", blocks, tuple(sections))


def reasons_table(study: Study, name: str, statuses: tuple[str, ...]) -> Table | None:
    """Return the rows of some statuses with their reasons; None when there are none."""
    rows = study.rows[study.rows["status"].isin(statuses)]
    if rows.empty:
        return None
    columns = ["config_id", *study.factors, "seed", "status", "reason"]
    columns = [column for column in dict.fromkeys(columns) if column in rows]
    cells = {
        heading(column): [format_cell(column, value) for value in rows[column]]
        for column in columns
    }
    caption = f"Rows that are {', '.join(statuses[:-1])} or {statuses[-1]}."
    return Table(name, caption, cells, rows[columns])
