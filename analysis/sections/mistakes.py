"""The test items that are confused most often, and the images themselves if known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Any

import pandas as pd

from analysis.figures.pictures import draw_pictures
from analysis.frames.cells import counted, format_cell
from analysis.frames.columns import levels
from analysis.frames.confusions import known_names
from analysis.frames.load import Study
from analysis.frames.meta import datasets_of
from analysis.frames.mistakes import (
    MOST,
    Predicted,
    Splits,
    mistakes_data,
    name_in_study,
    predicted,
    saved_without_labels,
    seeds_apart,
)
from analysis.frames.split import Split, is_own, item_noun
from analysis.frames.summary import best_data, groups_of
from analysis.render.document import Block, Figure, Paragraph, Section, Table
from analysis.sections.captions import of_dataset
from analysis.sections.results import free_heading
from tune_app.study.idx import IMAGE_SIZE

_MOST_PICKS = 4
_MOST_NAMED = 3
HOW_TO_SEE = (
    "A study directory does not hold the images themselves. To see them, run python -m "
    "analysis.report STUDY --images FOLDER with the folder of IDX files that the study was made "
    "from, or --images sample."
)
_APART = "Every seed has its own test {}s, so only trainings with the pick's first seed count."
_NO_LABELS = (
    "The predictions of this study were saved without labels, so without the data it is unknown "
    "which of them are wrong."
)
_UNFIT = (
    "It is unknown which of them are classified wrongly: the saved predictions cannot be read or "
    "contradict the recorded confusion matrices"
)


def mistakes(study: Study, key: str, splits: Splits) -> Section | None:
    """Return the test items that the picks get wrong, one table and one figure per data set.

    Args:
        study: the study.
        key: the name of its tables.
        splits: the images of its data sets, as far as they are known.
    """
    picks = best_data(study)
    if picks.empty or not _saved_files(study, picks):
        return None
    blocks: list[Block] = []
    datasets = levels(picks, "dataset") if "dataset" in picks else [None]
    number = 0
    data = study.meta.get("data")
    noun = item_noun(data)
    own = [is_own(data, name) for name in datasets_of(data)]
    has_files = not own or not all(own)
    for dataset, seed in product(datasets, seeds_apart(study, picks)):
        here = picks if dataset is None else picks[picks["dataset"] == dataset]
        here = here if seed is None else here[here["seed"] == seed]
        split = splits.get(str(dataset), {}).get(
            int(picks["seed"].iloc[0] if seed is None else seed)
        )
        found = predicted(study, dataset, split, seed) if len(here) else None
        if found is not None:
            number += 1
            name = f"{key}-mistakes-{number}"
            blocks += _blocks(study, name, dataset, found, picks=here, split=split)
    if blocks and seeds_apart(study, picks) != [None]:
        blocks.insert(0, Paragraph(_APART.format(noun)))
    if not blocks:
        why = f"{_UNFIT}{_first_named(_saved_files(study, picks))}."
        if saved_without_labels(study, picks):
            why = f"{_NO_LABELS} {HOW_TO_SEE}"
        return Section(f"{noun.capitalize()}s most often confused", (Paragraph(why),))
    if has_files and not any(isinstance(block, Figure) for block in blocks) and not splits:
        blocks.insert(0, Paragraph(HOW_TO_SEE))
    return Section(f"{noun.capitalize()}s most often confused", tuple(blocks))


def _saved_files(study: Study, picks: pd.DataFrame) -> list[str]:
    paths = [
        study.predictions_path(str(config_id), int(seed))
        for config_id, seed in zip(picks["config_id"], picks["seed"], strict=True)
    ]
    return [name_in_study(study, path) for path in dict.fromkeys(paths) if path is not None]


def _blocks(
    study: Study,
    name: str,
    dataset: Any,
    found: Predicted,
    *,
    picks: pd.DataFrame,
    split: Split | None,
) -> list[Block]:
    wrong = mistakes_data(found, list(picks["trial_id"]), most=len(found.labels))
    noun = item_noun(study.meta.get("data"), dataset)
    frame, shown = wrong.head(MOST).copy(), _shown(len(wrong), noun)
    left_out = (
        f"Left out: {counted(len(found.left_out), 'finished trial')} whose saved predictions "
        "cannot be read or contradict the recorded confusion matrix with these labels"
        f"{_first_named(found.left_out)}."
    )
    if frame.empty:
        saying = of_dataset(
            dataset, f"no picked configuration is known to get a test {noun} wrong."
        )
        return [Paragraph(f"{saying} {left_out}" if found.left_out else saying)]
    names = _names(study, dataset, found)
    frame["true"], frame["predicted"] = (
        [names[index] for index in frame[column]] for column in ("true", "predicted")
    )
    caption = of_dataset(dataset, shown)
    table = _table(study, name, caption, frame, found=found, picks=picks)
    if found.left_out:
        table = Table(table.name, table.caption, table.cells, frame, (*table.notes, left_out))
    return [table] if split is None else [_figure(name, caption, frame, split), table]


def _first_named(files: Sequence[str]) -> str:
    more = len(files) - _MOST_NAMED
    named = ", ".join(files[:_MOST_NAMED])
    return f": {named}" + (f" and {more} more" if more > 0 else "") if files else ""


def _shown(number: int, noun: str) -> str:
    """Return in words how many of the items that a pick gets wrong are shown."""
    items = f"test {noun}s that a picked configuration gets wrong"
    if number <= MOST:
        return f"{items}, all {number}" if number > 1 else f"the test {noun} that a pick gets wrong"
    return f"{MOST} of the {number} {items}"


def _names(study: Study, dataset: Any, found: Predicted) -> Sequence[str]:
    largest = max(int(found.labels.max()), int(found.predictions.max()))
    names = known_names(study.meta.get("data"), dataset)
    return names if len(names) > largest else [str(index) for index in range(largest + 1)]


def _table(
    study: Study,
    name: str,
    shown: str,
    frame: pd.DataFrame,
    *,
    found: Predicted,
    picks: pd.DataFrame,
) -> Table:
    cells = {
        "position": [str(position) for position in frame["position"]],
        "true class": list(frame["true"]),
        "most often taken for": list(frame["predicted"]),
        "wrong in": _shares(frame),
    }
    by = [column for column in groups_of(study) if column != "dataset"]
    names = _names(study, picks["dataset"].iloc[0] if "dataset" in picks else None, found)
    for pick in picks.head(_MOST_PICKS).to_dict("records"):
        place = found.trials.get(str(pick["trial_id"]))
        if place is not None:
            title = ", ".join(format_cell(column, pick[column]) for column in by) or "the pick"
            cells[free_heading(cells, f"{title} says")] = [
                names[found.predictions[place, position]] for position in frame["position"]
            ]
    caption = f"{shown}, most often wrong first."
    notes = (
        "Position: the place in the test split, counted from 0. Wrong in: how many of the finished "
        "trials are wrong, each with the predictions of its last milestone. Among equals, the pair "
        "of classes that is confused more often comes first.",
    )
    return Table(name, caption, cells, frame, notes)


def _shares(frame: pd.DataFrame) -> list[str]:
    pairs = zip(frame["num_wrong"], frame["num_trials"], strict=True)
    return [f"{num_wrong} of {num_trials}" for num_wrong, num_trials in pairs]


def _figure(name: str, shown: str, frame: pd.DataFrame, split: Split) -> Figure:
    images = split.images[split.test[frame["position"]]].reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    shares = _shares(frame)
    pairs = list(zip(frame["true"], frame["predicted"], strict=True))
    texts = [
        f"{true}\ntaken for {wrong}\nwrong in {share}"
        for (true, wrong), share in zip(pairs, shares, strict=True)
    ]
    named = "; ".join(
        f"{true}, taken for {wrong} most often, wrong in {share} trials"
        for (true, wrong), share in list(zip(pairs, shares, strict=True))[:_MOST_NAMED]
    )
    caption = (
        f"{shown}, most often wrong first: true class, the class it is most often taken for, and "
        "how many of the finished trials get it wrong."
    )
    alt = f"{caption} {len(frame)} images; the first: {named}."
    return Figure(name, caption, alt, partial(draw_pictures, images, texts))
