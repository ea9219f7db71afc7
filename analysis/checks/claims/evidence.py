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

from analysis.frames.arithmetic import warning
from analysis.frames.columns import numbers, same_at_every_seed
from analysis.frames.labels import heading
from analysis.frames.load import FINISHED, Study
from analysis.frames.measures import Measure
from analysis.frames.meta import datasets_of
from analysis.frames.split import identity_of_test, varies
from analysis.frames.steady import steady_seconds
from analysis.frames.trial_frames import with_plain_text
from search_spaces.errors import did_you_mean, one_line
from tune_app.study.measures import Measures

SETTINGS = (
    *("dataset", "model", "kernel", "C", "degree", "gamma", "num_train_images", "batch_size"),
    *("optimizer", "lr", "pin_memory", "epochs", "device"),
)
"""Columns of a published table that are settings. Its other columns are measurements."""
_TIMED = ("images_per_second",)
_IDENTITIES = ("run", "result", "first_run", "first_result")


@dataclass(frozen=True, eq=False)
class Evidence:
    """Rows, and what is known about their origin.

    Attributes:
        name: the studies or tables the rows are from.
        kind: ``study`` or ``report``.
        rows: one line per result: settings, ``seed`` (studies), measurements, ``source`` (study or
            table), ``run`` (equal for rows that were read from the same training), ``result``
            (equal for rows that are the same result), ``family`` (``resnet``, ``svm``),
            ``num_train``, ``num_val`` and ``num_test`` images. Studies also have ``first_run`` and
            ``first_result`` (those of the first seed if the seed changes nothing but the times,
            else the row's own), ``test_set`` (equal for rows that were tested on the same images;
            empty if unknown) and ``predictions`` (the file).
        settings: the columns that make a configuration.
        caveats: what a reader must know about the rows, one clause each.
        flawed: why the accuracies are not what is stated; empty if no reason is known.
        measures: what the measurements mean: units and which are shares.
    """

    name: str
    kind: Literal["study", "report"]
    rows: pd.DataFrame
    settings: tuple[str, ...]
    caveats: tuple[str, ...] = ()
    flawed: str = ""
    measures: Measures = field(default_factory=Measures)

    def scale(self, metric: str) -> Measure:
        """Return what a measurement means, and how it and its differences are printed."""
        unit = one_line(self.measures.unit(metric))
        is_share = self.measures.is_share(metric, self.rows.get(metric, ()))
        unit = "%" if is_share else "" if unit == "%" else unit
        return Measure(metric, self.measures.split(metric), self.measures.better(metric), unit)

    def seeds_of(self, rows: pd.DataFrame) -> int:
        """Return the number of seeds of some rows; 0 if it is unknown, as in published tables."""
        return int(rows["seed"].nunique()) if "seed" in rows else 0

    def lacks(self, column: str) -> str:
        """Say that there is no such column; empty if there is one."""
        if column in self.rows:
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
        return replace(self, rows=self.rows[keep])

    def with_metric(self, metric: str) -> Evidence:
        """Return the evidence of the rows with a finite metric; no rows if there is no such metric.

        Rows of solvers that were stopped before they converged have an accuracy but no time of a
        complete fit. Rows that repeat another seed's result are new measurements of time only.
        """
        if metric not in self.rows:
            return replace(self, rows=self.rows[:0])
        finite = np.isfinite(numbers(self.rows, metric))
        if is_timed(metric) and "status" in self.rows:
            finite &= self.rows["status"] != "unconverged"
        rows = self.rows[finite]
        is_measured = metric not in self.settings and not is_timed(metric)
        if is_measured and "first_run" in rows:
            rows = rows.assign(run=rows["first_run"], result=rows["first_result"])
        return replace(self, rows=rows)

    def distinct(self) -> Evidence:
        """Return the evidence without rows that repeat another row's result."""
        return replace(self, rows=self.rows.drop_duplicates("result"))


