"""Planted: numbers of a row that do not fit each other, or the test images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.checks.audit.columns import Options
from analysis.checks.audit.evidence import metrics_of
from tests.checks.audit.planting import ACC, NUM_TEST, plant, small_grid
from tests.checks.audit.writing import Rng, accuracies, crossed, file_of, printed, seconds

for _wrong in (1, 4):

    @plant(f"parts do not add to their total in {_wrong} of 32 rows", "parts_and_total")
    def parts(rng: Rng, wrong: int = _wrong) -> tuple[str, Options]:
        frame = small_grid()
        time = np.outer([0.1, 0.3, 0.6], seconds(rng, frame))
        total = time.sum(axis=0)
        total[rng.permutation(len(total))[:wrong]] *= 1.1
        columns = {
            f"{n} (s)": printed(t, 2)
            for n, t in zip(("Load", "Forward", "Backward"), time, strict=True)
        }
        columns |= {
            "Total time (s)": printed(total, 2),
            "acc": printed(accuracies(rng, frame, 10_000), 4),
        }
        return file_of(rng, frame.assign(**columns)), Options({})

    @plant(f"the mean of {_wrong} of 10 rows is not that of its columns", "mean_of_columns")
    def mean(rng: Rng, wrong: int = _wrong) -> tuple[str, Options]:
        methods = pd.DataFrame({"Method": [f"m{i}" for i in range(10)]})
        tasks = {task: 100 * accuracies(rng, methods, 3000) for task in ("A1", "B2", "C3", "D4")}
        average = np.mean(list(tasks.values()), axis=0)
        average[rng.permutation(10)[:wrong]] += rng.choice([-1.0, 1.0], wrong)
        columns = {task: printed(values, 1) for task, values in tasks.items()}
        return file_of(rng, methods.assign(**columns, Avg=printed(average, 1))), Options({})


for _split, _stated, _of in (
    (70_000, 14_000, "all images"),
    (12_000, 10_000, "another test set"),
    (125, 124, "one image more"),
):

    @plant(f"accuracies of {_split:,} images where {_stated:,} are stated ({_of})", "whole_counts")
    def other_size(rng: Rng, size: int = _split, stated: int = _stated) -> tuple[str, Options]:
        frame = small_grid()
        texts = printed(100 * accuracies(rng, frame, size), 1 if size < 1000 else 4)
        is_all = size == 70_000  # a multiple of those stated: means of five runs unless denied
        return file_of(rng, frame.assign(**{ACC: texts})), Options(
            {},
            num_test=stated,
            num_images=size if is_all else None,
            runs=1 if is_all else None,
        )


for _images, _digits in ((1000, 2), (150, 1)):

    @plant(
        f"accuracies are made up, to {_digits} decimals of percent, of {_images:,} images",
        "whole_counts",
    )
    def made_up(rng: Rng, images: int = _images, digits: int = _digits) -> tuple[str, Options]:
        frame = small_grid()
        texts = printed(100 * accuracies(rng, frame, 1_000_003), digits)
        return file_of(rng, frame.assign(**{ACC: texts})), Options({}, num_test=images, runs=1)


def _metrics(rng: Rng, num: int) -> list[dict[str, float]]:
    right = rng.uniform(0.75, 0.95, (num, 4, 1))
    chances = np.eye(4) * right + rng.dirichlet([1] * 4, (num, 4)) * (1 - right)
    sizes = np.array([900, 400, 250, 150])
    return [metrics_of(rng.multinomial(sizes, c / c.sum(1, keepdims=True))) for c in chances]


def _with_metrics(rng: Rng, names: dict[str, str]) -> tuple[str, Options]:
    rows = _metrics(rng, 16)
    columns: dict[str, Any] = {"Classifier": [f"c{i}" for i in range(16)]}
    for heading, name in names.items():
        columns[heading] = printed(np.array([row[f"test_{name}"] for row in rows]), 4)
    return file_of(rng, pd.DataFrame(columns)), Options({}, averaging="weighted")


@plant("weighted recall is headed F1, F1 precision and precision recall", "averages")
def mixed_up(rng: Rng) -> tuple[str, Options]:
    names = {"Accuracy": "accuracy", "Precision": "f1_weighted", "Recall": "precision_weighted"}
    return _with_metrics(rng, {**names, "F1": "recall_weighted"})


@plant("weighted precision and recall are exchanged", "averages")
def exchanged(rng: Rng) -> tuple[str, Options]:
    names = {"Accuracy": "accuracy", "Precision": "recall_weighted", "Recall": "precision_weighted"}
    return _with_metrics(rng, {**names, "F1": "f1_weighted"})


@plant("F1 of one row of 16 is 0.05 too high", "averages")
def too_high(rng: Rng) -> tuple[str, Options]:
    rows = _metrics(rng, 16)
    f1 = np.array([row["test_f1"] for row in rows])
    f1[int(rng.integers(16))] += 0.05
    columns: dict[str, Any] = {"Classifier": [f"c{i}" for i in range(16)]}
    for heading, name in (
        ("Accuracy", "accuracy"),
        ("Precision", "precision"),
        ("Recall", "recall"),
    ):
        columns[heading] = printed(np.array([row[f"test_{name}"] for row in rows]), 3)
    return file_of(rng, pd.DataFrame({**columns, "F1": printed(f1, 3)})), Options({})


for _how in (
    "false positives and negatives are exchanged",
    "precision of one row of 16 is 0.02 off",
):

    @plant(f"beside a confusion matrix: {_how}", "confusion")
    def contradicting(rng: Rng, how: str = _how) -> tuple[str, Options]:
        positive, negative = rng.integers(50, 400, (2, 16))
        tp, tn = rng.binomial(positive, 0.85), rng.binomial(negative, 0.9)
        fn, fp = positive - tp, negative - tn
        precision = tp / (tp + fp)
        if how.startswith("precision"):
            precision[int(rng.integers(16))] += 0.02
        else:
            fn, fp = fp, fn
        columns = {"Model": [f"m{i}" for i in range(16)], "TP": tp, "FP": fp, "FN": fn, "TN": tn}
        columns |= {"Precision": printed(precision, 3), "Recall": printed(tp / positive, 3)}
        columns["Accuracy"] = printed((tp + tn) / (positive + negative), 3)
        f1 = 2 * tp / (2 * tp + fp + fn)
        return file_of(rng, pd.DataFrame({**columns, "F1": printed(f1, 3)})), Options({})


@plant("accuracies above anything the method has reached", "ceiling")
def above(rng: Rng) -> tuple[str, Options]:
    frame = crossed({"Dataset": ["FashionMNIST"], "Kernel": ["rbf", "poly"], "C": [1, 10, 100]})
    values = 1 - rng.binomial(NUM_TEST, 0.06, len(frame)) / NUM_TEST
    return file_of(rng, frame.assign(acc=printed(values, 4))), Options({}, num_test=NUM_TEST)
