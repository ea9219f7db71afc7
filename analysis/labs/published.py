"""The studies compared with the published reports: their claims and their numbers.

The verdicts come from ``analysis.checks.claims`` and the comparison from
``analysis.labs.comparison``. This module arranges them in tables.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Mapping

import pandas as pd

from analysis.frames.cells import counted, format_cell, format_points
from analysis.frames.labels import MISSING, heading, label
from analysis.frames.load import Study
from analysis.frames.measures import num_items_of
from analysis.render.document import Block, Bullets, Paragraph, Section, Table
from search_spaces.errors import one_line

_REPORTS = {"report_a": "A", "report_b": "B", "xiao_2017": "Xiao et al. 2017"}
_SILENT = "not comparable"
_SETTINGS = (
    *("batch_size", "optimizer", "lr", "pin_memory", "epochs"),
    *("kernel", "C", "degree", "gamma", "device"),
)
_VERDICTS = (
    "p: adjusted by Holm's method for all claims of one report on one study; a claim with p is "
    "supported or contradicted if p is below 5 %. Without p the numbers decide, as the reason "
    "says.",
    "For these runs: the verdict is about the trained models at hand. One seed, or a table that "
    "names none, cannot tell what another seed would have given.",
    "Square brackets: the 95 % interval of the effect (90 % for claims that two values give the "
    "same result): the values that the test does not reject, without an adjustment for other "
    "claims.",
    "Round brackets: the smallest and the largest value; for shares of rows, the share of rows "
    "beyond the threshold by more than their noise, and that of rows which may be beyond it; for "
    "exponents, the ends of all their 95 % intervals.",
    "Train time: the median epoch after the first, times the number of epochs. Its ratios differ "
    "from those of the other tables, which use the total time of each training.",
    "n: independent pairs, where pairs from the same trials count once; or the rows, "
    "configurations or groups that the reason counts. Underpowered: n is too small to decide the "
    "claim, whatever the results.",
)


def claims(studies: Mapping[str, Study]) -> Section | None:
    """Return the published claims with their verdicts, on their own tables and on the studies.

    Return None if the studies can judge none of them.
    """
    from analysis.checks.claims import from_study, judge_all, to_frame
    from analysis.labs.claims import PUBLISHED

    bodies = [from_study(study) for study in studies.values()]
    frame = to_frame(judge_all(PUBLISHED, bodies))
    silent = frame["verdict"] == _SILENT
    if silent.all():
        return None
    blocks: list[Block] = [_evidence(frame[~silent]), _claims_table(frame[~silent])]
    if silent.any():
        number = int(silent.sum())
        further = counted(number, "further claim")
        text = f"{further} {'is' if number == 1 else 'are'} not comparable with these studies."
        blocks += [Paragraph(text), _claims_table(frame[silent], "claims-not-comparable")]
    return Section("Published claims, judged", tuple(blocks))


def _evidence(frame: pd.DataFrame) -> Paragraph:
    """Return a sentence on the studies behind the verdicts, with the caveats of their rows."""
    known = frame.drop_duplicates(["evidence", "caveats"])[["evidence", "caveats"]]
    texts = [f"{one_line(name)} ({one_line(caveats)})" for name, caveats in known.to_numpy()]
    return Paragraph(f"Judged on {'; '.join(texts)}.")


@functools.cache
def _on_their_own_tables() -> dict[str, str]:
    """Return claim -> its verdict on the published table that it was drawn from."""
    from analysis.checks.claims import judge_published
    from analysis.labs.claims import PUBLISHED

    return {verdict.claim.name: verdict.word for verdict in judge_published(PUBLISHED)}


def _claims_table(frame: pd.DataFrame, name: str = "claims") -> Table:
    from analysis.checks.claims import numbers_of

    lines = frame.to_dict("records")
    published = _on_their_own_tables()
    cells = {
        "report": [
            _REPORTS.get(str(line["source"]), one_line(str(line["source"]))) for line in lines
        ],
        "claim": [one_line(str(line["sentence"])) for line in lines],
        "on its own table": [published.get(line["claim"], MISSING) for line in lines],
    }
    if name == "claims":
        if frame["evidence"].nunique() > 1:
            cells["study"] = [one_line(str(line["evidence"])) for line in lines]
        cells["here"] = [str(line["verdict"]) for line in lines]
        cells["effect, interval, p, n"] = [_unbroken(numbers_of(line) or MISSING) for line in lines]
    cells["reason"] = [_unbroken(one_line(str(line["reason"]))) for line in lines]
    caption = "Published claims that these studies can judge."
    if name != "claims":
        caption = "Published claims that these studies cannot judge, and why."
    return Table(name, caption, cells, frame, _VERDICTS if name == "claims" else ())


def _unbroken(text: str) -> str:
    """Return text whose lines do not break inside ``p = 0.27`` or ``1 %``."""
    return re.sub(r" ([=<]) ", "\u00a0\\1\u00a0", text).replace(" %", "\u00a0%")


def beside(studies: Mapping[str, Study]) -> Section | None:
    """Return our accuracies beside the published ones, row by row; None if no row matches."""
    from analysis.labs.comparison import compare

    frames = [compare(study).assign(study=key) for key, study in studies.items()]
    frame = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    if frame.empty:
        return None
    blocks: list[Block] = [Paragraph(_counted(frame))]
    reasons = Counter(
        reason for text in frame["reasons"] for reason in str(text).split("; ") if reason
    )
    if reasons:
        items = [
            f"{one_line(reason)}: {counted(count, 'row')}"
            for reason, count in reasons.most_common()
        ]
        blocks.append(Bullets(tuple(items)))
    # If no pair is comparable, every line of the table would only repeat that.
    none_judged = set(frame["verdict"]) == {_SILENT}
    table = _overview(frame) if none_judged else _comparison_table(frame, studies)
    return Section("Beside the published numbers", (*blocks, table))


def _overview(frame: pd.DataFrame) -> Table:
    """Return the number of pairs with each published table. The CSV has every pair."""
    sizes = frame.groupby(["report", "table", "dataset"], sort=False).size()
    names = [(str(report), str(table), dataset) for report, table, dataset in sizes.index]
    cells = {
        "published in": [_table_name(report, table) for report, table, _ in names],
        "data set": [label("dataset", dataset) for _, _, dataset in names],
        "pairs, none comparable": [f"{size:,}" for size in sizes],
    }
    caption = "Pairs with each published table. tables/published.csv has all, with differences."
    return Table("published", caption, cells, frame)


def _counted(frame: pd.DataFrame) -> str:
    verdicts = Counter(frame["verdict"])
    shown = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    text = (
        f"{counted(len(frame), 'pair')} of a published row and a configuration of ours that "
        f"{'agrees' if len(frame) == 1 else 'agree'} in every "
        f"setting that both have: {shown}."
    )
    other = (pd.to_numeric(frame["epochs"], errors="coerce") != frame["reference_epochs"]) & frame[
        "reference_epochs"
    ].notna()
    if number := int(other.sum()):
        differ = "differs" if number == 1 else "differ"
        text += f" {number} of them {differ} in the number of epochs; ours has the nearest number."
    if _SILENT in verdicts:
        text += " Pairs whose protocols differ are not judged:"
    return text


def _comparison_table(frame: pd.DataFrame, studies: Mapping[str, Study]) -> Table:
    from analysis.labs.comparison import interval_cells

    settings = [name for name in _SETTINGS if name in frame and frame[name].nunique() > 1]
    names = zip(frame["report"].map(str), frame["table"].map(str), strict=True)
    cells = {
        "published in": [_table_name(report, table) for report, table in names],
        "data set": [label("dataset", value) for value in frame["dataset"]],
        "method": [
            label("model", model) if isinstance(model, str) else "SVM" for model in frame["model"]
        ],
    }
    cells |= {heading(name): [label(name, v) for v in frame[name]] for name in settings}
    if frame["reference_epochs"].notna().any():
        cells["published epochs"] = [label("epochs", v) for v in frame["reference_epochs"]]
    images = [
        num_items_of(studies[study], dataset, "test_accuracy")
        for study, dataset in zip(frame["study"], frame["dataset"], strict=True)
    ]
    for title, column in (("ours (%)", "test_accuracy"), ("published (%)", "reference_accuracy")):
        counts = images if column == "test_accuracy" else [None] * len(frame)
        values = zip(frame[column], counts, strict=True)
        cells[title] = [format_cell("test_accuracy", value, count) for value, count in values]
    cells["difference (points)"] = list(map(format_points, frame["difference"], images))
    cells |= interval_cells(frame, images)
    cells["verdict"] = [str(verdict) for verdict in frame["verdict"]]
    filters = ("published in", "data set", "method", "verdict")
    notes = tuple(f"Intervals include {noise}." for noise in dict.fromkeys(frame["noise"]))
    caption = "Test accuracy beside the published one."
    return Table("published", caption, cells, frame, notes, filters=filters)


def _table_name(report: str, table: str) -> str:
    """Return ``report_b_q2_figure8`` as ``B, q2 figure8``."""
    shown = _REPORTS.get(report, one_line(report))
    part = one_line(table).removeprefix(report).strip("_").replace("_", " ")
    return f"{shown}, {part}" if part else shown
