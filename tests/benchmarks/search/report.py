"""``python -m tests.benchmarks search-report``: writes the tables and the figure of a page."""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from analysis.render.drawings import to_svg
from analysis.stats.intervals import mean_interval
from tests.benchmarks.search.arms import ARMS
from tests.benchmarks.search.command import RESULTS, read_runs
from tests.benchmarks.search.curves import race_chart
from tests.benchmarks.search.problem import NUM_TRAIN

Run = dict[str, Any]
PAGE = Path(__file__).parents[3] / "docs" / "searches_compared.md"
BEGIN = "<!-- made by python -m tests.benchmarks search-report -->\n"
END = "<!-- end of what it made -->\n"
GRID, OURS = "grid", "asha_tpe"
WITHIN = 0.01
"""How near to the grid's best validation the target is: a standard error of 1,000 images."""
HEADINGS = {
    "results": (
        "best validation",
        "test of the pick",
        "minus the grid's pick, points",
        "epochs to target",
        "CPU s to target",
        "time to target ÷ ASHA + TPE",
    ),
    "costs": (
        "trials",
        "to the end",
        "epochs trained twice",
        "CPU s until both cores train",
        "other CPU s per epoch",
        "wall time of an epoch ÷ ASHA + TPE",
    ),
}


class Runs:
    """The runs of one size: arm -> repeat -> what was measured of it."""

    def __init__(self, runs: Iterable[Run], images: int) -> None:
        self.by_arm: dict[str, dict[int, Run]] = {name: {} for name in ARMS}
        for run in runs:
            if run["images"] == images:
                self.by_arm[run["arm"]].setdefault(run["repeat"], run)
        self.by_arm = {name: found for name, found in self.by_arm.items() if found}

    def values(self, arm: str, measure: Callable[[Run], float | None]) -> list[float]:
        """Return a measure of the arm's repeats, without those that do not have it."""
        found = (measure(run) for run in self.by_arm[arm].values())
        return [value for value in found if value is not None]

    def pairs(self, arm: str, other: str) -> list[tuple[Run, Run]]:
        """Return the runs of two arms in the same repeats."""
        others = self.by_arm.get(other, {})
        return [(run, others[k]) for k, run in self.by_arm[arm].items() if k in others]

    def reach(self, run: Run) -> list[float] | None:
        """Return the step at which a run reached the target of its repeat, or None."""
        grid = self.by_arm.get(GRID, {}).get(run["repeat"])
        if grid is None:
            return None
        target = grid["steps"][-1][3] - WITHIN
        return next((step for step in run["steps"] if step[3] >= target - 1e-9), None)


def results_row(runs: Runs, arm: str) -> list[str]:
    """Return what an arm found, and how soon."""
    reached = [step for run in runs.by_arm[arm].values() if (step := runs.reach(run))]
    differences = [
        100 * (mine["pick"]["test_accuracy"] - grid["pick"]["test_accuracy"])
        for mine, grid in runs.pairs(arm, GRID)
    ]
    ratios = []
    for mine, ours in runs.pairs(arm, OURS):
        steps = runs.reach(mine), runs.reach(ours)
        if steps[0] and steps[1]:
            ratios.append(steps[0][1] / steps[1][1])
    number = len(runs.by_arm[arm])
    how_many = "" if len(reached) == number else f" ({len(reached)} of {number} repeats)"
    return [
        _mean(runs.values(arm, lambda run: 100 * float(run["steps"][-1][3])), 1),
        _mean(runs.values(arm, lambda run: 100 * float(run["pick"]["test_accuracy"])), 1),
        "–" if arm == GRID else _mean(differences, 1, sign="+"),
        _median([step[0] for step in reached], 0) + how_many,
        _median([step[2] for step in reached], 0),
        _spread(ratios, arm),
    ]


def costs_row(runs: Runs, arm: str) -> list[str]:
    """Return what an arm cost beside its training."""
    ratios = [_pace(mine) / _pace(ours) for mine, ours in runs.pairs(arm, OURS)]
    return [
        _median(runs.values(arm, lambda run: float(run["trials"])), 0),
        _median(runs.values(arm, lambda run: float(run["ended"])), 0),
        _median(runs.values(arm, lambda run: float(run["repeated"])), 0),
        _median(runs.values(arm, lambda run: float(run["up_cpu_seconds"])), 1),
        _median(runs.values(arm, _beside), 2),
        _spread(ratios, arm),
    ]


