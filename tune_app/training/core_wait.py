"""How long the threads of a process wait for a core, which tells that other work has the machine.

Linux counts for each thread how long it has run and how long it was ready to run and had no core,
in nanoseconds (``/proc/<pid>/task/<tid>/schedstat``; Documentation/scheduler/sched-stats.rst of the
kernel). A training that is alone on its cores hardly waits, however badly its threads share work.
"""

from __future__ import annotations

import time
from pathlib import Path

from tune_app.study.trial_record import WAITED_SHARE

_THREADS = Path("/proc/self/task")
_NANO = 1e-9
LEAST_SECONDS = 1.0
"""Shorter times say little, and reading the counts of a hundred threads takes a millisecond."""

Counts = dict[str, tuple[int, int]]


class CoreWait:
    """Tells which share of its time a process waited since it was asked last."""

    def __init__(self) -> None:
        self._read, self._counts = time.monotonic(), _counts()

    def note(self) -> dict[str, float]:
        """Return what a row says about it: ``waited_share``, or nothing if it is unknown."""
        share = self.share()
        return {} if share is None else {WAITED_SHARE: round(share, 4)}

    def share(self) -> float | None:
        """Return the time that threads waited for a core over the time that they ran or waited.

        Returns:
            0 to 1. None if the system does not count it, or if it was asked, or threads were ready
            to run, for less than ``LEAST_SECONDS``; the time then belongs to the next answer.
        """
        asked = time.monotonic()
        if asked - self._read < LEAST_SECONDS:
            return None
        now = _counts()
        ran, waited = (
            sum(count[place] - self._before(thread, count)[place] for thread, count in now.items())
            for place in (0, 1)
        )
        if (ran + waited) * _NANO < LEAST_SECONDS:
            return None
        self._read, self._counts = asked, now
        return waited / (ran + waited)

    def _before(self, thread: str, count: tuple[int, int]) -> tuple[int, int]:
        """Return the earlier counts of a thread, zero for a new one, also with an old number."""
        ran, waited = self._counts.get(thread, (0, 0))
        return (ran, waited) if ran <= count[0] and waited <= count[1] else (0, 0)


def _counts() -> Counts:
    """Return for each thread of this process how long it has run and waited, in nanoseconds."""
    found: Counts = {}
    for path in _THREADS.glob("*/schedstat"):
        try:
            ran, waited, _ = path.read_text().split()
            found[path.parent.name] = (int(ran), int(waited))
        except (OSError, ValueError):  # the thread has ended, or the system counts nothing
            continue
    return found
