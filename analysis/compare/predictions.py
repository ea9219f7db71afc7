"""McNemar's test between rows of two studies that saved their test predictions."""

from __future__ import annotations

import pandas as pd

from analysis.compare.joined import Joined
from analysis.compare.pairs import Pairs, sides
from analysis.frames.columns import datasets_of_rows
from analysis.frames.saved_predictions import StudyRow, compare_predictions
from analysis.stats import McNemar, holm


def mcnemar_of_rows(joined: Joined, pairs: Pairs) -> pd.DataFrame:
    """Compare the pairs image by image where both rows saved predictions for the same test set.

    Returns:
        For every line of ``pairs``: ``only_a`` and ``only_b``, the test images that only one of
        the models gets right, ``p_value`` and ``p_adjusted`` (Holm, over all of them), and
        ``is_bound``, whether they are upper bounds because the labels were not saved. NaN where
        nothing can be compared.
    """
    rows = zip(*(_rows(joined, side, pairs) for side in ("a", "b")), strict=True)
    found = [{} if joined.seeds_differ else _numbers(compare_predictions(*pair)) for pair in rows]
    frame = pd.DataFrame(
        found, index=pairs.index, columns=["only_a", "only_b", "p_value", "is_bound"]
    )
    p_values = frame["p_value"].astype("float64").where(~pairs["repeats"])
    return frame.assign(p_adjusted=holm(p_values))


def _rows(joined: Joined, side: str, pairs: Pairs) -> list[StudyRow]:
    study = joined.studies[side]
    rows = sides(joined)["ab".index(side)].loc[pairs["line"]]
    datasets = datasets_of_rows(study).loc[joined.lines.loc[pairs["line"], side]]
    columns = zip(rows["config_id"], rows["seed"], datasets, strict=True)
    return [StudyRow(study, (str(i), int(seed)), dataset) for i, seed, dataset in columns]


def _numbers(result: McNemar | None) -> dict[str, float | bool]:
    if result is None:
        return {}
    return {
        "only_a": float(result.only_first),
        "only_b": float(result.only_second),
        "p_value": result.p_value,
        "is_bound": result.is_bound,
    }
