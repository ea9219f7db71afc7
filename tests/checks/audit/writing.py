"""What honest tables are made of: plans, accuracies and times with their noise, and their print."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.checks.audit.columns import Options

Rng = np.random.Generator
Floats = NDArray[np.float64]
Shape = Callable[[Rng], tuple[str, Options]]
"""Returns the text of a file, and what its user would state about it."""
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
    return crossed({name: LEVELS[name] for name in chosen})


def crossed(levels: dict[str, list[Any]]) -> pd.DataFrame:
    """Return every combination of some levels, one a row."""
    return pd.DataFrame(list(product(*levels.values())), columns=list(levels))


def accuracies(rng: Rng, frame: pd.DataFrame, num: int) -> Floats:
    """Return an accuracy per row: effects of the settings, noise of the run, a whole count."""
    log = np.log(rng.choice([0.01, 0.03, 0.1, 0.3])) + rng.normal(0, 0.08, len(frame))
    for name in frame:
        effects = {level: rng.normal(0, 0.2) for level in frame[name].unique()}
        log += frame[name].map(effects).to_numpy(dtype=float)
    return 1 - rng.binomial(num, np.clip(np.exp(log), 0.002, 0.9)) / num


def seconds(rng: Rng, frame: pd.DataFrame) -> Floats:
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


def printed(values: Floats, decimals: int, drop: bool = False) -> list[str]:
    """Return numbers as text, with or without the zeros at the end."""
    texts = [f"{value:.{decimals}f}" for value in values]
    return [str(float(text)) for text in texts] if drop else texts


def cut(values: Floats, decimals: int) -> list[str]:
    """Return numbers as text whose further digits are cut off instead of rounded."""
    return printed(np.floor(values * 10**decimals + 1e-9) / 10**decimals, decimals)


def lasting(values: Floats) -> list[str]:
    """Return times as people write them: ``1h 02m 03s``."""
    whole = np.rint(values).astype(int)
    return [f"{v // 3600}h {v // 60 % 60:02d}m {v % 60:02d}s" for v in whole]


def with_results(rng: Rng, frame: pd.DataFrame, num: int) -> pd.DataFrame:
    """Return a plan with accuracies or errors and times, in one of the ways that people print."""
    fractions = accuracies(rng, frame, num)
    digits, drop = int(rng.choice([1, 2, 3, 4])), bool(rng.random() < 0.3)
    heading, cells = [
        ("Test Acc (%)", lambda: printed(100 * fractions, digits, drop)),
        ("Test Acc (%)", lambda: cut(100 * fractions, digits)),
        ("Test error (%)", lambda: printed(100 * (1 - fractions), digits)),
        ("accuracy", lambda: printed(fractions, digits + 1, drop)),
        ("top1", lambda: [f"{text}%" for text in printed(100 * fractions, digits)]),
        ("test_acc", lambda: [repr(float(value)) for value in fractions]),
    ][int(rng.integers(6))]
    time = seconds(rng, frame)
    timed, texts = [
        ("Time (ms)", lambda: printed(time * 1e3, 2)),
        ("Train Time (s)", lambda: printed(time, 3)),
        ("time (s)", lambda: printed(time, 0)),
        ("Training time (min)", lambda: printed(time / 60, 2)),
        ("Training time", lambda: lasting(time)),
    ][int(rng.integers(5))]
    if rng.random() < 0.5:
        frame = frame.rename(columns={"LR": "Learning rate", "Epochs": "# of Epochs"})
    return frame.assign(**{heading: cells(), timed: texts()})


def file_of(rng: Rng, frame: pd.DataFrame) -> str:
    """Return a table as CSV with commas, semicolons or tabs, as spreadsheets write it."""
    separator = str(rng.choice([",", ";", "\t"]))
    if separator == ";" and rng.random() < 0.5:
        frame = frame.map(lambda cell: str(cell).replace(".", ","))
    out = io.StringIO()
    frame.to_csv(out, sep=separator, index=False)
    return out.getvalue()
