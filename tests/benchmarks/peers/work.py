"""What a peer is given, and what it notes of its work, without importing torch."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

from tests.benchmarks.events import append_event

FOLDER, EVENTS = "PEERS_FOLDER", "events.jsonl"
HANDED_OVER, ENDED = "handed over", "ended"
NUM_IMAGES = 800
NUM_TRAIN = NUM_IMAGES * 7 // 10
Grid = dict[str, list[Any]]


def configurations(grid: Grid) -> list[dict[str, Any]]:
    """Return all combinations of the grid's values."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def note(what: str, **more: Any) -> None:
    """Note what has just happened in the folder that ``PEERS_FOLDER`` names."""
    append_event(Path(os.environ[FOLDER]) / EVENTS, {"what": what, **more})
