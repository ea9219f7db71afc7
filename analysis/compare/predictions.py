"""McNemar's test between rows of two studies that saved their test predictions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.compare.joined import Joined
from analysis.compare.pairs import Pairs, sides
from analysis.frames.columns import datasets_of_rows
from analysis.frames.load import Study
from analysis.frames.saved_predictions import load_predictions, mcnemar_of, num_correct_of
from analysis.frames.split import identity_of_test
from analysis.stats import McNemar, holm
from search_spaces.errors import UserError


class _Row(NamedTuple):
    study: Study
    key: tuple[str, int]
    dataset: object


def mcnemar_of_rows(joined: Joined, pairs: Pairs) -> pd.DataFrame:
    """Compare the pairs image by image where both rows saved predictions for the same test set.

    Returns:
        For every line of ``pairs``: ``only_a`` and ``only_b``, the test images that only one of
        the models gets right, ``p_value`` and ``p_adjusted`` (Holm, over all of them), and
        ``is_bound``, whether they are upper bounds because the labels were not saved. NaN where
        nothing can be compared.
    """
    rows = zip(*(_rows(joined, side, pairs) for side in ("a", "b")), strict=True)
    found = [{} if joined.seeds_differ else _numbers(_mcnemar(one, two)) for one, two in rows]
    frame = pd.DataFrame(
        found, index=pairs.index, columns=["only_a", "only_b", "p_value", "is_bound"]
    )
    p_values = frame["p_value"].astype("float64").where(~pairs["repeats"])
    return frame.assign(p_adjusted=holm(p_values))


def _rows(joined: Joined, side: str, pairs: Pairs) -> list[_Row]:
    study = joined.studies[side]
    rows = sides(joined)["ab".index(side)].loc[pairs["line"]]
    datasets = datasets_of_rows(study).loc[joined.lines.loc[pairs["line"], side]]
    columns = zip(rows["config_id"], rows["seed"], datasets, strict=True)
    return [_Row(study, (str(i), int(seed)), dataset) for i, seed, dataset in columns]


def _numbers(result: McNemar | None) -> dict[str, float | bool]:
    if result is None:
        return {}
    return {
        "only_a": float(result.only_first),
        "only_b": float(result.only_second),
        "p_value": result.p_value,
        "is_bound": result.is_bound,
    }


def _mcnemar(first: _Row, second: _Row) -> McNemar | None:
    if not all(row.study.predictions_path(*row.key) for row in (first, second)):
        return None
    try:
        one, two = (load_predictions(row.study, row.key) for row in (first, second))
    except UserError:  # damaged; the report of the study names the file
        return None
    num_images = len(one["predictions"])
    labels = [arrays["labels"] for arrays in (one, two) if "labels" in arrays]
    if len(two["predictions"]) != num_images or not _same_images(first, second, labels):
        return None
    num_correct = [num_correct_of(row.study, row.key, num_images) for row in (first, second)]
    return mcnemar_of((one, two), num_correct)


def _same_images(first: _Row, second: _Row, labels: list[Any]) -> bool:
    """Return whether two rows are known to have the same test images."""
    identities = {
        identity_of_test(row.study.meta["data"], str(row.dataset), row.key[1])
        for row in (first, second)
    }
    if len(labels) == 2 and not np.array_equal(labels[0], labels[1]):
        return False
    return len(identities) == 1 and (identities != {""} or len(labels) == 2)
