"""Check the environment variables of Ray Tune and the limits of this machine.

The checks run before Ray starts. With a wrong value Ray ends in a traceback, or waits for ever.
"""

from __future__ import annotations

import math
import os
import resource
from collections.abc import Mapping

import psutil

from search_spaces.errors import UserError

_NUMBERS = ("TUNE_GLOBAL_CHECKPOINT_S", "TUNE_MAX_PENDING_TRIALS_PG")
"""The variables of Tune that a user may set."""
_FILES, _FILES_PER_CPU = 128, 16
_THREADS, _THREADS_PER_CPU = 400, 30
"""Each CPU adds 25 threads to Ray's processes, without those of the trials."""


def check_variables(ours: Mapping[str, str]) -> list[str]:
    """Remove variables of Ray Tune from the environment; return one note for each.

    They would change when results are passed on, where they are kept, or what Ctrl-C does. A study
    relies on all of these.

    Args:
        ours: the variables that this program sets, with their values.

    Raises:
        UserError: a variable that a user may set is not a number.
    """
    for name in _NUMBERS:
        _check_number(name)
    kept = {*_NUMBERS, *ours}
    left_out = [name for name in os.environ if _is_of_tune(name) and name not in kept]
    left_out += [name for name, value in ours.items() if os.environ.get(name, value) != value]
    for name in left_out:
        del os.environ[name]
    return [f"{name} in the environment is ignored: a study relies on its own" for name in left_out]


def _is_of_tune(name: str) -> bool:
    own = name.startswith("TUNE_APP_")
    return name == "RAY_AIR_LOCAL_CACHE_DIR" or (name.startswith("TUNE_") and not own)


def _check_number(name: str) -> None:
    text = os.environ.get(name, "auto")
    is_whole = name.endswith("_PG")
    try:
        value = int(text) if is_whole else float(text)
    except ValueError:
        value = 0
    if text != "auto" and not 0 < value < math.inf:
        kind = "a whole number" if is_whole else "a number of seconds"
        raise UserError(f"{name}={text} in the environment: allowed: {kind} above 0, or auto")


def check_limits(num_cpus: int) -> None:
    """Check that Ray can start with so many workers on this machine.

    Raises:
        UserError: a limit is too low. The message names it.
    """
    files = _FILES + _FILES_PER_CPU * num_cpus
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _is_below(hard, files):
        raise UserError(
            f"ulimit -n {hard}: each of Ray's processes needs up to {files} open files with "
            f"{num_cpus} CPUs; raise the limit"
        )
    if _is_below(soft, files):
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    threads = _THREADS + _THREADS_PER_CPU * num_cpus
    if os.geteuid() == 0 or not _is_below(soft, threads + (taken := _num_threads())):
        return  # the limit does not hold for root
    raise UserError(
        f"ulimit -u {soft}: Ray needs about {threads} processes and threads with {num_cpus} CPUs, "
        f"and you run {taken} already; raise the limit"
    )


def _is_below(limit: int, number: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < number


def _num_threads() -> int:
    """Return the number of threads of this user's processes, all of which Linux counts."""
    own = os.geteuid()
    running = psutil.process_iter(["uids", "num_threads"])
    found = [(p.info["uids"], p.info["num_threads"]) for p in running]
    return sum(number or 0 for uids, number in found if uids and uids.real == own)