def is_timed(metric: str) -> bool:
    """Return whether a metric depends on what else ran on the machine."""
    return metric.endswith("_seconds") or metric in _TIMED


def from_study(study: Study) -> Evidence:
    """Return a study's finished rows as evidence.

    ``train_seconds`` becomes ``steady_seconds`` if the row has more than one epoch.
    """
    rows = study.rows[study.rows["status"].isin(FINISHED)].copy()
    original = rows["same_as"].where(rows["same_as"] != "", rows["config_id"])
    rows["source"] = study.name
    rows["run"] = study.name + "/" + rows["trial_id"].astype(str)
    rows["result"] = study.name + "/" + original + "/" + rows["seed"].astype(str)
    rows["family"] = str(study.meta["space"].get("trainable"))
    rows = _with_sizes(rows, study)
    rows = _with_predictions(_with_first_seeds(rows, study), study)
    if "train_seconds" in rows:
        rows["train_seconds"] = steady_seconds(rows, study.epochs).fillna(rows["train_seconds"])
    rows = with_plain_text(rows)
    return Evidence(
        study.name,
        "study",
        rows,
        study.config_keys,
        tuple(_caveats(study, rows)),
        measures=Measures.of_study(study.meta),
    )


def _with_sizes(rows: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Add how many items each row was trained, validated and tested on, as it recorded them.

    What a row did not record is taken from the study's data.
    """
    for split in ("train", "val", "test"):
        column = f"num_{split}"
        planned = rows["dataset"].map(_images(study, split)) if "dataset" in rows else np.nan
        counted = rows.get("num_train_images" if split == "train" else column)
        rows[column] = planned
        if counted is not None:
            counted = pd.to_numeric(counted, errors="coerce")
            rows[column] = counted.fillna(pd.to_numeric(rows[column], errors="coerce"))
    return rows


def _caveats(study: Study, rows: pd.DataFrame) -> list[str]:
    """Return what a reader of a verdict on these rows has to know."""
    caveats = list(_training_size(rows))
    num_repeats = int((rows["result"] != rows["first_result"]).sum())
    if num_repeats:
        caveats.append(
            f"{num_repeats} rows repeat another seed's result because the seed changes nothing; "
            "such rows count once"
        )
    if varies(study.meta.get("data")):
        caveats.append("every seed has its own split")
    elif rows["seed"].nunique() > 1 and rows["num_test"].notna().any():
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
    """Add ``first_run`` and ``first_result``."""
    same = same_at_every_seed(study)
    ids = rows["config_id"] + "/" + rows["milestone"].astype(str)
    repeated = rows["config_id"].isin(same)
    for name in ("run", "result"):
        first = rows.groupby(ids, sort=False)[name].transform("first")
        rows[f"first_{name}"] = first.where(repeated, rows[name])
    return rows


def _with_predictions(rows: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Add ``predictions`` and ``test_set``."""
    data = study.meta.get("data")
    keys = list(zip(rows["config_id"].map(str), rows["seed"].map(int), strict=True))
    datasets = rows["dataset"] if "dataset" in rows else [""] * len(rows)
    test_sets = [
        identity_of_test(data, str(dataset), seed)
        for dataset, (_, seed) in zip(datasets, keys, strict=True)
    ]
    files = pd.Series([study.predictions_path(*key) for key in keys], rows.index, dtype=object)
    return rows.assign(predictions=files, test_set=test_sets)


def _images(study: Study, split: str) -> dict[str, float]:
    counts = {}
    for name, entry in datasets_of(study.meta.get("data")).items():
        count = entry.get(f"num_{split}")
        if isinstance(count, int) and not isinstance(count, bool) and count > 0:
            counts[name] = float(count)
    return counts


def _training_size(rows: pd.DataFrame) -> list[str]:
    """Return a caveat on the number of training images."""
    sizes = sorted({int(n) for n in pd.to_numeric(rows["num_train"], errors="coerce").dropna()})
    if not sizes:
        return []
    shown = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    return [f"trained on {shown} images"]
