"""Honest tables that list methods: benchmarks, model zoos, small data sets, regression."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.checks.audit.columns import Options
from analysis.checks.audit.evidence import metrics_of
from tests.checks.audit.writing import Floats, Rng, accuracies, crossed, file_of, printed, seconds

_TASKS = {"CIFAR-10": 10_000, "SVHN": 26_032, "STL-10": 8000, "Flowers": 200, "Pets": 3669}
_CLASSIFIERS = ["Logistic Regression", "SVM (RBF)", "kNN", "Decision Tree", "Naive Bayes", "MLP"]


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


def benchmark(rng: Rng) -> tuple[str, Options]:
    """Methods in rows and tasks in columns, with a mean at the end; some numbers are quoted."""
    tasks = list(_TASKS)[: int(rng.integers(3, 6))]
    methods = pd.DataFrame({"Method": [f"method {i}" for i in range(int(rng.integers(4, 16)))]})
    digits = int(rng.choice([1, 2]))
    values = {task: 100 * accuracies(rng, methods, _TASKS[task]) for task in tasks}
    columns: dict[str, Any] = {task: printed(values[task], digits) for task in tasks}
    kind = str(rng.choice(["none", "plain", "by samples", "nearly equal"]))
    samples = np.array([_TASKS[task] for task in tasks])
    weights = {"by samples": samples, "nearly equal": rng.normal(1, 0.02, len(tasks))}
    if kind != "none":
        average = np.average(list(values.values()), axis=0, weights=weights.get(kind))
        columns["Avg."] = printed(average, digits)
    return file_of(rng, methods.assign(**columns)), Options({})


def benchmark_by_row(rng: Rng) -> tuple[str, Options]:
    """The same with a row per method and task, and the test images of each task."""
    heading = str(rng.choice(["Dataset", "Task", "Benchmark"]))
    methods = [f"m{i}" for i in range(int(rng.integers(5, 12)))]
    frame = crossed({"Method": methods, heading: list(_TASKS)})
    texts: list[str] = []
    by_task = {task: accuracies(rng, pd.DataFrame({"m": methods}), n) for task, n in _TASKS.items()}
    for row, task in enumerate(frame[heading]):
        texts += printed(by_task[task][row // len(_TASKS)][None] * 100, 3)
    result = frame.assign(**{"Test samples": frame[heading].map(_TASKS), "Accuracy (%)": texts})
    return file_of(rng, result), Options({})


def subjects(rng: Rng) -> tuple[str, Options]:
    """Models on many small tasks, each as hard as it is and with test questions of its own."""
    heading = str(rng.choice(["Subject", "Task", "Subset", "Category", "Language"]))
    models = [f"model-{i}" for i in range(int(rng.integers(2, 9)))]
    tasks = [f"task {i}" for i in range(int(rng.integers(4, 40)))]
    frame = crossed({"Model": models, heading: tasks})
    sizes = rng.choice([int(rng.integers(50, 5000)), 100, 164, 500, 2000], len(tasks))
    values = np.zeros((len(models), len(tasks)))
    for task, size in enumerate(sizes):
        values[:, task] = accuracies(rng, pd.DataFrame({"m": models}), int(size))
    texts = printed(100 * values.ravel(), int(rng.choice([1, 2, 3])))
    if rng.random() < 0.3:  # a column per model
        frame = pd.DataFrame({heading: tasks})
        columns = np.array(texts).reshape(len(models), -1)
        return file_of(rng, frame.assign(**dict(zip(models, columns, strict=True)))), Options({})
    counts = {"# Questions": np.tile(sizes, len(models))} if rng.random() < 0.4 else {}
    return file_of(rng, frame.assign(**counts, **{"Accuracy (%)": texts})), Options({})


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


def uneven_classes(rng: Rng) -> tuple[str, Options]:
    """Averages over classes of unlike size: F1 is often below precision and recall."""
    num, classes = int(rng.integers(3, 20)), int(rng.integers(2, 7))
    sizes = np.maximum(
        2, rng.multinomial(int(rng.integers(60, 3000)), rng.dirichlet([1] * classes))
    )
    averaging = str(rng.choice(["macro", "weighted"]))
    suffix = "_weighted" if averaging == "weighted" else ""
    rows = []
    for _ in range(num):
        right = rng.beta(6, 2, classes)
        spread = rng.dirichlet([0.5] * classes, classes)
        chances = np.eye(classes) * right[:, None] + spread * (1 - right[:, None])
        rows.append(metrics_of(rng.multinomial(sizes, chances / chances.sum(1, keepdims=True))))
    digits, percent = int(rng.choice([2, 3, 4])), bool(rng.random() < 0.5)
    columns: dict[str, Any] = {"Classifier": [f"c{i}" for i in range(num)]}
    for name in ("accuracy", "precision", "recall", "f1"):
        key = f"test_{name}" if name == "accuracy" else f"test_{name}{suffix}"
        found = np.array([row[key] for row in rows])
        columns[name.title()] = (
            printed(100 * found, digits - 1) if percent else printed(found, digits)
        )
    stated = averaging if rng.random() < 0.5 else None
    return file_of(rng, pd.DataFrame(columns)), Options(
        {}, num_test=int(sizes.sum()), averaging=stated
    )


def small_test_sets(rng: Rng) -> tuple[str, Options]:
    """Classical methods on few samples: many ties, and fits that take no time at all."""
    sizes = {"iris": 30, "wine": 36, "breast cancer": 114, "digits": 360}
    chosen = list(sizes)[: int(rng.integers(1, 5))]
    frame = crossed({"Classifier": _CLASSIFIERS, "Dataset": chosen, "Scaled": ["yes", "no"]})
    values = np.zeros(len(frame))
    for name in chosen:
        rows = frame["Dataset"].eq(name).to_numpy()
        values[rows] = accuracies(rng, frame.loc[rows, ["Classifier", "Scaled"]], sizes[name])
    time = rng.lognormal(-5, 1.5, len(frame))
    if rng.random() < 0.5:  # a clock that ticks 64 times a second
        time = np.floor(time * 64 + rng.random(len(frame))) / 64
    columns = {
        "Accuracy": printed(values, int(rng.choice([2, 4]))),
        "Fit time (s)": printed(time, int(rng.choice([2, 4, 6]))),
    }
    one = sizes[chosen[0]] if len(chosen) == 1 else None
    return file_of(rng, frame.assign(**columns)), Options({}, num_test=one)


def regression(rng: Rng) -> tuple[str, Options]:
    """Measures without an accuracy, and times."""
    frame = crossed({"Model": ["Ridge", "Lasso", "GBM", "MLP"], "Features": [5, 10, 20]})
    error = rng.lognormal(1, 0.5, len(frame))
    columns: dict[str, Any] = {"MAE": printed(error * 0.8, 3), "RMSE": printed(error, 3)}
    columns["R2"] = printed(1 - error / error.max() * 1.1, 3)
    columns["Training time (s)"] = printed(seconds(rng, frame), 2)
    return file_of(rng, frame.assign(**columns)), Options({})


def folds(rng: Rng) -> tuple[str, Options]:
    """Means over folds of cross-validation, of unlike sizes."""
    num = int(rng.integers(4, 16))
    values = rng.uniform(0.6, 0.99, num)
    cells = [
        f"{v:.4f} (+/- {s:.3f})" for v, s in zip(values, rng.uniform(0, 0.05, num), strict=True)
    ]
    frame = pd.DataFrame({"Estimator": [f"e{i}" for i in range(num)], "CV accuracy": cells})
    return file_of(rng, frame), Options({}, num_test=150)


def evaluations(rng: Rng) -> tuple[str, Options]:
    """The same weights on several devices: one accuracy, and the time of one pass."""
    models = [f"net-{i}" for i in range(int(rng.integers(3, 10)))]
    frame = crossed({"Model": models, "Device": ["CPU", "GPU"]})
    by_model = dict(
        zip(models, _unit(accuracies(rng, pd.DataFrame({"m": models}), 10_000)), strict=True)
    )
    heading = str(rng.choice(["Time (ms)", "Inference time (ms)", "Latency (ms)"]))
    time = printed(seconds(rng, frame), 2)
    result = frame.assign(**{"Accuracy (%)": frame["Model"].map(by_model), heading: time})
    return file_of(rng, result), Options({}, num_test=10_000)


def _unit(values: Floats) -> list[str]:
    return printed(100 * values, 2)


SHAPES_OF_LISTS = (
    *(zoo, benchmark, benchmark_by_row, subjects, confusions, uneven_classes, small_test_sets),
    *(regression, folds, evaluations),
)
