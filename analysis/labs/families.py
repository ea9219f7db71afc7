"""Compare ResNets with support vector machines, across the studies of one report.

Two studies can be compared if they tested on the same images. Then the best configurations of both,
picked on validation, are shown with their test accuracies. Otherwise the report says why not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.frames.cells import format_cell, format_percent
from analysis.frames.columns import numbers
from analysis.frames.labels import label
from analysis.frames.load import Study
from analysis.frames.meta import datasets_of
from analysis.frames.split import identity_of_test, varies
from analysis.frames.summary import best_data
from analysis.render.document import Bullets, Paragraph, Section
from analysis.stats import proportion_interval
from search_spaces.errors import one_line

_METHODS = {"resnet": "model", "svm": "kernel"}
_METRIC = "val_accuracy"
_ABOUT = (
    "The best ResNet and the best SVM, each picked on validation, from studies with the same test "
    "images. Intervals are exact 95 % intervals of one run. They cover the sampling of the test "
    "images, not the noise of training. A mean over seeds has none."
)


def families(studies: Mapping[str, Study]) -> Section | None:
    """Return the best of both families on each data set; None if a family has no pick."""
    picks = _picks(studies)
    if picks.empty or set(picks["family"]) != set(_METHODS):
        return None
    texts = []
    for dataset, group in picks.groupby("dataset", sort=False):
        if set(group["family"]) != set(_METHODS):
            continue
        found = [
            _compared(dataset, same)
            for identity, same in group.groupby("test_set", sort=False)
            if identity and set(same["family"]) == set(_METHODS)
        ]
        texts += found or [f"{label('dataset', dataset)}: not comparable: {_why(group)}."]
    if not texts:
        return None
    return Section("ResNet against SVM", (Paragraph(_ABOUT), Bullets(tuple(texts))))


def _picks(studies: Mapping[str, Study]) -> pd.DataFrame:
    """Return each study's pick for every data set, with its family and its test images."""
    records: list[dict[Any, Any]] = []
    for study in (study for study in studies.values() if not study.is_own):
        family, data = study.meta["space"].get("trainable"), study.meta.get("data")
        best = best_data(study)
        known = {"dataset", "num_test", "test_accuracy", _METHODS.get(str(family), "")} <= set(best)
        if study.metric != _METRIC or not known:
            continue
        is_counted = (numbers(best, "num_test") >= 1) & numbers(best, "test_accuracy").between(0, 1)
        is_counted &= numbers(best, _METRIC).notna()
        best = best[is_counted]
        best = best.assign(num_trained=_num_trained(study, best), study=one_line(study.name))
        for dataset, group in best.groupby("dataset", sort=False):
            top = group.iloc[int(numbers(group, _METRIC).argmax())]
            # A mean over seeds with different test images belongs to no single test set.
            is_mean = varies(data) and top["num_seeds"] > 1
            identity = "" if is_mean else identity_of_test(data, str(dataset), int(top["seed"]))
            records.append({**top.to_dict(), "family": family, "test_set": identity})
    return pd.DataFrame(records)


def _num_trained(study: Study, rows: pd.DataFrame) -> pd.Series[float]:
    """Return how many images each row was trained on: as recorded, else as in the data set."""
    datasets = datasets_of(study.meta.get("data"))
    known = {name: entry.get("num_train") for name, entry in datasets.items()}
    planned = pd.to_numeric(rows["dataset"].map(known), errors="coerce")
    return numbers(rows, "num_train_images").fillna(planned)


def _compared(dataset: Any, picks: pd.DataFrame) -> str:
    """Return the sentence that compares the best picks of both families."""
    best = picks.loc[picks.groupby("family", sort=False)[_METRIC].idxmax()]
    one, other = (best[best["family"] == family].iloc[0] for family in _METHODS)
    images = float(one["num_test"])
    said = f"{label('dataset', dataset)}: {_shown(one)} against {_shown(other)}."
    if max(one["num_seeds"], other["num_seeds"]) > 1:
        return said
    accuracies = (float(pick["test_accuracy"]) for pick in (one, other))
    ends = [proportion_interval(accuracy * images, images) for accuracy in accuracies]
    if not all(math.isfinite(end.low) for end in ends):
        return f"{said} The intervals are not all known."
    do = "overlap" if max(e.low for e in ends) <= min(e.high for e in ends) else "do not overlap"
    return f"{said} The intervals {do}."


def _shown(pick: pd.Series[Any]) -> str:
    column = _METHODS[str(pick["family"])]
    images, seeds = float(pick["num_test"]), int(pick["num_seeds"])
    accuracy = float(pick["test_accuracy"])
    ends = proportion_interval(accuracy * images, images)
    interval = " to ".join(format_percent(end, images) for end in ends)
    if not math.isfinite(ends.low):
        interval = "interval not known"
    if seeds > 1:
        interval = f"mean of {seeds} seeds"
    trained = pick["num_trained"]
    on = f", trained on {trained:,.0f} images" if pd.notna(trained) else ""
    text = format_cell("test_accuracy", accuracy, images * seeds)
    return (
        f"{label(column, pick[column])} of {pick['study']} with {text} % on test ({interval}{on})"
    )


def _why(picks: pd.DataFrame) -> str:
    """Return why no ResNet and SVM can be compared, as far as it is known."""
    if (picks["test_set"] == "").any():
        return "the test images are unknown, or differ from seed to seed"
    tested = [
        f"{pick['study']} on {float(pick['num_test']):,.0f}" for pick in picks.to_dict("records")
    ]
    return f"no ResNet and SVM were tested on the same images ({', '.join(tested)})"
