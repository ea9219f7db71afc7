"""Write a report: its tables, figures and forms, and the names of their files.

Every file is written completely or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from analysis.frames.copies import study_store
from analysis.frames.load import Study, load_study
from analysis.frames.mistakes import load_splits
from analysis.render.document import Document, Table
from analysis.render.drawings import Drawings
from analysis.render.files import replace_listed, to_csv, to_parquet, write_whole
from analysis.render.markdown import render_markdown, table_markdown
from analysis.render.tex import table_tex
from analysis.sections.report_document import OWN_TABLES, build_document
from search_spaces.errors import UserError
from tune_app.storage.store import StudyStore

FORMATS = ("md", "html", "pdf")
"""The forms of the report, each ``report.<form>``."""
MANY_ROWS = 10_000
"""A table with more rows is written as Parquet, too, because spreadsheets and CSV are slow then."""
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def write_report(
    places: Sequence[str | Path | StudyStore],
    out: Path | None = None,
    *,
    formats: Sequence[str] = FORMATS,
    figures: bool = True,
    labs: bool | None = None,
    images: Path | None = None,
    parquet: bool = False,
) -> list[Path]:
    """Write tables, figures and the report of some studies.

    Args:
        places: study directories, URLs of them, or their stores.
        out: the directory to write into; by default ``report`` in the study, or beside the first
            of several studies.
        formats: the forms to write, out of ``FORMATS``.
        figures: whether to draw figures.
        labs: whether to compare the studies with the two lab reports; None compares those of their
            models and data.
        images: a folder with the IDX files that the studies were made from; without it the report
            shows no images.
        parquet: whether to write all tables as Parquet, too, and not only those of many rows.

    Returns:
        The files written: ``tables/<name>.csv``, ``.md``, ``.tex`` and perhaps ``.parquet``,
        ``figures/<name>.svg`` and ``.png``, and ``report.md``, ``report.html`` and ``report.pdf``.

    Raises:
        UserError: a directory is not a study, two studies have the same name, ``out`` is not
            writable, or ``images`` lacks a file that a study was made from.
    """
    stores = [study_store(place) for place in places]
    document, stems = _read(stores, figures=figures, labs=labs, images=images)
    out = _destination(stores, out)
    return write_document(document, out, formats, stems=stems, parquet=parquet)


def write_document(
    document: Document,
    out: Path,
    formats: Sequence[str] = FORMATS,
    *,
    name: str = "report",
    stems: Mapping[str, str] = MappingProxyType({}),
    parquet: bool = False,
) -> list[Path]:
    """Write the tables, figures and forms of a document.

    Args:
        document: the document.
        out: the directory to write into. Tables and figures that an earlier document of this name
            left there are deleted if this one has no such table or figure.
        formats: the forms to write, out of ``FORMATS``.
        name: the name of the forms, such as ``report`` for ``report.html``.
        stems: name of a table -> name of its files, where they differ.
        parquet: whether to write all tables as Parquet, too, and not only those of many rows.

    Returns:
        The files written.

    Raises:
        UserError: ``out`` is not writable.
    """
    written = []
    for table in document.tables:
        stem = stems.get(table.name, table.name)
        written += _write_table(table, out / "tables", stem, parquet=parquet)
    written += _write_figures_and_forms(document, out, formats, name)
    replace_listed(out / f".{name}.files", [p for p in written if p.parent != out])
    return written


def _write_table(table: Table, folder: Path, stem: str, *, parquet: bool) -> list[Path]:
    content: dict[Path, str | bytes] = {
        folder / f"{stem}.csv": to_csv(table.frame),
        folder / f"{stem}.md": table_markdown(table) + "\n",
        folder / f"{stem}.tex": table_tex(table),
    }
    if parquet or len(table.frame) > MANY_ROWS:
        content[folder / f"{stem}.parquet"] = to_parquet(table.frame)
    return [write_whole(path, text) for path, text in content.items()]


def report_html(
    place: str | Path | StudyStore,
    *,
    figures: bool = True,
    labs: bool | None = None,
    images: Path | None = None,
) -> str:
    """Return the report of a study as HTML; nothing is written. See :func:`write_report`.

    Raises:
        UserError: the place is not a study, or ``images`` lacks a file that it was made from.
    """
    from analysis.render.html import render_html

    stores = [study_store(place)]
    document, _ = _read(stores, figures=figures, labs=labs, images=images)
    return render_html(document, Drawings())


def _read(
    stores: Sequence[StudyStore], *, figures: bool, labs: bool | None, images: Path | None
) -> tuple[Document, dict[str, str]]:
    """Return the report, and for each study the stem of its files with the name of its tables."""
    named = _by_table_name(stores)
    stems = _slugs(named)
    studies = {stem: named[name] for stem, name in stems.items()}
    splits = {stem: load_splits(study, images) for stem, study in studies.items() if images}
    document = build_document(studies, figures=figures, labs=labs, images=splits)
    return document, stems


def _write_figures_and_forms(
    document: Document, out: Path, formats: Sequence[str], name: str
) -> list[Path]:
    drawings = Drawings()
    written = []
    for figure in document.figures:
        stem = out / "figures" / figure.name
        written += [
            write_whole(stem.with_suffix(".svg"), drawings.svg(figure)),
            write_whole(stem.with_suffix(".png"), drawings.png(figure)),
        ]
    if "md" in formats:
        written.append(write_whole(out / f"{name}.md", render_markdown(document)))
    if "html" in formats:
        from analysis.render.html import render_html

        written.append(write_whole(out / f"{name}.html", render_html(document, drawings)))
    if "pdf" in formats:
        from analysis.render.pdf import render_pdf

        written.append(write_whole(out / f"{name}.pdf", render_pdf(document, drawings)))
    return written


def _destination(stores: Sequence[StudyStore], out: Path | None) -> Path:
    if out is not None:
        return out
    root = stores[0].root
    # The copy of a study at a URL is deleted when the command ends.
    if stores[0].at_url or stores[0].is_read_only:
        return Path("reports") / root.name
    out = (root if len(stores) == 1 else root.resolve().parent) / "report"
    for place in (out, out / "tables", out / "figures"):
        if place.is_symlink():
            raise UserError(
                f"{place}: a symbolic link, which is not followed inside a study; name the "
                "directory with --out"
            )
    return out


def _by_table_name(stores: Sequence[StudyStore]) -> dict[str, Study]:
    """Load the studies: name of the tables -> study.

    The name is that of the search space. It is the directory's name if two studies have the same
    space, or if the name in ``study.json``, which anybody can edit, is not a plain file name.

    Raises:
        UserError: two studies would have the same name.
    """
    studies = [(load_study(store), store.root.resolve().name) for store in stores]
    spaces = [str(study.meta["space"].get("name")) for study, _ in studies]
    named = {
        space if spaces.count(space) == 1 and _PLAIN_NAME.fullmatch(space) else directory: study
        for space, (study, directory) in zip(spaces, studies, strict=True)
    }
    if len(named) < len(stores):
        raise UserError(
            "two of the studies have the same directory name, so their tables would overwrite "
            "each other; report them separately, each with its own --out"
        )
    return named


def _slugs(named: Mapping[str, Study]) -> dict[str, str]:
    """Return a file name for each name, of letters, digits and dashes: file name -> name."""
    slugs: dict[str, str] = {}
    for name in named:
        slug = re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-") or "study"
        while slug in slugs or slug in OWN_TABLES:
            slug += "-2"
        slugs[slug] = name
    return slugs
