"""The parts of the report, and the report composed of them.

Each part is a function from a study and the name of its tables to a ``Section``, or to None if it
does not apply. Every sentence that compares results is computed from the rows, so no sentence can
contradict the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain

from analysis.frames.load import ENDED, Study
from analysis.frames.mistakes import Splits
from analysis.frames.quality import has_accuracies
from analysis.labs.devices import devices
from analysis.labs.published import audited, beside, claims
from analysis.labs.svm import kernels, scaling
from analysis.render.document import Block, Document, Figure, Paragraph, Section
from analysis.sections.best import best
from analysis.sections.confusion import confusion
from analysis.sections.factors import effects, epochs, pin_memory
from analysis.sections.grid import pivots
from analysis.sections.mistakes import mistakes
from analysis.sections.observations import conclusions
from analysis.sections.panels import panels
from analysis.sections.problems import problems, unfinished
from analysis.sections.results import main_table
from analysis.sections.seeds import data_sets
from analysis.sections.setup import setup
from analysis.sections.training import costs, curves, summary
from search_spaces.errors import one_line

Part = Callable[[Study, str], Section | None]


def parts_of(study: Study, splits: Splits) -> tuple[Part, ...]:
    """Return the parts of a study's section, in the order of the report.

    Without accuracies of this package there are only those that need just parameters and measures.
    """
    if not has_accuracies(study):
        return (best, main_table, data_sets, curves, confusion, effects)
    return (
        *(best, summary, main_table, data_sets, pivots, devices, kernels, scaling),
        *(curves, confusion, partial(mistakes, splits=splits)),
        *(costs, effects, epochs, pin_memory),
    )


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
    published: bool = True,
    images: Mapping[str, Splits] | None = None,
) -> Document:
    """Return the report of some studies.

    Args:
        studies: name of its tables -> study.
        figures: whether to include figures.
        published: whether to compare the studies with the published claims and numbers.
        images: name of its tables -> the images of the study's data sets, where they are known.
    """
    names = ", ".join(one_line(study.name) for study in studies.values())
    # The published reports are about models and data of this package.
    shipped = {key: study for key, study in studies.items() if not study.is_own}
    parts = (
        setup(studies),
        *(_of_study(study, key, (images or {}).get(key, {})) for key, study in studies.items()),
        conclusions(studies),
        *((claims(shipped), beside(shipped)) if published and shipped else ()),
        audited(studies),
        problems(studies),
    )
    sections = tuple(part for part in parts if part is not None)
    if not figures:
        sections = tuple(filter(None, map(_without_figures, sections)))
    return Document(
        title=f"Hyperparameter study: {names}"
        if len(studies) == 1
        else f"Hyperparameter studies: {names}",
        subtitle=_subtitle(studies),
        warnings=tuple(filter(None, map(unfinished, studies.values()))),
        sections=sections,
        panels=lambda: tuple(chain.from_iterable(panels(s, key) for key, s in studies.items())),
    )


def _subtitle(studies: Mapping[str, Study]) -> str:
    rows = sum(len(study.rows) for study in studies.values())
    ended = sum(int(study.rows["status"].isin(ENDED).sum()) for study in studies.values())
    return f"{ended} of {rows} {'row has' if rows == 1 else 'rows have'} ended."


def _of_study(study: Study, key: str, splits: Splits) -> Section:
    question = study.meta["space"].get("question")
    blocks: list[Block] = [Paragraph(one_line(str(question)))] if question else []
    parts = (part(study, key) for part in parts_of(study, splits))
    sections = tuple(section for section in parts if section is not None)
    return Section(f"Study {one_line(study.name)}", tuple(blocks), sections)


def _without_figures(section: Section) -> Section | None:
    """Return a section without its figures; None if it has nothing else."""
    blocks = tuple(block for block in section.blocks if not isinstance(block, Figure))
    below = tuple(filter(None, map(_without_figures, section.sections)))
    return Section(section.title, blocks, below) if blocks or below else None
