"""Honest tables of experiments that somebody planned: grids, seeds, recipes, restarts."""

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
    printed,
    seconds,
    with_results,
)


def full_grid(rng: Rng) -> tuple[str, Options]:
    num = int(rng.choice([160, 1000, 10_000, 14_000]))
    stated = num if rng.random() < 0.7 else None
    return file_of(rng, with_results(rng, grid(rng), num)), Options({}, num_test=stated)


def lost_rows(rng: Rng) -> tuple[str, Options]:
    rows = grid(rng)
    kept = np.sort(rng.permutation(len(rows))[: max(4, int(0.8 * len(rows)))])
    return file_of(rng, with_results(rng, rows.iloc[kept], 10_000)), Options({}, num_test=10_000)


def drawn_from_a_grid(rng: Rng) -> tuple[str, Options]:
    """Random search with as many draws as the grid has settings: 37 % are not drawn."""
    rows = grid(rng)
    drawn = rows.iloc[rng.integers(0, len(rows), len(rows))]
    return file_of(rng, with_results(rng, drawn.reset_index(drop=True), 10_000)), Options({})


def means(rng: Rng) -> tuple[str, Options]:
    frame = grid(rng)
    runs = np.stack([accuracies(rng, frame, 1000) for _ in range(int(rng.choice([3, 5, 7])))])
    cells = [
        f"{100 * m:.3f} ± {100 * s:.2f}" for m, s in zip(runs.mean(0), runs.std(0), strict=True)
    ]
    return file_of(rng, frame.assign(Accuracy=cells)), Options({}, num_test=1000)


def means_of_three(rng: Rng) -> tuple[str, Options]:
    """Means of three runs, as the user states, to more digits than one run has."""
    frame = grid(rng)
    runs = np.stack([accuracies(rng, frame, 1000) for _ in range(3)])
    texts = printed(runs.mean(axis=0), 6)
    return file_of(rng, frame.assign(accuracy=texts)), Options({}, num_test=1000, runs=3)


def unstated_means(rng: Rng) -> tuple[str, Options]:
    """Means of several runs; neither the table nor its user says so."""
    frame, num = grid(rng), int(rng.choice([200, 1000, 10_000]))
    runs = np.stack([accuracies(rng, frame, num) for _ in range(int(rng.integers(2, 11)))])
    texts = printed(runs.mean(axis=0), int(rng.choice([3, 4, 6])))
    return file_of(rng, frame.assign(accuracy=texts)), Options({}, num_test=num)


def early_stopping(rng: Rng) -> tuple[str, Options]:
    """The best epoch of a run is that of a longer run too, and time ends with the run."""
    frame = grid(rng, 3, ["Optimizer", "LR", "Batch Size"])
    stops = rng.integers(4, 30, len(frame))
    tables = []
    accuracy, each = accuracies(rng, frame, 10_000), seconds(rng, frame)
    worse = rng.binomial(10_000, 0.005, len(frame)) / 10_000
    for limit in (10, 20, 40):
        ran = np.minimum(stops, limit)
        reached = np.where(ran < stops, accuracy - worse * (stops - ran) / stops, accuracy)
        time = printed(each * ran * rng.lognormal(0, 0.01, len(frame)), 2)
        columns = {"Epochs": limit, "acc": printed(reached, 4), "time (s)": time}
        tables.append(frame.assign(**columns))
    return file_of(rng, pd.concat(tables)), Options({}, num_test=10_000)


def budgets(rng: Rng) -> tuple[str, Options]:
    frame = crossed({"Method": ["a", "b", "c", "d"], "Budget": [60, 300, 3600]})
    over = rng.exponential(0.2, len(frame)) if rng.random() < 0.5 else np.zeros(len(frame))
    time = printed(frame["Budget"].to_numpy() + over, 2)
    result = frame.assign(accuracy=printed(accuracies(rng, frame, 2000), 4), Runtime=time)
    return file_of(rng, result), Options({}, num_test=2000)


