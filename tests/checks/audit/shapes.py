"""Honest tables of every shape, as files: what people write, with the noise that runs have.

Each function returns the text of a file and what its user would state about it.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.audit.columns import Options
from analysis.checks.audit.evidence import metrics_of

Rng = np.random.Generator
Shape = Callable[[Rng], tuple[str, Options]]
LEVELS: dict[str, list[Any]] = {
    "Model": ["ResNet-18", "ResNet-50", "VGG-11"],
    "Optimizer": ["SGD", "Adam"],
    "LR": [0.1, 0.01, 0.001],
    "Batch Size": [16, 32, 64],
    "Epochs": [5, 10],
    "Scheduler": ["none", "cosine"],
}


def grid(rng: Rng, most: int = 4, names: list[str] | None = None) -> pd.DataFrame:
    """Return a full grid of some settings, in a few rows to a few dozen."""
    chosen = names or list(rng.choice(list(LEVELS), int(rng.integers(2, most + 1)), replace=False))
    rows = list(product(*(LEVELS[name] for name in chosen)))
    return pd.DataFrame(rows, columns=chosen)


def accuracies(rng: Rng, frame: pd.DataFrame, num: int) -> NDArray[np.float64]:
    """Return an accuracy per row: effects of the settings, noise of the run, a whole count."""
    log = np.log(rng.choice([0.01, 0.03, 0.1, 0.3])) + rng.normal(0, 0.08, len(frame))
    for name in frame:
        effects = {level: rng.normal(0, 0.2) for level in frame[name].unique()}
        log += frame[name].map(effects).to_numpy(dtype=float)
    return 1 - rng.binomial(num, np.clip(np.exp(log), 0.002, 0.9)) / num


def seconds(rng: Rng, frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return a time per row: that of its work, and noise."""
    log = np.full(len(frame), np.log(rng.uniform(5, 500)))
    for name in set(frame) & {"Model", "Optimizer", "Device", "Method"}:
        effects = {level: rng.uniform(0, 1.2) for level in frame[name].unique()}
        log += frame[name].map(effects).to_numpy(dtype=float)
    if "Batch Size" in frame:
        log -= 0.6 * np.log(frame["Batch Size"].to_numpy(dtype=float) / 16)
    if "Epochs" in frame:
        log += np.log(frame["Epochs"].to_numpy(dtype=float))
    return np.exp(log + rng.normal(0, rng.choice([0.003, 0.02, 0.08]), len(frame)))


def printed(values: NDArray[np.float64], decimals: int, drop: bool = False) -> list[str]:
    """Return numbers as text, with or without the zeros at the end."""
    texts = [f"{value:.{decimals}f}" for value in values]
    return [str(float(text)) for text in texts] if drop else texts


def file_of(rng: Rng, frame: pd.DataFrame) -> str:
    """Return a table as CSV with commas, semicolons or tabs, as spreadsheets write it."""
    separator = str(rng.choice([",", ";", "\t"]))
    if separator == ";" and rng.random() < 0.5:
        frame = frame.map(lambda cell: str(cell).replace(".", ","))
    out = io.StringIO()
    frame.to_csv(out, sep=separator, index=False)
    return out.getvalue()


def _results(rng: Rng, frame: pd.DataFrame, num: int) -> pd.DataFrame:
    digits, drop = int(rng.choice([1, 2, 3, 4])), bool(rng.random() < 0.3)
    accuracy = printed(100 * accuracies(rng, frame, num), digits, drop)
    time = seconds(rng, frame)
    heading, scale, decimals = [
        ("Time (ms)", 1e3, 2),
        ("Train Time (s)", 1.0, 3),
        ("time (s)", 1.0, 0),
        ("Training time (min)", 1 / 60, 2),
    ][int(rng.integers(4))]
    if rng.random() < 0.5:
        frame = frame.rename(columns={"LR": "Learning rate", "Epochs": "# of Epochs"})
    return frame.assign(**{"Test Acc (%)": accuracy, heading: printed(time * scale, decimals)})


