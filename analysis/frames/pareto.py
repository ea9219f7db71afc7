"""The configurations of a study with several objectives that no other one beats in all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.frames.columns import numbers, same_at_every_seed
from analysis.frames.load import Study
from analysis.frames.pairs import by_dataset
from analysis.frames.seeds import over_seeds
from analysis.frames.selection import is_candidate
from analysis.frames.summary import candidates, compared
from analysis.stats.pareto import hypervolume, on_front
from tune_app.study.objective import Objective
from tune_app.study.trials import FINISHED

Shares = tuple[float, ...]


@dataclass(frozen=True)
class Front:
    """The Pareto front of one data set.

    Attributes:
        dataset: the data set, or None.
        frame: the configurations on the front, the best of the first objective first: as
            ``over_seeds`` returns them.
        num_candidates: configurations with a value of every objective, at the most seeds.
        num_left_out: configurations with a result but without such values, which are not compared.
        shares: the hypervolume after each configuration, in the order in which they were tried, as
            a share of the box from the best to the worst values of all; empty if it has no volume.
    """

    dataset: object
    frame: pd.DataFrame
    num_candidates: int
    num_left_out: int
    shares: Shares


def several_objectives(study: Study) -> tuple[Objective, ...]:
    """Return the objectives of a study if there are several, else none."""
    objectives = Objective.all_of_study(study.meta)
    return objectives if len(objectives) > 1 else ()


def fronts(study: Study) -> list[Front]:
    """Return the front of each data set; none if the study has one objective.

    Values are means over the seeds. As with a pick, a configuration that diverged at a seed is left
    out, a row counts if it has a value of every objective, and only configurations with such rows
    at the most seeds are compared: the mean of the other seeds would be too good.
    """
    objectives = several_objectives(study)
    return [
        _front(dataset, rows, _costs(rows, objectives), num_left_out)
        for dataset, rows, num_left_out in _compared(study, objectives)
    ]


def on_any_front(study: Study) -> frozenset[str]:
    """Return the config_ids that may lie on the front of the objective and a cost.

    They are those that are compared for the front of several objectives, or for the pick by one,
    and those that repeat their results.
    """
    objectives = several_objectives(study)
    fair = {str(one) for _, rows, _ in _compared(study, objectives) for one in rows["config_id"]}
    fair = fair or {*compared(study)}
    return frozenset({*fair, *study.rows.loc[study.rows["same_as"].isin(fair), "config_id"]})


def _compared(
    study: Study, objectives: tuple[Objective, ...]
) -> list[tuple[object, pd.DataFrame, int]]:
    """Return the configurations of each data set that are compared, and how many others are not."""
    rows = candidates(study)
    if not objectives or rows.empty or not {o.metric for o in objectives} <= {*rows}:
        return []
    diverged = rows.loc[rows["status"] == "diverged", "config_id"]
    with_result = rows[rows["status"].isin(FINISHED)]
    usable = with_result[~with_result["config_id"].isin(diverged)]
    whole = pd.Series(np.isfinite(_costs(usable, objectives)).all(axis=1), usable.index)
    joined = over_seeds(usable[whole], [objective.metric for objective in objectives])
    of_dataset = {names.get("dataset"): group for names, group in by_dataset(with_result)}
    found = []
    for names, group in by_dataset(joined):
        dataset = names.get("dataset")
        mine = group[is_candidate(group, same_at_every_seed(study))]
        num_left_out = of_dataset[dataset]["config_id"].nunique() - len(mine)
        found.append((None if pd.isna(dataset) else dataset, mine, num_left_out))
    return found


def _costs(rows: pd.DataFrame, objectives: tuple[Objective, ...]) -> NDArray[np.float64]:
    """Return the objectives, (configurations, objectives), such that smaller is better.

    Only twelve digits count, as in ``rank``: the last ones of a mean are rounding.
    """
    columns = [
        [float(f"{v:.12g}") * (1 if o.mode == "min" else -1) for v in numbers(rows, o.metric)]
        for o in objectives
    ]
    return np.stack(columns, axis=1)


def _front(
    dataset: object, rows: pd.DataFrame, costs: NDArray[np.float64], num_left_out: int
) -> Front:
    best, worst = costs.min(axis=0), costs.max(axis=0)
    box = float(np.prod(worst - best))
    kept = rows[on_front(costs)]
    order = np.argsort(costs[on_front(costs)][:, 0], kind="stable")
    return Front(dataset, kept.iloc[order], len(rows), num_left_out, _shares(costs, worst, box))


def _shares(
    costs: NDArray[np.float64], worst: NDArray[np.float64], box: float
) -> tuple[float, ...]:
    """Return the shares of the box that the first 1 … n points dominate."""
    if box <= 0:
        return ()
    shares: list[float] = []
    front = costs[:0]
    for point in costs:
        if (front <= point).all(axis=1).any():  # it adds nothing
            shares.append(shares[-1])
            continue
        front = np.vstack([front[~(point <= front).all(axis=1)], point])
        shares.append(hypervolume(front, worst) / box)
    return tuple(shares)