def _beside(run: Run) -> float:
    """Return the CPU seconds beside the training of an epoch, once both slots are at work."""
    spent = run["cpu_seconds"] - run["up_cpu_seconds"] - run["up_training_cpu_seconds"]
    return float(spent) / (run["epochs"] - run["up_epochs"])


def _pace(run: Run) -> float:
    """Return the wall time of an epoch, once both slots are at work."""
    return float(run["seconds"] - run["up_seconds"]) / (run["epochs"] - run["up_epochs"])


def table(runs: Runs, rows: Callable[[Runs, str], list[str]], headings: Sequence[str]) -> str:
    """Return a Markdown table with a row for each arm."""
    lines = [f"| | {' | '.join(headings)} |", f"| --- |{' ---: |' * len(headings)}"]
    for arm in runs.by_arm:
        lines.append(f"| {ARMS[arm].title} | {' | '.join(rows(runs, arm))} |")
    return "\n".join(lines)


def circumstances(runs: Runs) -> str:
    """Return a line on the machine, its load, and the repeats."""
    found = [run for repeats in runs.by_arm.values() for run in repeats.values()]
    machines = {f"{r['hardware']['num_cpus']} CPUs of {r['hardware']['cpu']}" for r in found}
    versions = {f"{name} {v}" for run in found for name, v in run["packages"].items()}
    loads = [load for run in found for load in run["load"]]
    numbers = "–".join(map(str, sorted({len(repeats) for repeats in runs.by_arm.values()})))
    low, middle, high = min(loads), statistics.median(loads), max(loads)
    return (
        f"On {'; '.join(sorted(machines))}, {', '.join(sorted(versions))}. {numbers} "
        f"repeats of each. "
        f"Load average {low:.0f} to {high:.0f}, in the median {middle:.0f}."
    )


def _mean(values: Sequence[float], digits: int, sign: str = "") -> str:
    if not values:
        return "–"
    low, high = mean_interval(values)
    middle = f"{statistics.fmean(values):{sign}.{digits}f}"
    if not math.isnan(low):
        middle += f" ({low:{sign}.{digits}f} to {high:{sign}.{digits}f})"
    return middle.replace("-", "−")


def _median(values: Sequence[float], digits: int) -> str:
    return f"{statistics.median(values):,.{digits}f}" if values else "–"


def _spread(ratios: Sequence[float], arm: str) -> str:
    if arm == OURS:
        return "1"
    if not ratios:
        return "–"
    middle = f"{statistics.median(ratios):.2f}"
    if len(ratios) < 2:
        return f"{middle} (1 repeat)"
    return f"{middle} ({min(ratios):.2f}–{max(ratios):.2f}, {len(ratios)} repeats)"


def with_tables(page: str, runs: Runs) -> str:
    """Return a page with what was measured between its two marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n{document(runs)}\n{end}{after}"


def document(runs: Runs) -> str:
    """Return all that was measured as Markdown."""
    rows = "\n".join(f"| {ARMS[a].title} | {ARMS[a].settings} |" for a in runs.by_arm)
    parts = (
        circumstances(runs),
        table(runs, results_row, HEADINGS["results"]),
        table(runs, costs_row, HEADINGS["costs"]),
        f"| | set up as |\n| --- | --- |\n{rows}",
    )
    return "\n\n".join(parts) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the tables and the figure."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks search-report", description=__doc__
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help=f"default {RESULTS.name}")
    parser.add_argument("--images", type=int, default=NUM_TRAIN, help="runs of this size")
    parser.add_argument(
        "--page", type=Path, default=PAGE, help=f"default {PAGE.name}, made if it is not there"
    )
    args = parser.parse_args(argv)
    runs = Runs(read_runs(args.results), args.images)
    if not runs.by_arm:
        parser.error(f"{args.results} has no run on {args.images} images; measure first")
    print(document(runs))
    page = args.page.read_text() if args.page.exists() else f"# Searches compared\n\n{BEGIN}{END}"
    args.page.write_text(with_tables(page, runs))
    args.page.with_suffix(".svg").write_text(to_svg(race_chart(runs.by_arm)))
    return 0
