"""``python -m tests.benchmarks search``: races searches, and writes a line for each run.

Every repeat runs all arms one after the other, each repeat in another order. What
has been measured is not measured again, so the command can be stopped and given again. Make the
table and the figure with ``python -m tests.benchmarks search-report``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks.search.arms import ARMS, Arm, chosen, grid_epochs
from tests.benchmarks.search.problem import NUM_TRAIN
from tests.benchmarks.search.race import RaceError, run_arm
from tune_app.study.provenance import collect_provenance

RESULTS = Path(__file__).with_name("runs.jsonl")
_ASKS_FOR_A_PEER = """
import sys
from importlib.metadata import version
from importlib.util import find_spec
for name in ("torch", sys.argv[1]):
    if find_spec(name) is None:
        raise ModuleNotFoundError(f"No module named {name!r}")
print(version(sys.argv[1].replace("_", "-")))
"""
PACKAGES = ("tune-app", "optuna", "ray", "torch")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks search", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="of each arm (default 5)")
    parser.add_argument(
        "--budget",
        type=int,
        default=grid_epochs() // 10,
        help=f"epochs of each search (default {grid_epochs() // 10}, a tenth of the grid's)",
    )
    parser.add_argument(
        "--images", type=int, default=NUM_TRAIN, help=f"to train on (default {NUM_TRAIN})"
    )
    parser.add_argument("--arms", help=f"some of {','.join(ARMS)} (default: all)")
    parser.add_argument(
        "--syne-tune-python",
        default=sys.executable,
        metavar="FILE",
        help="an interpreter with Syne Tune and torch (default: this one)",
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help=f"default {RESULTS.name}")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run what has not been measured yet."""
    parser = build_parser()
    args = parser.parse_args(argv)
    try:
        arms = chosen(args.arms.split(",") if args.arms else None)
    except ValueError as error:
        parser.error(str(error))
    pythons = {arm.name: _python(arm, args.syne_tune_python) for arm in arms}
    versions = {arm.name: _version(arm, pythons[arm.name]) for arm in arms}
    arms = [arm for arm in arms if versions[arm.name] is not None]
    failed = False
    for repeat, arm in _order(arms, args.repeats):
        budget = grid_epochs() if arm.name == "grid" else args.budget
        key = {"arm": arm.name, "repeat": repeat, "budget": budget, "images": args.images}
        if any(key.items() <= run.items() for run in read_runs(args.results)):
            continue
        try:
            run = run_arm(arm, pythons[arm.name], repeat, budget, args.images)
        except RaceError as error:
            print(error, file=sys.stderr)
            failed = True
            continue
        _append(args.results, key | run | _environment(arm, versions[arm.name] or ""))
        best = run["steps"][-1][3]
        print(
            f"repeat {repeat}, {arm.name}: best validation {best:.4f} after {run['epochs']} epochs "
            f"of {run['trials']} trials, {run['seconds']:.0f} s, {run['cpu_seconds']:.0f} CPU s",
            flush=True,
        )
    return int(failed)


def read_runs(path: Path) -> list[dict[str, Any]]:
    """Return what has been measured. The last line may be cut off, if its writer was killed."""
    runs: list[dict[str, Any]] = []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            runs.append(json.loads(line))
        except ValueError:
            continue
    return runs


def _append(path: Path, run: dict[str, Any]) -> None:
    with path.open("a+") as file:
        file.seek(0)
        cut_off = not (text := file.read()).endswith("\n") and bool(text)
        file.write("\n" * cut_off + json.dumps(run) + "\n")


def _order(arms: Sequence[Arm], num_repeats: int) -> Iterator[tuple[int, Arm]]:
    for repeat in range(num_repeats):
        shift = repeat * 3 % max(1, len(arms))
        for arm in (*arms[shift:], *arms[:shift]):
            yield repeat, arm


def _python(arm: Arm, syne_tune_python: str) -> str:
    return syne_tune_python if arm.needs == "syne_tune" else sys.executable


def _version(arm: Arm, python: str) -> str | None:
    """Return the version of what an arm needs; None, and why, if the interpreter lacks it."""
    if not arm.needs:
        return ""
    done = subprocess.run(
        [python, "-c", _ASKS_FOR_A_PEER, arm.needs], capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["it cannot be imported"]
        print(f"{arm.name} is left out: {python}: {reason[0]}", file=sys.stderr)
        return None
    return done.stdout.strip().splitlines()[-1]


def _environment(arm: Arm, peer: str) -> dict[str, Any]:
    packages = {name: version(name) for name in PACKAGES}
    packages |= {arm.needs: peer} if arm.needs else {}
    return {"hardware": collect_provenance([], [])["hardware"], "packages": packages}
