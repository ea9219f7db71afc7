"""``python -m tests.docs.published``: write what the published studies found into the pages.

It replaces the parts between its marks (:mod:`tests.docs.made`), and the figures of the published
studies in ``docs/static``.
"""

from __future__ import annotations

from collections.abc import Callable

from analysis.frames.labels import label
from tests.docs import costs, findings, front_page, judged
from tests.docs.made import filled, table
from tests.docs.pages import ROOT, text_of
from tests.docs.prepared import Q1A
from tune_app import load_study

COMMAND = "python -m tests.docs.published"
PAGES = ("README.md", "docs/findings.md")
STATIC = ROOT / "docs" / "static"
FIGURES = "published-*.svg"


def sample_table() -> str:
    """Return the best configuration of each data set and model of ``make study``."""
    columns = ("dataset", "model", "batch_size", "optimizer", "lr", "epochs")
    lines = [
        [
            *(label(column, row[column]) for column in columns),
            *(f"{100 * row[measure]:.2f}" for measure in ("val_accuracy", "test_accuracy")),
        ]
        for _, row in load_study(Q1A).best(by=["dataset", "model"]).iterrows()
    ]
    headings = ["data set", "model", "batch", "optimizer", "lr", "epochs"]
    measures = ["validation %", "test %"]
    return table([*headings, *measures], lines, ["batch", "lr", "epochs", *measures])


PARTS: dict[str, Callable[[], str]] = {
    "answers": front_page.answers,
    "reports": judged.in_short,
    "studies": findings.studies_table,
    "findings": findings.in_full,
    "costs": costs.costs_table,
    "claims": judged.claims_table,
    "audit": judged.audit_table,
    "sample": sample_table,
}
"""Name of a part of a page -> what stands in it."""


def written() -> dict[str, str]:
    """Return the pages and figures as they should be: path in the repository -> text."""
    pages = {page: filled(text_of(page), COMMAND, PARTS) for page in PAGES}
    figures = findings.figures()
    return pages | {f"docs/static/{name}": svg for name, svg in figures.items()}


def main() -> None:
    """Write the pages and figures, and delete the figures of studies that are gone."""
    wanted = written()
    for path in STATIC.glob(FIGURES):
        if f"docs/static/{path.name}" not in wanted:
            path.unlink()
    for name, text in wanted.items():
        if not (ROOT / name).exists() or text_of(name) != text:
            (ROOT / name).write_text(text)
            print(name)


if __name__ == "__main__":
    main()
