"""Why a trial failed, in one line that a person understands."""

from __future__ import annotations

import re
from pathlib import Path

from ray.tune.experiment import Trial

from tune_app.storage.storage_errors import FullDiskError

_ATTEMPT = re.compile(r"^Failure # \d+ \(occurred at [^)]*\)$", re.MULTILINE)
_MEANINGS = (
    (
        r"workers?(\(s\))? (was|were) killed due to the node running low on memory",
        "out of memory: Ray ended the worker process because its machine ran short of memory",
    ),
    (r"Unable to set up cluster storage", "the study directory is not there on its machine"),
    (r"actor is dead because its node has died", "the machine it ran on was lost"),
    (
        r"actor \w+ is unavailable",
        "the connection to its worker process was lost (and its machine, perhaps)",
    ),
    (
        r"actor is dead because its worker process has died",
        "the worker process died (killed by signal 9, or out of memory, or crashed)",
    ),
)
_FULL_DISK = re.compile(rf"^(?:[\w.]+\.)?{FullDiskError.__name__}: (.+)$", re.MULTILINE)


def last_attempt(trial: Trial) -> str:
    """Return what Tune kept of the trial's latest error; empty if it kept nothing.

    Tune's file collects all attempts and is copied to the study directory only now and then, so
    the driver's own copy is read.
    """
    try:
        text = Path(trial.error_file or "").read_text(errors="replace")
    except OSError:
        return ""
    return _ATTEMPT.split(text)[-1].strip()


def full_disk(text: str) -> str | None:
    """Return what an attempt's error text says of a full disk, None if that was not the reason."""
    found = _FULL_DISK.search(text)
    return None if found is None else found[1].strip()


def reason(text: str) -> str:
    """Return the reason that an attempt's error text gives, in one line.

    Ray describes a dead worker process in a paragraph of its own terms; an exception of the
    trial's own code is its traceback's last line.
    """
    for pattern, meaning in _MEANINGS:
        if re.search(pattern, text):
            return meaning
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = lines[-1] if lines else "the trial ended without a reason"
    return "MemoryError: out of memory" if last == "MemoryError" else last
