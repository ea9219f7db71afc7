"""The memory of a trial, in a worker process that runs many trials one after the other.

Ray starts a thread for every trial. A model that waits for Python's garbage collector, and what
glibc keeps for the threads that are gone, would add up: a worker of a q1a study, whose trials need
1.7 GB at most, grew to 5 GB within 140 of them. So a trial begins with giving back what the ones
before it left. Linux can also reset a process's high-water mark (``clear_refs`` in proc(5)), which
makes the peak that is reported the trial's own.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import re
import resource
from pathlib import Path

import psutil

_STATUS, _CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
_WORTH_IT_BYTES = 700_000_000
"""Collecting takes about 0.1 s, which a process of small trials need not spend."""


def begin_trial() -> None:
    """Give back what earlier trials of this process left, and measure the peak from now on."""
    if psutil.Process().memory_info().rss > _WORTH_IT_BYTES:
        gc.collect()
        with contextlib.suppress(OSError, AttributeError):  # not glibc
            ctypes.CDLL("libc.so.6").malloc_trim(0)
    with contextlib.suppress(OSError):  # not Linux, or not allowed: the process's own peak is told
        _CLEAR_REFS.write_text(_RESET_PEAK)


def peak_memory_bytes() -> int:
    """Return the largest resident memory since :func:`begin_trial`."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
    except OSError:
        found = None
    return 1024 * (int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def peak_memory_mb() -> float:
    """Return the trial's largest resident memory so far, in MB (10^6 bytes)."""
    return peak_memory_bytes() / 1e6
