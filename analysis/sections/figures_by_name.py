"""The figures of a report by their names, without the rest of the report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from analysis.frames.load import Study
from analysis.labs.appendix import labs_appendix
from analysis.render.document import Figure, Section
from analysis.sections.answer import answer
from analysis.sections.report_document import chapters_of
from search_spaces.errors import UserError, choices, did_you_mean

_KEY = "study"


def figure_named(study: Study, name: str) -> Figure:
    """Return a figure of a study's report.

    Args:
        study: the study.
        name: its name as that of its file in the report, without the study's: ``curves``.

    Raises:
        UserError: the report of this study has no such figure. The message lists those it has.
    """
    known = []
    for figure in _figures(study):
        known.append(figure.name.removeprefix(f"{_KEY}-"))
        if known[-1] == name:
            return figure
    if not known:
        raise UserError(
            f"figure {name!r}: {study.name} has no results yet to draw; ask again when some of its "
            "rows are finished"
        )
    raise UserError(
        f"figure {name!r}: not one of {study.name}{did_you_mean(name, known)}; allowed: "
        f"{choices(known)}"
    )


def figure_names(study: Study) -> list[str]:
    """Return the names of the figures of a study's report, in its order."""
    return [figure.name.removeprefix(f"{_KEY}-") for figure in _figures(study)]


def _figures(study: Study) -> Iterator[Figure]:
    """Yield the figures; the parts of the report behind the last one are not made."""
    parts = [part for chapter in chapters_of({}).values() for part in chapter]
    made = [partial(part, study, _KEY) for part in (answer, *parts)]
    for make in (*made, partial(labs_appendix, {_KEY: study})):
        section: Section | None = make()
        if section is not None:
            yield from (block for block in section.walk() if isinstance(block, Figure))