def full_grid(rng: Rng) -> tuple[str, Options]:
    num = int(rng.choice([160, 1000, 10_000, 14_000]))
    stated = num if rng.random() < 0.7 else None
    return file_of(rng, _results(rng, grid(rng), num)), Options({}, num_test=stated)


def lost_rows(rng: Rng) -> tuple[str, Options]:
    rows = grid(rng)
    kept = np.sort(rng.permutation(len(rows))[: max(4, int(0.8 * len(rows)))])
    return file_of(rng, _results(rng, rows.iloc[kept], 10_000)), Options({}, num_test=10_000)


def random_search(rng: Rng) -> tuple[str, Options]:
    num = int(rng.integers(15, 60))
    frame = pd.DataFrame(
        {
            "Learning rate": 10 ** rng.uniform(-4, -1, num),
            "Depth": rng.choice([2, 4, 8], num),
            "Batch Size": rng.choice([32, 64], num),
        }
    )
    return file_of(rng, _results(rng, frame, 10_000)), Options({}, num_test=10_000)


def drawn_from_a_grid(rng: Rng) -> tuple[str, Options]:
    """Random search with as many draws as the grid has settings: 37 % are not drawn."""
    rows = grid(rng)
    drawn = rows.iloc[rng.integers(0, len(rows), len(rows))]
    return file_of(rng, _results(rng, drawn.reset_index(drop=True), 10_000)), Options({})


def zoo(rng: Rng) -> tuple[str, Options]:
    num = int(rng.integers(8, 40))
    params, accuracy = rng.lognormal(3, 1, num), rng.uniform(60, 85, num)
    quoted = rng.random(num) < 0.3
    top1 = [f"{a:.1f}" if q else f"{a:.2f}" for a, q in zip(accuracy, quoted, strict=True)]
    frame = pd.DataFrame(
        {
            "Architecture": [f"net-{i}" for i in range(num)],
            "Top-1 Acc (%)": top1,
            "Top-5": printed(accuracy + (100 - accuracy) * 0.7, 2),
            "Params": [f"{p:.1f}M" for p in params],
            "GFLOPs": printed(params * rng.lognormal(-1.5, 0.4, num), 2),
            "Resolution": rng.choice([224, 299], num),
        }
    )
    return file_of(rng, frame), Options({}, num_test=50_000 if rng.random() < 0.5 else None)


def means(rng: Rng) -> tuple[str, Options]:
    frame = grid(rng)
    runs = np.stack([accuracies(rng, frame, 1000) for _ in range(int(rng.choice([3, 5, 7])))])
    cells = [
        f"{100 * m:.3f} ± {100 * s:.2f}" for m, s in zip(runs.mean(0), runs.std(0), strict=True)
    ]
    return file_of(rng, frame.assign(Accuracy=cells)), Options({}, num_test=1000)


def unstated_means(rng: Rng) -> tuple[str, Options]:
    """Means of three runs that say how many, to more digits than one run has."""
    frame = grid(rng)
    runs = np.stack([accuracies(rng, frame, 1000) for _ in range(3)])
    texts = printed(runs.mean(axis=0), 6)
    return file_of(rng, frame.assign(accuracy=texts)), Options({}, num_test=1000, runs=3)


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
        noise = rng.lognormal(0, 0.01, len(frame))
        tables.append(
            frame.assign(
                Epochs=limit,
                acc=printed(reached, 4),
                **{"time (s)": printed(each * ran * noise, 2)},
            )
        )
    return file_of(rng, pd.concat(tables)), Options({}, num_test=10_000)


def budgets(rng: Rng) -> tuple[str, Options]:
    frame = pd.DataFrame(
        list(product(["a", "b", "c", "d"], [60, 300, 3600])), columns=["Method", "Budget"]
    )
    over = rng.exponential(0.2, len(frame)) if rng.random() < 0.5 else np.zeros(len(frame))
    time = printed(frame["Budget"] + over, 2)
    result = frame.assign(accuracy=printed(accuracies(rng, frame, 2000), 4), Runtime=time)
    return file_of(rng, result), Options({}, num_test=2000)