def solvers(rng: Rng) -> tuple[str, Options]:
    """Deterministic methods: beyond some C, and between "scale" and "auto", nothing changes."""
    frame = crossed(
        {
            "Kernel": ["rbf", "poly"],
            "Gamma": ["scale", "auto"],
            "C": [0.1, 1, 10, 100],
            "Dataset": ["mnist", "usps"],
        }
    )
    base = frame.assign(C=frame["C"].clip(upper=rng.choice([1, 10])))[["Kernel", "C", "Dataset"]]
    unique = base.drop_duplicates()
    found = unique.assign(acc=printed(accuracies(rng, unique, 2000), 4))
    result = frame.assign(acc=base.merge(found, how="left")["acc"].to_numpy())
    result["fit time (s)"] = printed(rng.lognormal(1, 1.5, len(frame)), 2)
    return file_of(rng, result), Options({}, num_test=2000)


def parts(rng: Rng) -> tuple[str, Options]:
    frame = grid(rng)
    times = np.outer([0.1, 0.3, 0.6], seconds(rng, frame))
    names = ["Load (s)", "Forward (s)", "Backward (s)"]
    columns = {name: printed(values, 2) for name, values in zip(names, times, strict=True)}
    columns["Total time (s)"] = printed(times.sum(axis=0), 2)
    acc = printed(accuracies(rng, frame, 10_000), 4)
    return file_of(rng, frame.assign(Acc=acc, **columns)), Options({}, num_test=10_000)


def devices(rng: Rng) -> tuple[str, Options]:
    one = grid(rng, 2, ["Model", "Optimizer"])
    frame = pd.concat([one.assign(Device=device) for device in ("CPU", "GPU")])
    frame = frame.reset_index(drop=True)
    return file_of(rng, with_results(rng, frame, 14_000)), Options({}, compared=["device"])


def single_precision(rng: Rng) -> tuple[str, Options]:
    frame = grid(rng)
    values = accuracies(rng, frame, 14_000).astype(np.float32)
    texts = [str(float(v)) for v in values] if rng.random() < 0.5 else [str(v) for v in values]
    return file_of(rng, frame.assign(test_acc=texts)), Options({}, num_test=14_000)


def rounded_twice(rng: Rng) -> tuple[str, Options]:
    frame = grid(rng)
    values = np.round(accuracies(rng, frame, 199), 4)
    texts = printed(np.floor(values * 1000 + 0.5 + 1e-9) / 1000, 3)
    return file_of(rng, frame.assign(Accuracy=texts)), Options({}, num_test=199)


def restarts(rng: Rng) -> tuple[str, Options]:
    table = with_results(rng, grid(rng), 10_000)
    again = table.iloc[rng.integers(0, len(table), 2)]
    return file_of(rng, pd.concat([table, again])), Options({}, num_test=10_000)


def suited(rng: Rng) -> tuple[str, Options]:
    """Each optimizer at its own usual rate, three seeds."""
    chosen = {"sgd": 0.1, "adam": 0.001, "rmsprop": 0.0005}
    frame = crossed({"Optimizer": list(chosen), "Model": LEVELS["Model"], "Seed": [0, 1, 2]})
    frame.insert(1, "LR", frame["Optimizer"].map(chosen))
    return file_of(rng, with_results(rng, frame, 10_000)), Options({}, num_test=10_000)


def recipes(rng: Rng) -> tuple[str, Options]:
    """Recipes of training, each with its own rate, decay, batch and epochs, for several models."""
    names = ["Recipe", "LR", "Weight Decay", "Batch Size", "Epochs"]
    recipe = pd.DataFrame([["v1", 0.1, 1e-4, 256, 90], ["v2", 0.5, 2e-5, 1024, 600]], columns=names)
    recipe = recipe[names[int(rng.integers(2)) :]]
    models = pd.DataFrame({"Model": [f"net-{i}" for i in range(int(rng.integers(4, 12)))]})
    frame = models.merge(recipe, how="cross")
    return file_of(rng, with_results(rng, frame, 50_000)), Options({}, num_test=50_000)


