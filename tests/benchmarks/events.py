"""Lines that several processes append to one file as they work, so that all are measured alike."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any


def append_event(path: Path, event: Mapping[str, Any]) -> None:
    """Append the event with the time and the process."""
    line = json.dumps({"time": time.time(), "pid": os.getpid(), **event}) + "\n"
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line.encode())  # one write: lines of two processes do not mix
    os.close(file)


def read_events(path: Path) -> list[dict[str, Any]]:
    """Return the events, without a line that is being written."""
    with suppress(FileNotFoundError):
        text = path.read_text()
        whole = text[: text.rfind("\n") + 1]
        return [json.loads(line) for line in whole.splitlines()]
    return []
