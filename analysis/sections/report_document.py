"""The report: the answer of each study first, then its results, then how it was done.

Each part is a function from a study and the name of its tables to a ``Section``, or to None if the
study lacks what the part is about. Every sentence that compares results is computed from the rows,
so no sentence can contradict the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain

from analysis.frames.load import ENDED, Study
from analysis.frames.mistakes import Splits
from analysis.labs.appendix import labs_appendix
from analysis.render.document import Document, Figure, Section
from analysis.sections.answer import answer
from analysis.sections.audited import audited
from analysis.sections.best import best
from analysis.sections.comparisons import by_data_set
from analysis.sections.confusion import confusion
from analysis.sections.factors import effects
from analysis.sections.figures import acting, costs, curves, main_table, progress
from analysis.sections.grid import pivots
from analysis.sections.levels import lengths
from analysis.sections.mistakes import mistakes
from analysis.sections.panels import panels
from analysis.sections.pareto import pareto_front
from analysis.sections.problems import problems, unfinished
from analysis.sections.seeds import data_sets
from analysis.sections.setup import setup
from analysis.sections.training import summary
from search_spaces.errors import one_line
from tune_app.study.trials import HALTED

Part = Callable[[Study, str], Section | None]


def chapters_of(splits: Splits) -> dict[str, tuple[Part, ...]]:
    """Return the chapters of a study and their parts, in the order of the report."""
    return {
        "Results": (
            *(best, pareto_front, main_table, data_sets, pivots, confusion),
            partial(mistakes, splits=splits),
        ),
        "How the trainings went": (summary, curves, costs, progress),
        "Comparisons": (by_data_set, effects, acting, lengths),
    }


OWN_TABLES = frozenset(
    {
        *("studies", "data", "models", "hyperparameters", "environment"),
        *("claims", "claims-not-comparable", "published", "audit"),
    }
)
"""Names of the tables that belong to no single study. No table of a study may have them."""


def build_document(
    studies: Mapping[str, Study],
    *,
    figures: bool = True,
    labs: bool | None = None,
    images: Mapping[str, Splits] | None = None,
) -> Document:
    """Return the report of some studies.

    Args:
        studies: name of its tables -> study.
        figures: whether to include figures.
        labs: whether to compare the studies with the two lab reports; None compares those of their
            models and data.
        images: name of its tables -> the images of the study's data sets, where they are known.
    """
    names = ", ".join(one_line(study.name) for study in studies.values())
    is_only = len(studies) == 1
    answers = [answer(study, key, is_only=is_only) for key, study in studies.items()]
    chapters: list[Section] = []
    for key, study in studies.items():
        of_study = _chapters(study, key, (images or {}).get(key, {}))
        name = f"Study {one_line(study.name)}"
        chapters += of_study if is_only else [Section(name, (), tuple(of_study))]
    appendices = (setup(studies), problems(studies), audited(studies), labs_appendix(studies, labs))
    appendix = Section("Appendices", (), tuple(part for part in appendices if part is not None))
    sections = (*answers, *chapters, appendix)
    if not figures:
        sections = tuple(filter(None, map(_without_figures, sections)))
    return Document(
        title=f"Hyperparameter {'study' if is_only else 'studies'}: {names}",
        subtitle=_subtitle(studies),
        warnings=tuple(filter(None, map(unfinished, studies.values()))),
        sections=sections,
        panels=lambda: tuple(chain.from_iterable(panels(s, key) for key, s in studies.items())),
    )


def _subtitle(studies: Mapping[str, Study]) -> str:
    statuses = [status for study in studies.values() for status in study.rows["status"]]
    ended = sum(status in ENDED for status in statuses)
    halted = sum(status in HALTED for status in statuses)
    stopped = f", {halted} {'was' if halted == 1 else 'were'} stopped early" if halted else ""
    failed = f", {count} failed" if (count := statuses.count("failed")) else ""
    have = "row has" if len(statuses) == 1 else "rows have"
    return f"{ended} of {len(statuses)} {have} ended{stopped}{failed}."


def _chapters(study: Study, key: str, splits: Splits) -> list[Section]:
    found = []
    for title, parts in chapters_of(splits).items():
        sections = (part(study, key) for part in parts)
        inside = tuple(section for section in sections if section is not None)
        if inside:
            found.append(Section(title, (), inside))
    return found


def _without_figures(section: Section) -> Section | None:
    """Return a section without its figures; None if it has nothing else."""
    blocks = tuple(block for block in section.blocks if not isinstance(block, Figure))
    below = tuple(filter(None, map(_without_figures, section.sections)))
    return Section(section.title, blocks, below) if blocks or below else None
