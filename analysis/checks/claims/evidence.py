"""The rows a claim is judged on: of a study, or of a published table.

Both become one frame with the same names, so that a claim is written once. What only one of them
knows (trials, conditions of timing, test images) is a column that may be missing, and missing is
taken for unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.frames.arithmetic import warning
from analysis.frames.columns import numbers, same_at_every_seed
from analysis.frames.labels import heading
from analysis.frames.load import FINISHED, Study
from analysis.frames.split import identity_of_test, varies
from analysis.frames.steady import steady_seconds
from analysis.labs.reference import ReferenceTable
from search_spaces.errors import did_you_mean

SETTINGS = (
    *("dataset", "model", "kernel", "C", "degree", "gamma", "num_train_images", "batch_size"),
    *("optimizer", "lr", "pin_memory", "epochs", "device"),
)
"""Columns of a published table that are settings; whatever else it has was measured."""
_TIMED = ("images_per_second",)
_IDENTITIES = ("run", "result", "first_run", "first_result")


@dataclass(frozen=True, eq=False)
class Evidence:
    """Rows, and what is known of how they came about.

    Attributes:
        name: the studies or tables the rows are from.
        kind: ``study`` or ``report``.
        rows: one line per result: settings, ``seed`` (studies), measurements, ``source`` (study or
            table), ``run`` (the training it was read from: two rows with the same ``run`` share
            it), ``result`` (two rows with the same ``result`` are one), ``family`` (``resnet``,
            ``svm``), ``num_train``, ``num_val`` and ``num_test`` images. Studies also have
            ``first_run`` and ``first_result`` (those of the first seed where the seed changes
            nothing but times, else its own), ``test_set`` (two rows with the same were tested on
            the same images; empty where that is not known) and ``predictions`` (the file).
        settings: the columns that make a configuration.
        caveats: what a reader must know of the rows, a clause each.
        flawed: why accuracies mean something else than stated; empty where nothing is known.
    """

    name: str
    kind: Literal["study", "report"]
    rows: pd.DataFrame
    settings: tuple[str, ...]
    caveats: tuple[str, ...] = ()
    flawed: str = ""

    def lacks(self, column: str) -> str:
        """Say that there is no such column; empty when there is."""
        if column in self.rows:
            return ""
        if column in SETTINGS:
            return f"no rows with {heading(column)}"
        return f"no column {column}{did_you_mean(column, map(str, self.rows.columns))}"

    def where(self, condition: Mapping[str, Any]) -> Evidence:
        """Return the evidence of the rows that meet a condition; a tuple allows several values."""
        keep = pd.Series(True, index=self.rows.index)
        for column, wanted in condition.items():
            values = wanted if isinstance(wanted, (tuple, list)) else (wanted,)
            found = self.rows[column] if column in self.rows else pd.Series(index=self.rows.index)
            keep &= found.isin(values)
        return replace(self, rows=self.rows[keep])

    def with_metric(self, metric: str) -> Evidence:
        """Return the evidence of the rows whose metric is finite; none where there is no metric.

        A solver that was stopped before it converged has an accuracy, but not the time of a fit. A
        repetition at another seed that nothing depends on is a measurement of time alone.
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

    ``train_seconds`` becomes ``steady_seconds`` where the row has more than one epoch. Rows that
    are not finished are counted in the caveats.
    """
    rows = study.rows[study.rows["status"].isin(FINISHED)].copy()
    original = rows["same_as"].where(rows["same_as"] != "", rows["config_id"])
    rows["source"] = study.name
    rows["run"] = study.name + "/" + rows["trial_id"].astype(str)
    rows["result"] = study.name + "/" + original + "/" + rows["seed"].astype(str)
    rows["family"] = str(study.meta["space"].get("trainable"))
    for split in ("train", "val", "test"):
        planned = rows["dataset"].map(_images(study, split)) if "dataset" in rows else np.nan
        column = f"num_{split}"
        recorded = "num_train_images" if split == "train" else column
        rows[column] = planned
        if recorded in rows:
            counted = pd.to_numeric(rows[recorded], errors="coerce")
            rows[column] = counted.fillna(pd.to_numeric(rows[column], errors="coerce"))
    rows = _with_predictions(_with_first_seeds(rows, study), study)
    if "train_seconds" in rows:
        rows["train_seconds"] = steady_seconds(rows, study.epochs).fillna(rows["train_seconds"])
    caveats = list(_size(rows))
    num_repeats = int((rows["result"] != rows["first_result"]).sum())
    if num_repeats:
        caveats.append(
            f"{num_repeats} rows repeat another seed's result, as the seed changes nothing there, "
            "and count once"
        )
    if varies(study.meta.get("data")):
        caveats.append("every seed has a split of its own")
    left_out = len(study.rows) - len(rows)
    if left_out:
        caveats.append(f"{left_out} of {len(study.rows)} rows have no result and are left out")
    if rows["seed"].nunique() == 1:
        caveats.append("one seed")
    if warning(study, rows):
        caveats.append("computed by launches of different arithmetic")
    return Evidence(study.name, "study", rows, study.config_keys, tuple(caveats))


def from_reference(tables: Sequence[ReferenceTable]) -> Evidence:
    """Return published tables as evidence: every row a training run of its own."""
    assert tables
    frames, flaws = [], []
    for table in tables:
        frame, protocol = table.frame.copy(), table.protocol
        frame["source"] = table.name
        frame["run"] = [f"{table.name}/{number}" for number in range(len(frame))]
        frame["result"] = frame["run"]
        frame["family"] = "svm" if "kernel" in frame else "resnet"
        images = protocol.num_images
        frame["num_train"] = protocol.num_train_images or (0.7 * images if images else np.nan)
        frame["num_test"] = protocol.num_test if protocol.num_test else np.nan
        frames.append(frame)
        if _not_whole(table):
            flaws.append(
                f"accuracies of {table.name} are no whole counts of its {protocol.num_test:,} "
                "test images"
            )
    rows = pd.concat(frames, ignore_index=True)
    settings = tuple(name for name in SETTINGS if name in rows)
    name = ", ".join(table.name for table in tables)
    return Evidence(name, "report", rows, settings, ("as printed",), "; ".join(flaws))


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
    )


def _union(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry for group in groups for entry in group))


def _with_first_seeds(rows: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Add the run and the result that each row is, or repeats at a seed that changes nothing."""
    same = same_at_every_seed(study)
    ids = rows["config_id"] + "/" + rows["milestone"].astype(str)
    repeated = rows["config_id"].isin(same)
    for name in ("run", "result"):
        first = rows.groupby(ids, sort=False)[name].transform("first")
        rows[f"first_{name}"] = first.where(repeated, rows[name])
    return rows


