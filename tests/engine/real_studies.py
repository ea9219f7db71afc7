"""Studies that run as a user's do: in a process of their own, with a Ray of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import Ledger, open_ledger


def write_space(folder: Path, text: str, name: str = "my_space.py") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "tune_app.run", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def run(results: Path, space: str, *arguments: str) -> tuple[int, str]:
    data = ("--data", "sample", "--images", "150", "--results-dir", str(results))
    done = command("--space", space, *data, *arguments)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def ledger_of(root: Path) -> Ledger:
    ledger = open_ledger(LocalStore(root))
    assert ledger is not None
    return ledger
