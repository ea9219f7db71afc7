"""Free and measure the memory of trials that run one after the other in a worker process.

Ray starts a thread for every trial. Models that Python's garbage collector has not collected yet
add up, and so does memory that glibc keeps for threads that have ended: a worker of a q1a study,
whose trials need 1.7 GB at most, grew to 5 GB within 140 trials. Therefore each trial begins by
freeing this memory. It also resets the process's peak (``clear_refs`` in proc(5), Linux only), so
the reported peak is that of the trial alone.

torch keeps freed GPU memory for the process. It is given back too, as trials of other processes may
share the GPU. How large the process is does not tell what garbage holds there, so a process that
has used a GPU always collects it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import re
import resource
import sys
from pathlib import Path

import psutil

_STATUS, _CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
_WORTH_IT_BYTES = 700_000_000
"""Collecting garbage takes about 0.1 s, so smaller processes skip it."""
_GROWTH_BYTES = 50_000_000
"""So do processes that have hardly grown since the last time: trials of a search may be shorter."""
_bytes_before = 0
"""The process's memory after garbage was last collected, or less if a trial began with less."""


def begin_trial() -> None:
    """Free what earlier trials of this process left, and start to measure the peak."""
    global _bytes_before  # noqa: PLW0603 (of the process, as its memory is)
    num_bytes = _resident_bytes()
    torch = sys.modules.get("torch")
    has_used_gpu = torch is not None and torch.cuda.is_initialized()
    if has_used_gpu or num_bytes > max(_WORTH_IT_BYTES, _bytes_before + _GROWTH_BYTES):
        gc.collect()
        with contextlib.suppress(OSError, AttributeError):  # not glibc
            ctypes.CDLL("libc.so.6").malloc_trim(0)
        _bytes_before = _resident_bytes()
    else:
        _bytes_before = min(_bytes_before, num_bytes)
    if torch is not None and has_used_gpu:
        torch.cuda.empty_cache()
    with contextlib.suppress(OSError):  # not Linux, or not allowed: the peak is that of the process
        _CLEAR_REFS.write_text(_RESET_PEAK)


def hide_gpus() -> None:
    """Let this process, whose trials run on CPUs alone, take no memory of a GPU.

    In each step torch's Adam asks the stream of the GPU whether it is recorded as a graph, also if
    all parameters are on a CPU. That takes hundreds of MB of the GPU for each such process.
    """
    os.environ["CUDA_VISIBLE_DEVICES"] = ""


def _resident_bytes() -> int:
    return int(psutil.Process().memory_info().rss)


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
