"""A study whose trials fit on no machine of two CPUs, so that a launch ends without Ray."""

from __future__ import annotations

from pathlib import Path

from tests.studies import line, write_trial
from tune_app.cli.run_command import main
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import Ledger, open_ledger

SPACE = """
from ray import tune
from search_spaces import SearchSpace
SPACE = SearchSpace(name="mine", question="?", trainable="counting", factors=("x",),
                    param_space={"x": tune.grid_search([1, 2])}, resources={"cpu": 64})
"""
EXIT_OPEN = 3


def launch(*arguments: str) -> int:
    return main(["--space", "./my_space.py", *arguments])


def finished_study(tmp_path: Path) -> Ledger:
    """Return a study of two rows that another launch has finished."""
    assert launch() == EXIT_OPEN
    ledger = open_ledger(LocalStore(tmp_path / "results" / "mine"))
    assert ledger is not None
    ids = [configuration.config_id for configuration in ledger.configurations()]
    write_trial(ledger.root, "k", {"x": 1}, {1: ids}, [line(1, milestone=True)])
    return ledger
