"""The images that the rows of a study were trained and tested on."""

from __future__ import annotations

import pandas as pd

from analysis.checks.claims.origin import PREDICTIONS, TEST_SET
from analysis.frames.columns import datasets_of_rows, numbers
from analysis.frames.load import Study
from analysis.frames.meta import datasets_of
from analysis.frames.split import identity_of_test


def with_predictions(rows: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Add ``PREDICTIONS`` and ``TEST_SET``."""
    data = study.meta.get("data")
    keys = list(zip(rows["config_id"].map(str), rows["seed"].map(int), strict=True))
    datasets = datasets_of_rows(study)[rows.index]
    test_sets = [
        identity_of_test(data, str(dataset), seed)
        for dataset, (_, seed) in zip(datasets, keys, strict=True)
    ]
    files = pd.Series([study.predictions_path(*key) for key in keys], rows.index, dtype=object)
    rows[PREDICTIONS], rows[TEST_SET] = files, test_sets
    return rows


def num_images(study: Study, rows: pd.DataFrame, split: str) -> pd.Series[float]:
    """Return the images of a split as the rows report them, else as the study planned them."""
    counts = datasets_of_rows(study)[rows.index].map(_planned_images(study, split)).astype(float)
    # A parameter of the same name is a user's, and what he means by it is unknown.
    reported = "num_train_images" if split == "train" else f"num_{split}"
    if split == "train" or reported not in study.config_keys:
        counts = numbers(rows, reported).fillna(counts)
    return counts


def _planned_images(study: Study, split: str) -> dict[str, float]:
    counts = {}
    for name, entry in datasets_of(study.meta.get("data")).items():
        count = entry.get(f"num_{split}")
        if isinstance(count, int) and not isinstance(count, bool) and count > 0:
            counts[name] = float(count)
    return counts
