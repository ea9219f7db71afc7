"""The reason why a trial failed, in one line."""

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
_CUDA_ERROR = re.compile(r"^[\w.]+: CUDA error: .+$", re.MULTILINE)
"""The first line of such an error. The lines after it are advice, and what the driver logged."""
_CAUSED = "The above exception was the direct cause of the following exception:"
_FULL_DISK = re.compile(rf"^(?:[\w.]+\.)?{FullDiskError.__name__}: (.+)$", re.MULTILINE)


def last_attempt(trial: Trial) -> str:
    """Return the text of the trial's latest error; empty if Tune has none.

    Tune's file collects the errors of all attempts. Tune copies it to the study directory only now
    and then, so this function reads the driver's own copy.
    """
    try:
        text = Path(trial.error_file or "").read_text(errors="replace")
    except OSError:
        return ""
    return _ATTEMPT.split(text)[-1].strip()


def full_disk(text: str) -> str | None:
    """Return the message about a full disk in an error's text, or None if there is none."""
    found = _FULL_DISK.search(text)
    return None if found is None else found[1].strip()


def reason(text: str) -> str:
    """Return the reason of a failed attempt, in one line.

    Ray describes a dead worker process in a paragraph, for which this function has sentences of its
    own. For an exception in the trial's code the reason is the last line of the traceback,
    except for an error of CUDA, whose message has further lines. Of an exception that was raised
    to explain another one, the explanation counts.

    Args:
        text: the text of the error, as :func:`last_attempt` returns it.
    """
    for pattern, meaning in _MEANINGS:
        if re.search(pattern, text):
            return meaning
    if found := _CUDA_ERROR.search(text.rpartition(_CAUSED)[2]):
        return found[0].strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = lines[-1] if lines else "the trial ended without a reason"
    return "MemoryError: out of memory" if last == "MemoryError" else last
