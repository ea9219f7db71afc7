"""``GRID``: one configuration after the other in a loop, each with all cores."""

from __future__ import annotations

import json
import sys

from tests.benchmarks.peers.trial import rows
from tests.benchmarks.peers.work import HANDED_OVER, Grid, configurations, note


def main(grid: Grid) -> None:
    note(HANDED_OVER)
    for config in configurations(grid):
        for row in rows(config):
            print(row)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
