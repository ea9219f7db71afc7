"""The rows that a claim is judged on: of a study, or of a published table.

Both become a frame with the same column names, so the same claim can be judged on both. Columns
that only a study has (trials, conditions of timing, test images) may be missing, which means
unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.checks.claims.origin import (
    FIRST_RESULT,
    FIRST_RUN,
    NUM_TEST,
    NUM_TRAIN,
    RESULT,
    RUN,
    SOURCE,
    num_of,
)
from analysis.checks.claims.splits import num_images, with_predictions
from analysis.frames.arithmetic import warning
from analysis.frames.cells import counted
from analysis.frames.columns import numbers, without_chance
from analysis.frames.labels import heading
from analysis.frames.load import FINISHED, Study
from analysis.frames.measures import Measure
from analysis.frames.split import varies
from analysis.frames.steady import steady_seconds
from analysis.frames.timing import TAKEN_FROM
from analysis.frames.training_time import compared_time
from analysis.frames.trial_frames import with_plain_text
from search_spaces.errors import did_you_mean, one_line
from tune_app.study.measures import Measures

SETTINGS = (
    *("dataset", "model", "kernel", "C", "degree", "gamma", "num_train_images", "batch_size"),
    *("optimizer", "lr", "pin_memory", "epochs", "device"),
)
"""Columns of a published table that are settings. Its other columns are measurements."""
_TIMED = ("images_per_second",)
_IDENTITIES = (SOURCE, RUN, RESULT, FIRST_RUN, FIRST_RESULT)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Rows, and what is known about their origin.

    Attributes:
        name: the studies or tables the rows are from.
        kind: ``study`` or ``report``.
        rows: one line per result: settings, ``seed`` (studies), measurements, ``family``
            (``resnet``, ``svm``, unless a study has a column of its own with this name), and
            where each row is from, in the columns of ``analysis.checks.claims.origin``.
        settings: the columns that make a configuration.
        caveats: what a reader must know about the rows, one clause each.
        flawed: why the accuracies are not what is stated; empty if no reason is known.
        measures: what the measurements mean: units and which are shares.
        whole: the rows before some were chosen, which tell what is a share; None if ``rows`` are.
    """

    name: str
    kind: Literal["study", "report"]
    rows: pd.DataFrame
    settings: tuple[str, ...]
    caveats: tuple[str, ...] = ()
    flawed: str = ""
    measures: Measures = field(default_factory=Measures)
    whole: pd.DataFrame | None = None

    def scale(self, metric: str) -> Measure:
        """Return what a measurement means, and how it and its differences are printed."""
        unit = one_line(self.measures.unit(metric))
        rows = self.rows if self.whole is None else self.whole
        is_share = self.measures.is_share(metric, rows.get(metric, ()))
        unit = "%" if is_share else "" if unit == "%" else unit
        return Measure(metric, self.measures.split(metric), self.measures.better(metric), unit)

    def lacks(self, *columns: str) -> str:
        """Say that there is no such column; empty if there are all."""
        column = next((column for column in columns if column not in self.rows), None)
        if column is None:
            return ""
        if column in SETTINGS:
            return f"no rows with {heading(column)}"
        return f"no column {column}{did_you_mean(column, map(str, self.rows.columns))}"

    def where(self, condition: Mapping[str, Any]) -> Evidence:
        """Return the evidence of the rows that meet a condition; a tuple allows several values."""
        if not condition:
            return self
        keep = pd.Series(True, index=self.rows.index)
        for column, wanted in condition.items():
            values = wanted if isinstance(wanted, (tuple, list)) else (wanted,)
            found = self.rows[column] if column in self.rows else pd.Series(index=self.rows.index)
            keep &= found.isin(values)
        return self._of(self.rows[keep])

    def with_metric(self, metric: str) -> Evidence:
        """Return the evidence of the rows with a finite metric; no rows if there is no such metric.

        Rows of solvers that were stopped before they converged have an accuracy but no time of a
        complete fit. Rows that repeat another seed's result are new measurements of time only.
        """
        if metric not in self.rows:
            return self._of(self.rows[:0])
        finite = np.isfinite(numbers(self.rows, metric))
        if is_timed(metric) and "status" in self.rows:
            finite &= self.rows["status"] != "unconverged"
        rows = self.rows[finite]
        is_measured = metric not in self.settings and not is_timed(metric)
        if is_measured and FIRST_RUN in rows:
            rows = rows.assign(**{RUN: rows[FIRST_RUN], RESULT: rows[FIRST_RESULT]})
        return self._of(rows)

    def distinct(self) -> Evidence:
        """Return the evidence without rows that repeat another row's result."""
        return self._of(self.rows.drop_duplicates(RESULT))

    def _of(self, rows: pd.DataFrame) -> Evidence:
        """Return the evidence of some of its rows."""
        return replace(self, rows=rows, whole=self.rows if self.whole is None else self.whole)


