"""Honest tables that programs write: logs of epochs, searches, and their exports."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.checks.audit.columns import Options
from tests.checks.audit.writing import (
    LEVELS,
    Rng,
    accuracies,
    crossed,
    file_of,
    grid,
    lasting,
    printed,
    seconds,
    with_results,
)


def random_search(rng: Rng) -> tuple[str, Options]:
    return file_of(rng, with_results(rng, _draws(rng), 10_000)), Options({}, num_test=10_000)


def _draws(rng: Rng) -> pd.DataFrame:
    num = int(rng.integers(15, 60))
    return pd.DataFrame(
        {
            "Learning rate": 10 ** rng.uniform(-4, -1, num),
            "Depth": rng.choice([2, 4, 8], num),
            "Batch Size": rng.choice([32, 64], num),
        }
    )


def pruned_search(rng: Rng) -> tuple[str, Options]:
    """A search that stops bad trials early: times go with the epochs that were run."""
    frame = _draws(rng)
    frame["Epochs"] = rng.choice([1, 3, 9, 27], len(frame), p=[0.6, 0.25, 0.1, 0.05])
    return file_of(rng, with_results(rng, frame, 10_000)), Options({}, num_test=10_000)


def epochs(rng: Rng) -> tuple[str, Options]:
    """The epochs of some runs, one a row, with the time of each epoch or of all so far."""
    runs = grid(rng, 2, ["Optimizer", "LR"]) if rng.random() < 0.5 else grid(rng, 1, ["Optimizer"])
    num, most = 10_000, int(rng.choice([5, 20, 50]))
    frame = runs.merge(pd.DataFrame({"Epoch": range(1, most + 1)}), how="cross")
    best = np.repeat(accuracies(rng, runs, num), most)
    reached = best * (1 - 0.5 * np.exp(-frame["Epoch"].to_numpy() / 3))
    test = rng.binomial(num, reached) / num
    each = np.repeat(seconds(rng, runs), most) * rng.lognormal(0, 0.02, len(frame))
    so_far = pd.Series(each).groupby(np.arange(len(frame)) // most).cumsum().to_numpy()
    heading, time = [("Time (s)", each), ("time", each), ("Elapsed time (s)", so_far)][
        int(rng.integers(3))
    ]
    columns: dict[str, Any] = {"loss": printed(-np.log(reached), 4), "test_acc": printed(test, 4)}
    columns[heading] = printed(time, 2)
    return file_of(rng, frame.assign(**columns)), Options({}, num_test=num)


def steps(rng: Rng) -> tuple[str, Options]:
    """The time of one step, which grows with the batch."""
    frame = crossed(
        {"Model": LEVELS["Model"], "Batch Size": [16, 32, 64, 128], "AMP": ["on", "off"]}
    )
    time = frame["Batch Size"].to_numpy() ** rng.uniform(0.5, 1) * rng.lognormal(
        0, 0.05, len(frame)
    )
    columns = {"Time (ms)": printed(time, 2), "Memory": [f"{t:.1f}G" for t in time / 10]}
    return file_of(rng, frame.assign(**columns)), Options({})


def cv_results(rng: Rng) -> tuple[str, Options]:
    """What scikit-learn's ``GridSearchCV`` keeps, as a data frame."""
    plan = crossed({"param_C": [0.1, 1, 10], "param_kernel": ["rbf", "poly"]})
    base = accuracies(rng, plan, 30)
    scores = rng.binomial(30, base, (5, len(plan))) / 30
    fit, score = rng.lognormal(-5, 0.3, (2, len(plan)))
    frame = pd.DataFrame({"mean_fit_time": fit, "std_fit_time": fit / 9, "mean_score_time": score})
    frame = frame.join(plan).assign(params=[str(row) for row in plan.to_dict("records")])
    for i, split in enumerate(scores):
        frame[f"split{i}_test_score"] = split
    frame["mean_test_score"], frame["std_test_score"] = scores.mean(axis=0), scores.std(axis=0)
    frame["rank_test_score"] = frame["mean_test_score"].rank(ascending=False).astype(int)
    return frame.to_csv(), Options({}, num_test=30 if rng.random() < 0.5 else None)


def trials(rng: Rng) -> tuple[str, Options]:
    """What Optuna's ``trials_dataframe`` gives."""
    draws = _draws(rng)
    start = pd.Timestamp("2024-03-01 10:00:00") + pd.to_timedelta(
        range(0, 60 * len(draws), 60), "s"
    )
    lasted = pd.to_timedelta(np.round(rng.lognormal(3, 0.3, len(draws)), 6), "s")
    frame = pd.DataFrame({"number": range(len(draws)), "value": accuracies(rng, draws, 10_000)})
    frame = frame.assign(datetime_start=start, datetime_complete=start + lasted, duration=lasted)
    params = draws.add_prefix("params_").rename(columns=lambda name: name.replace(" ", "_"))
    return frame.join(params).assign(state="COMPLETE").to_csv(index=False), Options({})


def tune_results(rng: Rng) -> tuple[str, Options]:
    """What Ray Tune's ``get_dataframe`` gives."""
    draws = _draws(rng)
    iterations = rng.choice([1, 2, 4, 8], len(draws))
    each = rng.lognormal(2, 0.05, len(draws))
    frame = pd.DataFrame({"mean_accuracy": accuracies(rng, draws, 10_000)})
    frame["training_iteration"] = iterations
    frame["time_this_iter_s"], frame["time_total_s"] = each, each * iterations
    frame["trial_id"] = [f"{i:05x}_{i:05d}" for i in range(len(draws))]
    frame["done"], frame["pid"], frame["hostname"] = True, rng.integers(1000, 2000), "node"
    return frame.join(draws.add_prefix("config/")).to_csv(index=False), Options({})


def long_times(rng: Rng) -> tuple[str, Options]:
    frame = grid(rng)
    result = frame.assign(
        **{
            "Final accuracy": printed(accuracies(rng, frame, 10_000), 4),
            "Duration": lasting(seconds(rng, frame) * 20),
        }
    )
    return file_of(rng, result), Options({}, num_test=10_000)


SHAPES_OF_LOGS = (
    *(random_search, pruned_search, epochs, steps, cv_results, trials, tune_results, long_times),
)
