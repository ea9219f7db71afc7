"""What the runs of a lab study cost, in sentences: speed-up of a GPU, cost of kernels, its growth.

Every sentence is computed from a frame, and omitted if the frame has no data for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.frames.cells import counted, format_cell, format_seconds
from analysis.frames.columns import finished, varied
from analysis.frames.labels import label
from analysis.frames.load import FINISHED, Study
from analysis.frames.pairs import by_dataset
from analysis.frames.timing import conditions_differ
from analysis.frames.training_time import PROCESSOR, compared_time
from analysis.labs.device_arms import arms, device_data
from analysis.labs.growth import QUANTITIES, exponents_data, scaling_data
from analysis.sections.problems import statuses_in_words

_GROWTH = {
    "fit_seconds": "fit time",
    "predict_seconds": "predict time",
    "num_support_vectors": "support vectors",
}


def sentences(study: Study) -> list[str]:
    """Return the sentences on the costs of a study for which its rows have data."""
    return [*speedups(study), *_kernels(study), *_growth(study)]


def _where(names: dict[str, Any]) -> str:
    return f"{label('dataset', names['dataset'])}: " if names else ""


def speedups(study: Study) -> list[str]:
    """Return how often and by how much the GPU trained faster, in pairs timed alike."""
    if "device" not in study.factors:
        return []
    frame = device_data(study)
    if frame["speedup"].isna().all():
        return _unanswered(study)
    texts = []
    for names, group in by_dataset(frame[frame["speedup"].notna()]):
        ratios = group["speedup"]
        low, middle, high = (
            format_cell("speedup_vs_cpu", float(value))
            for value in (ratios.min(), ratios.median(), ratios.max())
        )
        spread = f"median speed-up {middle} ({low} to {high})"
        texts.append(
            f"{_where(names)}the GPU trained faster than the CPU in {int((ratios > 1).sum())} of "
            f"{counted(len(ratios), 'pair')} timed under the same conditions; "
            f"{spread if len(ratios) > 1 else f'speed-up {middle}'}."
        )
    return texts


def _unanswered(study: Study) -> list[str]:
    """Return a sentence on the arms without results, if there is no speed-up because of them."""
    rows, devices = study.rows, arms(study)
    if finished(study).empty:
        return []
    texts = []
    for arm in ("cpu", "cuda"):
        mine = rows[devices == arm]
        without = mine[~mine["status"].isin(FINISHED)]
        if len(without):
            of = counted(len(mine), f"{label('device', arm)} row")
            have = f"{'has' if len(mine) == 1 else 'have'} no result"
            texts.append(f"{len(without)} of {of} {have} ({statuses_in_words(without)})")
    return [f"CPU and GPU cannot be compared: {', '.join(texts)}."] if texts else []


def _kernels(study: Study) -> list[str]:
    """Return the cost of each kernel: the medians over its converged fits."""
    data = scaling_data(study)
    if "kernel" not in data or "num_train_images" in varied(study):
        return []
    texts = []
    for names, group in by_dataset(data):
        costs = [
            _cost(study, str(kernel), fits) for kernel, fits in group.groupby("kernel", sort=False)
        ]
        known = group[group["fit_seconds"].notna()]
        differ = conditions_differ(known, known) if len(known) else ""
        caution = f" These times are not comparable: {differ}." if differ else ""
        texts.append(f"{_where(names)}medians over the fits: {'; '.join(costs)}.{caution}")
    return texts


def _cost(study: Study, kernel: str, fits: pd.DataFrame) -> str:
    """Return ``rbf took 1.20 s to fit and 0.40 s to predict, with 51 support vectors (2 fits)``."""
    fit, predict, vectors = (float(fits[name].median()) for name in QUANTITIES)
    by_processor = compared_time(study) == PROCESSOR
    if by_processor:
        fit = float(fits[PROCESSOR].median())
    texts = [
        f"{format_seconds(seconds)} s {what}"
        for what, seconds in (
            ("of processor time to fit" if by_processor else "to fit", fit),
            ("of wall time to predict" if by_processor else "to predict", predict),
        )
        if np.isfinite(seconds)
    ]
    took = f"took {' and '.join(texts)}" if texts else "has no recorded times"
    kept = f", with {vectors:,.0f} support vectors" if np.isfinite(vectors) else ""
    return f"{label('kernel', kernel)} {took}{kept} ({counted(len(fits), 'fit')})"


def _growth(study: Study) -> list[str]:
    """Return the exponents with which cost grows with the number of training images."""
    if "num_train_images" not in varied(study):
        return []
    frame = exponents_data(study)
    by = [name for name in ("dataset", "kernel") if name in frame]
    texts = []
    for names, group in frame.groupby(by, sort=False, dropna=False) if by else [((), frame)]:
        powers = [
            # Adding zero makes -0.0 a zero.
            f"{_GROWTH[record['quantity']]} {round(record['exponent'], 2) + 0.0:.2f} "
            f"({counted(record['num_points'], 'fit')}"
            + (f", R² {record['r_squared']:.3f})" if np.isfinite(record["r_squared"]) else ")")
            for record in group.to_dict("records")
        ]
        if powers:
            of = ", ".join(label(key, name) for key, name in zip(by, names, strict=True))
            texts.append(
                f"{of + ': ' if of else ''}powers of the number of training images with which cost "
                f"grows: {'; '.join(powers)}."
            )
    return texts