def solvers(rng: Rng) -> tuple[str, Options]:
    """Deterministic methods: beyond some C, and between "scale" and "auto", nothing changes."""
    rows = list(product(["rbf", "poly"], ["scale", "auto"], [0.1, 1, 10, 100], ["mnist", "usps"]))
    frame = pd.DataFrame(rows, columns=["Kernel", "Gamma", "C", "Dataset"])
    base = frame.assign(C=frame["C"].clip(upper=rng.choice([1, 10])))[["Kernel", "C", "Dataset"]]
    unique = base.drop_duplicates()
    found = unique.assign(acc=printed(accuracies(rng, unique, 2000), 4))
    result = frame.assign(acc=base.merge(found, how="left")["acc"].to_numpy())
    result["fit time (s)"] = printed(rng.lognormal(1, 1.5, len(frame)), 2)
    return file_of(rng, result), Options({}, num_test=2000)


def confusions(rng: Rng) -> tuple[str, Options]:
    num = int(rng.integers(6, 30))
    positive, negative = rng.integers(50, 400, (2, num))
    tp, tn = rng.binomial(positive, 0.85), rng.binomial(negative, 0.9)
    fn, fp = positive - tp, negative - tn
    which = str(rng.choice(["positive", "macro", "weighted"]))
    columns: dict[str, Any] = {"Model": [f"m{i}" for i in range(num)]}
    columns |= {"TP": tp, "FP": fp, "FN": fn, "TN": tn}
    metrics = [
        metrics_of(np.array([[tn[i], fp[i]], [fn[i], tp[i]]], dtype=np.int64)) for i in range(num)
    ]
    suffix = "_weighted" if which == "weighted" else ""
    columns["Accuracy"] = printed(np.array([m["test_accuracy"] for m in metrics]), 3)
    for name in ("precision", "recall", "f1"):
        values = np.array([m[f"test_{name}{suffix}"] for m in metrics])
        if which == "positive":
            values = {"precision": tp / (tp + fp), "recall": tp / positive}.get(
                name, 2 * tp / (2 * tp + fp + fn)
            )
        columns[name.title()] = printed(values, 3)
    return file_of(rng, pd.DataFrame(columns)), Options({})


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
    return file_of(rng, _results(rng, frame, 14_000)), Options({}, compared=["device"])


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
    table = _results(rng, grid(rng), 10_000)
    again = table.iloc[rng.integers(0, len(table), 2)]
    return file_of(rng, pd.concat([table, again])), Options({}, num_test=10_000)


def suited(rng: Rng) -> tuple[str, Options]:
    """Each optimizer at its own usual rate, three seeds."""
    rows = [
        (o, r, m, s)
        for (o, r), m, s in product(
            [("sgd", 0.1), ("adam", 0.001), ("rmsprop", 0.0005)], LEVELS["Model"], (0, 1, 2)
        )
    ]
    frame = pd.DataFrame(rows, columns=["Optimizer", "LR", "Model", "Seed"])
    return file_of(rng, _results(rng, frame, 10_000)), Options({}, num_test=10_000)


def wide(rng: Rng) -> tuple[str, Options]:
    frame = grid(rng, 3, ["Optimizer", "LR", "Batch Size"])
    columns = {
        f"Acc {name} (%)": printed(100 * accuracies(rng, frame, 10_000), 2)
        for name in ("R18", "R50")
    }
    return file_of(rng, frame.assign(**columns)), Options({}, num_test=10_000)


SHAPES: dict[str, Shape] = {
    shape.__name__: shape
    for shape in (
        *(full_grid, lost_rows, random_search, drawn_from_a_grid, zoo, means, unstated_means),
        *(early_stopping, budgets, solvers, confusions, parts, devices, single_precision),
        *(rounded_twice, restarts, suited, wide),
    )
}
