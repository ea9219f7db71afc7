"""Audit a study directory: its rows as a table, and its further files as evidence.

A study keeps the confusion matrix and the test predictions of every row. With them its metrics can
be recomputed, its test sets compared, and copies told from coincidences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import prod
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.audit import RULES, Rule, audit_table
from analysis.checks.audit.evidence import (
    Classes,
    Counts,
    Evidence,
    copies,
    recomputed,
    reported_digit,
    same_test_images,
)
from analysis.checks.audit.finding import Audit, Finding, NotApplicableError
from analysis.checks.audit.overlap import check_images
from analysis.checks.audit.sizes import is_count
from analysis.checks.audit.table import STEADY, Table
from analysis.frames.columns import numbers, repeats
from analysis.frames.load import FINISHED, Study, load_study
from analysis.frames.measures import is_share_in
from analysis.frames.rows import TIMED_ON
from analysis.frames.saved_predictions import read_predictions
from analysis.frames.steady import steady_seconds
from analysis.frames.training_time import compared_time
from analysis.labs.reference import Protocol
from search_spaces.errors import UserError
from tune_app.study.measures import is_share

_FOR_TYPED_NUMBERS = ("altered_copy", "coarser_digits", "round_times")
"""Rules on printed digits: a study's numbers were recorded, not typed."""
_CLOCK_DIGIT = 1e-6
_MOST_NAMED = 5
_MOST_IMAGES = 1e9


def audit_study(study: Study | str | Path, data: Path | None = None) -> Audit:
    """Audit a study.

    Args:
        study: a loaded study, or its directory.
        data: a folder with the images the study was made from, to draw its split again and look
            for test images that equal training images; None to skip that.

    Raises:
        UserError: the directory is not a study, or ``data`` lacks its images.
    """
    study = study if isinstance(study, Study) else load_study(study)
    rows = _rows(study)
    predictions, unreadable = _predictions(study, rows)
    table = study_table(study, rows)
    table = replace(table, remarks=(*table.remarks, *unreadable))
    evidence = Evidence(
        trials=[str(trial) for trial in rows["trial_id"]],
        matrices=_matrices(study, rows),
        predictions=predictions,
    )

    def images(table: Table) -> list[Finding]:
        if data is None:
            raise NotApplicableError("it needs the images; name their folder with --data")
        return check_images(table, study.meta.get("data"), data, evidence)

    rules: dict[str, Rule] = {
        "recomputed": partial(recomputed, evidence=evidence, is_own=study.is_own),
        "same_test_images": partial(same_test_images, evidence=evidence),
        "copies": partial(copies, evidence=evidence),
        "overlap": images,
    }
    recorded = {name: rule for name, rule in RULES.items() if name not in _FOR_TYPED_NUMBERS}
    return audit_table(table, rules=recorded | rules)


def study_table(study: Study, rows: pd.DataFrame | None = None) -> Table:
    """Return the finished rows of a study as a table, without rows that repeat a result."""
    kept = _rows(study) if rows is None else rows
    remarks = _remarks(study, kept)
    if TIMED_ON in kept:
        kept = kept.drop(columns=[c for c in kept if str(c).endswith("_seconds")])
        remarks = (*remarks, "times of different processors, left out")
    # A user's own percentages, from 0 to 100, are no shares, as which the rules would take them.
    own = [c for c in study.metric_keys if study.is_own and is_share(c)]
    kept = kept.drop(columns=[c for c in own if not is_share_in(study, c)])
    if "train_seconds" in kept:
        time = compared_time(study)
        steady = steady_seconds(kept, study.epochs, time)
        kept = kept.assign(**{"train_seconds": numbers(kept, time), STEADY: steady})
    settings = [s for s in study.config_keys if s in kept and (s != "device" or _devices(kept) > 1)]
    settings += ["seed"] if "seed" not in settings else []
    measured = [
        c for c in study.metric_keys if c in kept and pd.api.types.is_numeric_dtype(kept[c])
    ]
    num_test = _num_test(kept)
    unit = _digits(kept, measured, num_test)
    if "test_accuracy" not in kept:
        kept = kept.assign(test_accuracy=np.nan)
    varying = [s for s in settings if kept[s].astype(str).nunique() > 1]
    complete = prod(int(kept[s].astype(str).nunique()) for s in varying) == len(kept)
    return Table(
        name=study.name,
        frame=kept,
        unit=unit,
        settings=tuple(settings),
        num_test=num_test,
        protocol=Protocol(selection="test" if study.metric.startswith("test_") else "val"),
        compared=tuple(f for f in study.factors if f in varying) if complete else (),
        remarks=remarks,
        names=tuple(
            f"{config_id} at seed {seed}"
            for config_id, seed in zip(kept["config_id"], kept["seed"], strict=True)
        ),
    )


