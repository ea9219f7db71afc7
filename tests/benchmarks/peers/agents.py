"""``GRID``: an agent for each core, which starts a process for each configuration of a queue.

The agents of Weights & Biases and of similar services do so, and talk to a server beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from multiprocessing.pool import ThreadPool
from typing import Any

from tests.benchmarks.peers.work import HANDED_OVER, Grid, configurations, note
from tune_app.study.provenance import num_usable_cpus


def run(config: dict[str, Any]) -> None:
    """Run the program with the configuration as its options."""
    options = [f"--{name.replace('_', '-')}={value}" for name, value in config.items()]
    program = [sys.executable, "-m", "tests.benchmarks.peers.trial", *options]
    subprocess.run(program, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})


def main(grid: Grid) -> None:
    note(HANDED_OVER)
    with ThreadPool(num_usable_cpus()) as agents:
        agents.map(run, configurations(grid), chunksize=1)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
