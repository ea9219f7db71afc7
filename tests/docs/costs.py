"""What the published studies took beside the lab reports, as parts of pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from analysis.frames.columns import numbers, varied
from analysis.frames.labels import MISSING
from analysis.frames.training_time import compared_time, time_words
from analysis.labs.comparison import compare
from analysis.labs.reference import TABLES, load_table
from analysis.sections.answer import duration
from tests.docs.findings import published_studies
from tests.docs.made import table

_THEIR_TIME = "reference_train_seconds"


class Cost(NamedTuple):
    """What the rows of a published table took, and those of a study with the same settings.

    Attributes:
        study, report, table: their names.
        num_here, num_there: rows that match.
        here, there: seconds of training, on machines of their own.
        kind: which time ``here`` is, in words.
        total: seconds of training of the whole published table.
        differ: why the rows are not comparable; empty if they are.
    """

    study: str
    report: str
    table: str
    num_here: int
    num_there: int
    here: float
    kind: str
    there: float
    total: float
    differ: str


def costs() -> Iterator[Cost]:
    """Yield what each study took beside the published tables whose settings it has.

    A study that varies the number of training images has no such time.
    """
    for name, study in published_studies().items():
        if "num_train_images" in varied(study):
            continue
        pairs = compare(study)
        for printed in TABLES:
            mine = pairs[(pairs["table"] == printed) & pairs["reference_train_seconds"].notna()]
            if mine.empty:
                continue
            rows = study.rows[study.rows["config_id"].isin(mine["config_id"])]
            seconds = numbers(rows, compared_time(study)).groupby(rows["trial_id"]).max()
            theirs = mine.drop_duplicates(["dataset", "reference_accuracy", _THEIR_TIME])
            reasons = "; ".join(dict.fromkeys("; ".join(mine["reasons"]).split("; ")))
            yield Cost(
                study=name,
                report=str(mine["report"].iloc[0]),
                table=printed,
                num_here=len(rows),
                num_there=len(theirs),
                here=float(seconds.sum()),
                kind=time_words(study),
                there=float(theirs[_THEIR_TIME].sum()),
                total=float(load_table(printed).frame["train_seconds"].sum()),
                differ=reasons,
            )


def costs_table() -> str:
    """Return what the published rows took here and in the reports."""
    lines = [
        [
            *(cost.study, str(cost.num_here), f"{duration(cost.here)} {cost.kind}"),
            *(cost.table, str(cost.num_there), duration(cost.there), duration(cost.total)),
            cost.differ or MISSING,
        ]
        for cost in costs()
    ]
    if not lines:
        return "No published study has rows of a report's settings yet."
    headings = ("study", "rows", "time here", "table", "its rows", "their time", "all its rows")
    return table([*headings, "what differs"], lines, ["rows", "its rows"])