def _with_predictions(rows: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Add the files of test predictions and the identity of the images that they are of."""
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
    data = study.meta.get("data")
    datasets = data.get("datasets") if isinstance(data, dict) else None
    counts = {}
    for name, dataset in (datasets if isinstance(datasets, dict) else {}).items():
        count = dataset.get(f"num_{split}") if isinstance(dataset, dict) else None
        if isinstance(count, int) and not isinstance(count, bool) and count > 0:
            counts[str(name)] = float(count)
    return counts


def _size(rows: pd.DataFrame) -> list[str]:
    """Name the number of training images, which decides what a study can speak about."""
    sizes = sorted({int(n) for n in pd.to_numeric(rows["num_train"], errors="coerce").dropna()})
    if not sizes:
        return []
    shown = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    return [f"trained on {shown} images"]


def _not_whole(table: ReferenceTable) -> bool:
    """Return whether an accuracy is no whole count of the stated test images.

    The test of Brown & Heathers (2017) for means of whole numbers, where enough digits are printed.
    """
    printed, num_test = table.protocol.printed.get("test_accuracy"), table.protocol.num_test
    if printed is None or printed.decimals is None or not num_test:
        return False
    rounding = 0.5 * 10.0**-printed.decimals / (100 if printed.unit == "percent" else 1)
    counts = table.frame["test_accuracy"].to_numpy(dtype=float) * num_test
    allowed = rounding * num_test + 1e-6
    return bool(allowed < 0.25 and (np.abs(counts - np.round(counts)) > allowed).any())
