"""A comparison as a document: the answer, what changed, the differences, times, rows left out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from analysis.compare.answer import answer, difference_words
from analysis.compare.details import common_parameters
from analysis.compare.pairs import sides
from analysis.compare.result import Comparison
from analysis.compare.row_tables import one_sided_table, rows_table, unmatched_table
from analysis.compare.sentences import evidence
from analysis.compare.tables import changes_table, levels_table, measures_table, times_table
from analysis.figures.side_by_side import draw_side_by_side
from analysis.frames.cells import counted
from analysis.frames.labels import label, parameter_heading
from analysis.frames.load import ENDED
from analysis.render.document import Block, Bullets, Document, Figure, Paragraph, Section
from analysis.sections.problems import statuses_in_words
from search_spaces.errors import one_line
from tune_app.study.trials import HALTED

_MOST_SERIES = 6


def build_document(comparisons: Sequence[Comparison]) -> Document:
    """Return the document of one or more comparisons with the same first study."""
    named = [comparisons[0].first, *(found.second for found in comparisons)]
    sections = [Section("The answer", tuple(_answer(comparisons)))]
    for found in comparisons:
        parts = tuple(filter(None, (part(found) for part in _PARTS)))
        if len(comparisons) == 1:
            sections += parts
        else:
            title = f"{found.second.label} against {found.first.label}"
            sections.append(Section(title, (Bullets(tuple(evidence(found))),), parts))
    return Document(
        title=f"Compared: {', '.join(dict.fromkeys(one_line(n.study.name) for n in named))}",
        subtitle=" · ".join(f"{n.label}: {one_line(n.place)}" for n in named),
        warnings=tuple(_waiting(comparisons)),
        sections=tuple(sections),
    )


def key_of(found: Comparison) -> str:
    """Return the beginning of the names of a comparison's tables and figures: ``b-a``."""
    return f"{found.second.label}-{found.first.label}".lower()


def _answer(comparisons: Sequence[Comparison]) -> list[Block]:
    blocks: list[Block] = [Paragraph(answer(found)) for found in comparisons]
    if len(comparisons) == 1:
        blocks.append(Bullets(tuple(evidence(comparisons[0]))))
    figures = (figure(found) for found in comparisons)
    return [*blocks, *(one for one in figures if one is not None)]


def _waiting(comparisons: Sequence[Comparison]) -> list[str]:
    """Return a sentence for each study that has rows without a result."""
    texts = []
    for named in (comparisons[0].first, *(found.second for found in comparisons)):
        rows = named.study.rows
        waiting = rows[~rows["status"].isin((*ENDED, *HALTED))]
        if len(waiting):
            whole = f"{len(waiting)} of {counted(len(rows), 'row')}"
            have = "has" if len(waiting) == 1 else "have"
            why = statuses_in_words(waiting)
            texts.append(f"{named.label}: {whole} {have} no result: {why}.")
    return texts


def figure(found: Comparison) -> Figure | None:
    """Return the scatter plot of B against A; None without a pair."""
    if found.pairs.empty or found.is_unlike:
        return None
    a, b = found.first, found.second
    name = found.measure.scale.words
    group, values = _groups(found)
    data = found.pairs.assign(series=values) if group else found.pairs
    caption = f"{name[:1].upper()}{name[1:]} of {b.label} against {a.label}, a point per row."
    side = {"max": "above", "min": "below"}.get(found.measure.better or "")
    notes = (f"Points {side} the line are better in {b.label}.",) if side else ()
    alt = f"{caption} {difference_words(found)}. The numbers are in the table of joined rows."
    labels = (f"{a.label} {one_line(a.study.name)}", f"{b.label} {one_line(b.study.name)}")
    draw = partial(draw_side_by_side, data, found.measure.scale, labels, group)
    return Figure(f"{key_of(found)}-rows", caption, alt, draw, notes=notes)


def _groups(found: Comparison) -> tuple[str, list[str]]:
    """Return the first parameter with a few values, and its value of each pair; else nothing."""
    one, _ = sides(found.joined)
    for name in common_parameters(found.joined):
        values = one.loc[found.pairs["line"], name]
        if 1 < values.nunique() <= _MOST_SERIES:
            return parameter_heading(name), [label(name, value) for value in values]
    return "", []


def _changed(found: Comparison) -> Section | None:
    if not found.changes["differs"].any():
        return None
    return Section("What changed", (changes_table(found, key_of(found)),))


def _differences(found: Comparison) -> Section | None:
    if found.pairs.empty or found.is_unlike:
        return None
    settings = levels_table(found, key_of(found))
    rows = rows_table(found, key_of(found))
    return Section("Differences", (*([settings] if settings else []), rows))


def _measures(found: Comparison) -> Section | None:
    table = measures_table(found, key_of(found))
    return Section("All measures", (table,)) if table else None


def _times(found: Comparison) -> Section | None:
    table = times_table(found, key_of(found))
    return Section("Times", (table,)) if table else None


def _left_out(found: Comparison) -> Section | None:
    tables = one_sided_table(found, key_of(found)), unmatched_table(found, key_of(found))
    blocks = tuple(table for table in tables if table is not None)
    return Section("Rows that do not count", blocks) if blocks else None


_PARTS = (_changed, _differences, _measures, _times, _left_out)
