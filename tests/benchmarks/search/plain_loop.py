"""``FOLDER REPEAT``: random configurations in a loop, two at a time, each trained to its end."""

from __future__ import annotations

import multiprocessing
import sys
from typing import Any

import numpy as np

from tests.benchmarks.search.arms import MANY_TRIALS
from tests.benchmarks.search.problem import DOMAINS, Training


def draw(rng: np.random.Generator) -> dict[str, Any]:
    """Return a random configuration."""
    config: dict[str, Any] = {}
    for name, (kind, *rest) in DOMAINS.items():
        if kind == "choice":
            config[name] = int(rng.choice(rest[0]))
        elif kind == "uniform":
            config[name] = rng.uniform(*rest)
        else:
            config[name] = float(np.exp(rng.uniform(*np.log(rest))))
            config[name] = int(config[name]) if kind == "lograndint" else config[name]
    return config


def work(config: dict[str, Any]) -> None:
    """Train a configuration to its end."""
    for _ in Training(config).epochs():
        pass


def main(repeat: int) -> None:
    rng = np.random.default_rng(repeat)
    configs = [{**draw(rng), "seed": repeat} for _ in range(MANY_TRIALS)]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for _ in pool.imap_unordered(work, configs):
            pass


if __name__ == "__main__":
    main(int(sys.argv[2]))
