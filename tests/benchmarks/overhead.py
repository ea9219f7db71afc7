"""What a trial costs beside its training: trials that do nothing, against stock ``ray.tune``.

Both run on a Ray that is up already; the clock starts when trials are handed to Tune, so the start
of the worker processes counts. Stock: ``tune.Tuner`` with its defaults and the same trainable.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.comparison import Measurement, compare, interleave, single

MOST_SECONDS = 10.0
LARGEST_GROWTH = 1.2
NUM_TRIALS, NUM_MANY = 128, 2_000
NUM_STOCK = 32
NUM_SEARCHED, MOST_MILLISECONDS = 1_000, 60.0


def run(num_rounds: int) -> Iterator[Measurement]:
    """Measure 128 trials against stock, and 2,000 of ours."""
    ours, stock = interleave(
        lambda: seconds("ours", NUM_TRIALS),
        lambda: seconds("stock", NUM_STOCK) * NUM_TRIALS / NUM_STOCK,
        num_rounds,
    )
    yield single("overhead", f"{NUM_TRIALS} no-op trials", "s", ours, target=MOST_SECONDS)
    yield compare(
        "overhead",
        f"{NUM_TRIALS} no-op trials, against stock ray.tune",
        "s",
        ours,
        stock,
        more_is_better=False,
        note=f"stock: {NUM_STOCK} trials measured, extrapolated in proportion",
    )
    many = seconds("ours", NUM_MANY)
    few = sorted(ours)[len(ours) // 2]
    growth = (many - few) / (NUM_MANY - NUM_TRIALS) / (few / NUM_TRIALS)
    yield single(
        "overhead",
        f"cost of a trial, the next {NUM_MANY - NUM_TRIALS:,} over the first {NUM_TRIALS}",
        "ratio",
        [growth],
        target=LARGEST_GROWTH,
        note=f"{NUM_MANY:,} no-op trials took {many:.0f} s",
    )
    yield from search()


def search() -> Iterator[Measurement]:
    """Measure a random search of 1,000 trials, and whether a trial costs the same at its end."""
    quarters, cpu = numbers("search", NUM_SEARCHED, "QUARTERS", "CPU_QUARTERS")
    name = f"a trial of a random search of {NUM_SEARCHED:,} no-op trials"
    cost = [1000 * sum(quarters) / NUM_SEARCHED]
    yield single("overhead", name, "ms", cost, target=MOST_MILLISECONDS)
    for what, found in (("cost", quarters), ("driver's CPU time", cpu)):
        yield single(
            "overhead",
            f"{what} of a trial, the last {NUM_SEARCHED // 4} of a search over the first",
            "ratio",
            [found[-1] / found[0]],
            target=LARGEST_GROWTH,
            note=f"{1000 * sum(found) / NUM_SEARCHED:.0f} ms a trial",
        )


def seconds(which: str, num_trials: int) -> float:
    """Run so many no-op trials in a process of its own and return what it measured."""
    return numbers(which, num_trials, "SECONDS")[0][0]


def numbers(which: str, num_trials: int, *words: str) -> list[list[float]]:
    """Run so many no-op trials in a process of its own; return the numbers after each word."""
    script = Path(__file__).with_name("noop_trials.py")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, str(script), which, str(num_trials), folder],
            capture_output=True,
            text=True,
            check=False,
        )
    found = [re.search(rf"^{word} (.+)$", done.stdout, re.MULTILINE) for word in words]
    assert done.returncode == 0 and all(found), done.stdout + done.stderr
    return [[float(number) for number in line[1].split()] for line in found if line]
