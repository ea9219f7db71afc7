"""What the published studies found, as parts of pages. Every number is read from the studies."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace

from analysis.checks.audit.study import audit_study
from analysis.frames.arithmetic import launch_records
from analysis.frames.cells import counted
from analysis.frames.load import ENDED, Study, load_study
from analysis.frames.meta import datasets_of
from analysis.labs.cost_sentences import sentences
from analysis.render.document import Bullets, Figure, Section, Table
from analysis.render.drawings import Drawings
from analysis.render.markdown import alternative, escape
from analysis.sections.answer import answer
from search_spaces.errors import one_line
from tests.docs.made import bullets, table, wrapped
from tune_app.planning.space_file import load_space
from tune_app.storage.published import PREFIX, published_names

ASKED = ("q1a", "epochs", "q1b", "svm_scaling", "q2")
"""The shipped spaces with the questions of the two lab reports, in the order of the pages."""
_SENTENCES = "what it does"
_PACKAGES = ("tune-app", "torch", "scikit-learn", "scikit-learn-intelex")


@functools.cache
def published_studies() -> dict[str, Study]:
    """Return the published studies by name, in the order of the spaces that were asked for.

    Of several studies of a space the one that has its name comes first.
    """
    studies = {name: load_study(f"{PREFIX}{name}") for name in published_names()}

    def place(name: str) -> tuple[int, bool, str]:
        space = str(studies[name].meta["space"].get("name"))
        return ASKED.index(space) if space in ASKED else len(ASKED), name != space, name

    return {name: studies[name] for name in sorted(studies, key=place)}


@functools.cache
def answer_of(name: str) -> Section:
    """Return the answer of a published study."""
    return answer(published_studies()[name], name)


def rows_in_words(study: Study) -> str:
    """Return how many rows have ended."""
    done, number = int(study.rows["status"].isin(ENDED).sum()), counted(len(study.rows), "row")
    return f"all {number}" if is_whole(study) else f"{done} of {number} so far"


def is_whole(study: Study) -> bool:
    """Return whether all rows of a study have ended."""
    return bool(study.rows["status"].isin(ENDED).all())


def images_in_words(study: Study) -> str:
    """Return on how many images a study was made, and how they were split."""
    data = datasets_of(study.meta.get("data")).values()
    splits = {
        tuple(entry.get(f"num_{part}") for part in ("train", "val", "test")) for entry in data
    }
    texts = [f"{train:,} train, {val:,} validation, {test:,} test" for train, val, test in splits]
    return f"{num_images_in_words(study)} ({'; '.join(texts)})"


def num_images_in_words(study: Study) -> str:
    """Return on how many images a study was made."""
    sizes = {entry.get("num_images") for entry in datasets_of(study.meta.get("data")).values()}
    return f"{' or '.join(f'{size:,}' for size in sizes)} images of each data set"


def in_full() -> str:
    """Return every published study: how it was made, its answer, its effects and its figure."""
    parts = [part for name, study in published_studies().items() for part in _whole(name, study)]
    return "\n\n".join(parts) or "No study is published yet."


def _whole(name: str, study: Study) -> Iterator[str]:
    yield f"### {name}"
    yield wrapped(f"*{one_line(str(study.meta['space'].get('question') or name))}*")
    yield bullets([*made_in_words(study), _audited(study)])
    for block in answer_of(name).blocks:
        if isinstance(block, Bullets):
            yield bullets([*block.items, *(t[:1].upper() + t[1:] for t in sentences(study))])
        elif isinstance(block, Figure):
            yield f"![{alternative(block)}](static/{figure_file(block)})"
        elif isinstance(block, Table):
            yield _shown(block)


def _audited(study: Study) -> str:
    """Return what the audit finds in a study of ours, without notes."""
    found = [finding for finding in audit_study(study).findings if finding.severity != "note"]
    says = "; ".join(f"{finding.says} ({finding.severity})" for finding in found)
    return f"The audit finds: {says or 'nothing more than notes'}."


def _shown(found: Table) -> str:
    """Return a table without its column of sentences, which the report has."""
    cells = {name: cells for name, cells in found.cells.items() if name != _SENTENCES}
    shown = replace(found, cells=cells)
    numbers = [name for name, flag in zip(shown.headings, shown.is_number, strict=True) if flag]
    lines = table(shown.headings, shown.lines, numbers)
    return "\n\n".join([lines, *(wrapped(escape(note)) for note in shown.notes)])


def figure_file(figure: Figure) -> str:
    """Return the name of a figure's file in ``docs/static``."""
    return f"published-{figure.name}.svg"


def figures() -> dict[str, str]:
    """Return the figures of the published studies: name of the file -> SVG."""
    drawings = Drawings()
    return {
        figure_file(block): drawings.svg(block)
        for name in published_studies()
        for block in answer_of(name).blocks
        if isinstance(block, Figure)
    }


def made_in_words(study: Study) -> list[str]:
    """Return how a study was made: rows, images, commands, and machines with their rows."""
    launches = launch_records(study.meta)
    commands = dict.fromkeys(one_line(str(record.get("command"))) for record in launches.values())
    texts = [
        f"Rows: {rows_in_words(study)}. Seeds: {', '.join(map(str, study.meta['seeds']))}.",
        f"Made from {images_in_words(study)}.",
        f"Made by {', '.join(f'`{command}`' for command in commands)}.",
    ]
    texts += [f"On {text}." for text in _machines(study)]
    return texts


def _machines(study: Study) -> Iterator[str]:
    """Yield each processor with the versions that ran there, and how many rows have ended."""
    found: dict[str, list[str]] = {}
    for launch, record in launch_records(study.meta).items():
        hardware, packages = record.get("hardware") or {}, record.get("packages") or {}
        versions = [
            f"{p} {packages[p]}" for p in ("tune-app", "torch", "scikit-learn") if p in packages
        ]
        text = f"{hardware.get('num_cpus')} CPUs of {hardware.get('cpu')}, {', '.join(versions)}"
        found.setdefault(text, []).append(launch)
    for text, names in found.items():
        ended = study.rows["launch"].isin(names) & study.rows["status"].isin(ENDED)
        yield f"{one_line(text)}: {counted(int(ended.sum()), 'row')}"


def studies_table() -> str:
    """Return a table of the published studies: rows, best, size, and how to continue each."""
    lines = [
        [f"{PREFIX}{name}", rows_in_words(study), _size(study)]
        for name, study in published_studies().items()
    ]
    lines += [
        [f"{PREFIX}{name}", f"not published: 0 of {num_rows_of(name)} rows", ""]
        for name in ASKED
        if name not in published_studies()
    ]
    return table(["study", "rows with a result", "size"], lines, ["size"])


def num_rows_of(name: str) -> int | None:
    """Return how many rows a shipped space has at one seed."""
    return load_space(name).num_configurations()


def _size(study: Study) -> str:
    size = sum(path.stat().st_size for path in study.path.rglob("*") if path.is_file())
    return f"{size / 1e6:.1f} MB"