def _digits(
    rows: pd.DataFrame, measured: Sequence[str], num_test: NDArray[np.float64]
) -> pd.DataFrame:
    """Return the last digit of each measured value that the rules look at."""
    unit = pd.DataFrame(0.0, index=rows.index, columns=[*measured])
    for column in measured:
        if column.endswith("_seconds"):
            unit[column] = _CLOCK_DIGIT
    unit["test_accuracy"] = _accuracy_digit(rows, num_test) if "test_accuracy" in rows else 0.0
    return unit[
        [c for c in unit if str(c).startswith(("test_", "val_", "train_")) and "loss" not in str(c)]
    ]


def _rows(study: Study) -> pd.DataFrame:
    done = study.rows["status"].isin(FINISHED) & (study.rows["same_as"] == "") & ~repeats(study)
    return study.rows[done].reset_index(drop=True)


def _devices(rows: pd.DataFrame) -> int:
    return int(rows["device"].nunique())


def _num_test(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return the numbers of test images; NaN if a number is missing or impossible."""
    stated = numbers(rows, "num_test").to_numpy()
    return np.where((stated >= 1) & (stated <= _MOST_IMAGES), stated, np.nan)


def _accuracy_digit(rows: pd.DataFrame, num_test: NDArray[np.float64]) -> float:
    """Return the last digit of the test accuracies; 0 if most of them are exact."""
    values = np.asarray(numbers(rows, "test_accuracy"), dtype=np.float64)
    exact = is_count(values, np.zeros(len(values)), num_test) | ~np.isfinite(values + num_test)
    return 0.0 if exact.mean() > 0.5 else reported_digit(values)


def _remarks(study: Study, kept: pd.DataFrame) -> tuple[str, ...]:
    without = int((~study.rows["status"].isin(FINISHED)).sum())
    num_repeats = len(study.rows) - without - len(kept)
    remarks = []
    if without:
        remarks.append(f"rows without a result, left out: {without}")
    if num_repeats:
        remarks.append(f"rows that repeat another's result, left out: {num_repeats}")
    return tuple(remarks)


def _matrices(study: Study, rows: pd.DataFrame) -> list[Counts | None]:
    keys = zip(rows["config_id"], rows["seed"], strict=True)
    matrices = [study.confusion_matrix(str(config_id), int(seed)) for config_id, seed in keys]
    return [m if m is not None and m.size and m.min() >= 0 else None for m in matrices]


def _predictions(study: Study, rows: pd.DataFrame) -> tuple[list[Classes | None], tuple[str, ...]]:
    """Return the predictions of each row, None if unknown, and remarks on unreadable files."""
    found: list[Classes | None] = []
    unreadable: dict[str, None] = {}
    for config_id, seed in zip(rows["config_id"], rows["seed"], strict=True):
        path = study.predictions_path(str(config_id), int(seed))
        try:
            found.append(None if path is None else read_predictions(path)["predictions"])
        except UserError as error:
            found.append(None)
            unreadable[str(error)] = None
    remarks = list(unreadable)[:_MOST_NAMED]
    if len(unreadable) > _MOST_NAMED:
        remarks.append(
            f"and {len(unreadable) - _MOST_NAMED} more files without readable predictions"
        )
    return found, tuple(remarks)