def is_timed(metric: str) -> bool:
    """Return whether a metric depends on what else ran on the machine."""
    return metric.endswith("_seconds") or metric in _TIMED


def from_study(study: Study) -> Evidence:
    """Return a study's finished rows as evidence.

    ``train_seconds`` becomes the time by which trainings are compared, without the warm-up if the
    row has more than one epoch.
    """
    rows = study.rows[study.rows["status"].isin(FINISHED)].copy()
    original = rows["same_as"].where(rows["same_as"] != "", rows["config_id"])
    rows[SOURCE] = study.name
    rows[RUN] = study.name + "/" + rows["trial_id"].astype(str)
    rows[RESULT] = study.name + "/" + original + "/" + rows["seed"].astype(str)
    if "family" not in rows:
        rows["family"] = str(study.meta["space"].get("trainable"))
    for split in ("train", "val", "test"):
        rows[num_of(split)] = num_images(study, rows, split)
    rows = with_predictions(_with_first_seeds(rows, study), study)
    if "train_seconds" in rows:
        time = compared_time(study)
        rows["train_seconds"] = steady_seconds(rows, study.epochs, time).fillna(rows[time])
        rows[TAKEN_FROM] = time
    rows = with_plain_text(rows)
    return Evidence(
        study.name,
        "study",
        rows,
        study.config_keys,
        tuple(_caveats(study, rows)),
        measures=Measures.of_study(study.meta),
    )


def _caveats(study: Study, rows: pd.DataFrame) -> list[str]:
    """Return what a reader of a verdict on these rows has to know."""
    caveats = list(_training_size(rows))
    num_repeats = int((rows[RESULT] != rows[FIRST_RESULT]).sum())
    if num_repeats:
        caveats.append(
            f"{counted(num_repeats, 'row')} {'repeats' if num_repeats == 1 else 'repeat'} another "
            "seed's result because the seed changes nothing; such rows count once"
        )
    if varies(study.meta.get("data")):
        caveats.append("every seed has its own split")
    elif rows["seed"].nunique() > 1 and rows[NUM_TEST].notna().any():
        caveats.append("the same test images at every seed")
    left_out = len(study.rows) - len(rows)
    if left_out:
        caveats.append(f"{left_out} of {len(study.rows)} rows have no result and are left out")
    if rows["seed"].nunique() == 1:
        caveats.append("one seed")
    if warning(study, rows):
        caveats.append("rows were computed with different arithmetic")
    return caveats


def pooled(parts: Sequence[Evidence]) -> Evidence:
    """Return several studies as one body of evidence."""
    assert parts
    rows = []
    for number, part in enumerate(parts):
        # Two studies may have the same name, and their trials the same keys.
        names = [name for name in _IDENTITIES if name in part.rows]
        marks = {name: f"{number}/" + part.rows[name] for name in names}
        rows.append(part.rows.assign(**marks))
    return Evidence(
        name=", ".join(dict.fromkeys(part.name for part in parts)),
        kind=parts[0].kind,
        rows=pd.concat(rows, ignore_index=True),
        settings=_union(part.settings for part in parts),
        caveats=_union(part.caveats for part in parts),
        flawed="; ".join(filter(None, _union([part.flawed] for part in parts))),
        measures=parts[0].measures,
    )


def _union(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry for group in groups for entry in group))


def _with_first_seeds(rows: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Add ``FIRST_RUN`` and ``FIRST_RESULT``."""
    same = without_chance(study)
    ids = rows["config_id"] + "/" + rows["milestone"].astype(str)
    repeated = rows["config_id"].isin(same)
    for own, of_first in ((RUN, FIRST_RUN), (RESULT, FIRST_RESULT)):
        first = rows.groupby(ids, sort=False)[own].transform("first")
        rows[of_first] = first.where(repeated, rows[own])
    return rows


def _training_size(rows: pd.DataFrame) -> list[str]:
    """Return a caveat on the number of training images."""
    sizes = sorted({int(n) for n in rows[NUM_TRAIN].dropna()})
    if not sizes:
        return []
    shown = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    return [f"trained on {shown} images"]
