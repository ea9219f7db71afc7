"""Which classes the picked configurations confuse: confusion matrices and values by class."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from analysis.figures.matrices import draw_confusion
from analysis.frames.cells import counted, format_cell
from analysis.frames.columns import levels
from analysis.frames.confusions import (
    MOST_PAIRS,
    class_names,
    confused_pairs_data,
    more_as_often,
    per_class_data,
)
from analysis.frames.load import Study
from analysis.frames.split import item_noun
from analysis.frames.summary import best_data, groups_of
from analysis.render.document import Block, Figure, Paragraph, Section, Table
from analysis.sections.captions import of_dataset


def confusion(study: Study, key: str) -> Section | None:
    """Return the picks' confusion matrices, precision and recall by class, and confused pairs."""
    picks = best_data(study)
    datasets = levels(picks, "dataset") if "dataset" in picks else [None]
    blocks: list[Block] = []
    for number, dataset in enumerate(datasets):
        here = picks if dataset is None else picks[picks["dataset"] == dataset]
        blocks += _confusion_blocks(study, f"{key}-confusion-{number + 1}", dataset, here)
    if not blocks:
        return None
    if len(set(study.meta["seeds"])) > 1:
        blocks.insert(0, Paragraph("With several seeds, the first one is shown."))
    return Section("Confused classes", tuple(blocks))


def _confusion_blocks(study: Study, key: str, dataset: Any, picks: pd.DataFrame) -> list[Block]:
    by = [name for name in groups_of(study) if name != "dataset"]
    panels = []
    for pick in picks.to_dict("records"):
        matrix = study.confusion_matrix(pick["config_id"], pick["seed"])
        if matrix is not None and 0 < len(matrix) <= 30 and (matrix >= 0).all():
            title = ", ".join(format_cell(name, pick[name]) for name in by) or study.name
            panels.append((title, matrix))
    panels = [panel for panel in panels if panel[1].shape == panels[0][1].shape][:4]
    if not panels:
        return []
    names = class_names(study.meta.get("data"), dataset, len(panels[0][1]))
    classes = [per_class_data(matrix, names).assign(pick=title) for title, matrix in panels]
    pairs = [confused_pairs_data(matrix, names).assign(pick=title) for title, matrix in panels]
    noun = item_noun(study.meta.get("data"), dataset)
    most = "; ".join(
        f"{title}: {frame.iloc[0]['true']} taken for {frame.iloc[0]['predicted']} most often "
        f"({counted(int(frame.iloc[0]['num_images']), noun)})"
        for (title, _), frame in zip(panels, pairs, strict=True)
        if len(frame)
    )
    text = f"confusion matrices of the picked configurations on the test {noun}s."
    caption = of_dataset(dataset, text)
    alt = f"{caption} {most}." if most else caption
    figure = Figure(key, caption, alt, partial(draw_confusion, panels, names, f"{noun}s"))
    ties = [
        f"{title}: {counted(number, 'more pair')} as frequent as the last one shown."
        for title, matrix in panels
        if (number := more_as_often(matrix))
    ]
    return [
        figure,
        *_class_tables(key, dataset, pd.concat(classes), pd.concat(pairs), ties, noun=noun),
    ]


def _class_tables(
    key: str,
    dataset: Any,
    classes: pd.DataFrame,
    pairs: pd.DataFrame,
    ties: list[str],
    *,
    noun: str,
) -> list[Block]:
    first = classes["pick"].iloc[0]
    names = list(classes.loc[classes["pick"] == first, "class"])
    cells: dict[str, list[str]] = {"class": names}
    cells[f"{noun}s"] = [str(n) for n in classes.loc[classes["pick"] == first, "num_images"]]
    for title in dict.fromkeys(classes["pick"]):
        mine = classes[classes["pick"] == title]
        for quantity in ("precision", "recall"):
            cells[f"{title} {quantity} (%)"] = [
                format_cell(f"test_{quantity}", value, count)
                for value, count in zip(mine[quantity], mine["num_images"], strict=True)
            ]
    caption = of_dataset(dataset, "precision and recall by class.")
    tables: list[Block] = [Table(f"{key}-classes", caption, cells, classes)]
    if len(pairs):
        shown = {
            "picked configuration": list(pairs["pick"]),
            "true class": list(pairs["true"]),
            "taken for": list(pairs["predicted"]),
            f"{noun}s": [str(n) for n in pairs["num_images"]],
            "of the class (%)": [f"{100 * share:.1f}" for share in pairs["share"]],
        }
        text = f"the classes confused most often, at most {MOST_PAIRS} pairs a pick."
        caption = of_dataset(dataset, text)
        tables.append(Table(f"{key}-pairs", caption, shown, pairs, tuple(ties)))
    return tables