def wide(rng: Rng) -> tuple[str, Options]:
    frame = grid(rng, 3, ["Optimizer", "LR", "Batch Size"])
    columns = {
        f"Acc {name} (%)": printed(100 * accuracies(rng, frame, 10_000), 2)
        for name in ("R18", "R50")
    }
    return file_of(rng, frame.assign(**columns)), Options({}, num_test=10_000)


def seeds_as_columns(rng: Rng) -> tuple[str, Options]:
    """A column for each seed, often with the mean and the spread beside them."""
    frame, num = grid(rng), int(rng.choice([500, 10_000]))
    base = accuracies(rng, frame, num)
    seeds = int(rng.integers(2, 6))
    runs = 1 - rng.binomial(num, np.clip(1 - base, 0.001, 1), (seeds, len(frame))) / num
    pattern = str(rng.choice(["seed {}", "Run {}", "Acc seed {}", "seed{}"]))
    columns = {pattern.format(i): printed(100 * runs[i], 2) for i in range(seeds)}
    if rng.random() < 0.7:
        columns["Mean"] = printed(100 * runs.mean(axis=0), int(rng.choice([2, 3])))
        columns["Std"] = printed(100 * runs.std(axis=0), 2)
    return file_of(rng, frame.assign(**columns)), Options({}, num_test=num)


def summary_row(rng: Rng) -> tuple[str, Options]:
    """A last row with the mean of those above it, as spreadsheets have."""
    frame = with_results(rng, grid(rng), 10_000)
    numbers = frame[frame.columns[-2]].str.rstrip("%").astype(float)
    last: dict[str, Any] = dict.fromkeys(frame.columns, "")
    last[frame.columns[0]] = str(rng.choice(["Mean", "Average", "Avg.", "**Mean**", "Total avg"]))
    last[frame.columns[-2]] = f"{numbers.mean():.5f}"
    return file_of(rng, pd.concat([frame, pd.DataFrame([last])])), Options({}, num_test=10_000)


def inert(rng: Rng) -> tuple[str, Options]:
    """Momentum does nothing with Adam, so runs of one seed are the same to the last digit."""
    levels = {"Optimizer": ["SGD", "Adam"], "Momentum": [0, 0.9], "LR": LEVELS["LR"]}
    frame = crossed({**levels, "Batch Size": [32, 64]})
    result = with_results(rng, frame, 10_000)
    column = next(c for c in result if c not in {*frame, "Learning rate"})
    first = result["Optimizer"].eq("Adam") & result["Momentum"].eq(0)
    second = result["Optimizer"].eq("Adam") & result["Momentum"].eq(0.9)
    result.loc[second, column] = result.loc[first, column].to_numpy()
    return file_of(rng, result), Options({}, num_test=10_000)


def collapsed(rng: Rng) -> tuple[str, Options]:
    """Some runs learn nothing and answer with the largest class."""
    frame, num = grid(rng), int(rng.choice([614, 2000, 10_000]))
    values = accuracies(rng, frame, num)
    largest = rng.binomial(num, rng.uniform(0.1, 0.8)) / num
    lost = rng.random(len(frame)) < rng.uniform(0, 0.6)
    texts = printed(100 * np.where(lost, largest, np.maximum(values, largest)), 2)
    return file_of(rng, frame.assign(**{"Val acc": texts})), Options({}, num_test=num)


def one_digit(rng: Rng) -> tuple[str, Options]:
    frame, num = grid(rng), int(rng.choice([150, 2000, 10_000]))
    values = accuracies(rng, frame, num)
    texts = printed(100 * values, 1) if rng.random() < 0.5 else printed(values, 2)
    time = printed(seconds(rng, frame) / 3600, 1)
    result = frame.assign(**{"Accuracy": texts, "GPU hours": time})
    return file_of(rng, result), Options({}, num_test=num if rng.random() < 0.7 else None)


SHAPES_OF_GRIDS = (
    *(full_grid, lost_rows, drawn_from_a_grid, means, means_of_three, unstated_means),
    *(early_stopping, budgets, solvers, parts, devices, single_precision, rounded_twice),
    *(restarts, suited, recipes, wide, seeds_as_columns, summary_row, inert, collapsed, one_digit),
)
