"""Why a trial was ended before its last milestone although nothing went wrong with it.

A search stops trials that look worse than others, and ``--trial-time-limit`` ends those that take
too long. The trial's directory then holds a small file that says so. The row has no result, and it
counts neither as failed nor as finished. A later directory of the same trial takes it further.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from tune_app.study.objective import finite_number
from tune_app.study.trial_record import LARGEST_EPOCH, parse_object

STOPPED_FILE = "stopped.json"
STOPPED, TIMED_OUT = "stopped", "timed_out"
_LONGEST_NAME = 40


class Stop(NamedTuple):
    """Why a trial was ended early.

    Attributes:
        status: ``"stopped"`` by a search, or ``"timed_out"``.
        epoch: the last epoch that was reported; 0 if none was.
        by: what stopped it, e.g. ``"asha"``; empty for a trial that timed out.
        seconds: the time limit of a trial that timed out.
    """

    status: str
    epoch: int
    by: str = ""
    seconds: float = 0.0

    def reason(self, last: int | None) -> str:
        """Return the reason of the row's status, in one line.

        Args:
            last: the epoch at which the row ends; None or 0 if that is not known.
        """
        where = f"at epoch {self.epoch}{f' of {last}' if last else ''}"
        if self.status == TIMED_OUT:
            return f"ended {where} by the time limit of {self.seconds:g} s for a trial"
        return f"stopped{f' by {self.by}' if self.by else ''} {where}"

    def as_json(self) -> str:
        """Return the content of the file."""
        entry: dict[str, Any] = {"status": self.status, "epoch": self.epoch}
        entry |= {"by": self.by} if self.by else {}
        return json.dumps(entry | ({"seconds": self.seconds} if self.seconds else {}))


def parse_stop(text: str) -> Stop | None:
    """Return what the text of such a file says, or None if it is damaged."""
    entry = parse_object(text)
    status, epoch = entry.get("status", STOPPED), entry.get("epoch")
    if status not in (STOPPED, TIMED_OUT) or type(epoch) is not int:
        return None
    if not 0 <= epoch < LARGEST_EPOCH:
        return None
    by, seconds = entry.get("by"), finite_number(entry.get("seconds"))
    by = " ".join(by.split())[:_LONGEST_NAME] if isinstance(by, str) else ""
    return Stop(status, epoch, by, max(0.0, seconds or 0.0))
