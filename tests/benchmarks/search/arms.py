"""The arms of the race: what each one is, and the command that runs it.

A peer is set up as its documentation recommends for such work: two trials at a time with one thread
each, rungs at the epochs 1 and 3 of 9, a factor of 3.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.search.problem import EPOCHS, GRID

MODULE = "tests.benchmarks.search"
FACTOR = 3
MANY_TRIALS = 1_000
"""More than any arm comes to: the race ends an arm when its budget of epochs is trained."""


@dataclass(frozen=True)
class Arm:
    """One way to search.

    Attributes:
        name: its name in results and on the command line.
        title: its name in the table and in the figure.
        needs: the module that must be importable, or "".
        options: for ours, options of ``tune-app run``; for a peer, its script and arguments.
        settings: how it is set up, for the notes of the table.
    """

    name: str
    title: str
    needs: str
    options: tuple[str, ...]
    settings: str

    @property
    def is_ours(self) -> bool:
        """Whether ``tune-app run`` runs it."""
        return self.options[0] == "--space"

    def command(self, python: str, folder: Path, repeat: int) -> list[str]:
        """Return the command that runs the arm.

        Args:
            python: the interpreter that can import what the arm needs.
            folder: where it may write.
            repeat: the number of the repeat, which is the seed of sampler and training.
        """
        if not self.is_ours:
            return [python, "-m", *self.options, str(folder), str(repeat)]
        seeds = ["--seeds", str(repeat)]
        if "--search" in self.options:
            seeds += ["--search-seed", str(repeat)]
        where = ["--results-dir", str(folder / "results")]
        return [sys.executable, "-m", "tune_app.run", *self.options, *seeds, *where]


def _ours(sampler: str, *stopping: str) -> tuple[str, ...]:
    chosen = ("--search", sampler, "--num-trials", str(MANY_TRIALS))
    return ("--space", f"{MODULE}.sampled_space", *chosen, *stopping)


_ASHA = ("--stopping", "asha", "--rungs", "1,3", "--reduction", str(FACTOR))
ARMS: dict[str, Arm] = {
    arm.name: arm
    for arm in (
        Arm("grid", "grid", "", ("--space", f"{MODULE}.grid_space"), "all of the grid"),
        Arm("random", "random", "", _ours("random"), "`--search random`"),
        Arm("tpe", "TPE", "", _ours("tpe"), "`--search tpe`"),
        Arm("asha", "ASHA", "", _ours("random", *_ASHA), "`--search random --stopping asha`"),
        Arm("asha_tpe", "ASHA + TPE", "", _ours("tpe", *_ASHA), "`--search tpe --stopping asha`"),
        Arm(
            "ray",
            "Ray Tune",
            "ray",
            (f"{MODULE}.ray_tune",),
            "OptunaSearch, ASHAScheduler (grace_period 1, max_t 9, reduction_factor 3), "
            "reuse_actors, 2 concurrent trials of 1 CPU, the last checkpoint kept",
        ),
        Arm(
            "optuna",
            "Optuna, 2 processes",
            "optuna",
            (f"{MODULE}.optuna_study", "processes"),
            "TPESampler with constant_liar, SuccessiveHalvingPruner (min_resource 1, "
            "reduction_factor 3), JournalStorage, no checkpoints",
        ),
        Arm(
            "optuna_threads",
            "Optuna, n_jobs=2",
            "optuna",
            (f"{MODULE}.optuna_study", "threads"),
            "the same in memory, with two threads",
        ),
        Arm(
            "syne_tune",
            "Syne Tune",
            "syne_tune",
            (f"{MODULE}.syne_tune_asha",),
            "ASHA (grace_period 1, max_t 9, reduction_factor 3), LocalBackend with 2 workers, "
            "sleep_time 0.1 s in place of 5 s, no checkpoints",
        ),
        Arm(
            "loop",
            "plain loop",
            "",
            (f"{MODULE}.plain_loop",),
            "random configurations, each trained to its end, in a pool of two processes",
        ),
    )
}


def grid_epochs() -> int:
    """Return how many epochs the grid trains."""
    number = EPOCHS
    for values in GRID.values():
        number *= len(values)
    return number


def chosen(names: Sequence[str] | None) -> list[Arm]:
    """Return the arms of the names, in the order of the race; all for None.

    Raises:
        ValueError: there is no such arm.
    """
    if unknown := set(names or ()) - ARMS.keys():
        raise ValueError(f"--arms {','.join(sorted(unknown))}: allowed: {', '.join(ARMS)}")
    return [arm for arm in ARMS.values() if not names or arm.name in names]
