"""A driver that kills itself: ``python injection.py FUNCTION WORD COUNT WHEN ARGUMENTS...``.

It runs the command line with the given arguments and sends itself SIGKILL at its COUNT-th call of
``os.FUNCTION`` (``fsync`` or ``replace``) for a file whose path holds WORD: ``before`` the call,
``after`` it, or before it with the end of the file torn off (``tear``).
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from tune_app.cli.run_command import main

TORN_BYTES = 40


def inject(function: str, word: str, count: int, when: str) -> None:
    """Replace ``os.FUNCTION`` by one that kills this process at the chosen call."""
    real = getattr(os, function)
    seen = 0

    def injected(first: Any, *rest: Any, **names: Any) -> Any:
        nonlocal seen
        path = Path(f"/proc/self/fd/{first}").readlink() if isinstance(first, int) else Path(first)
        seen += word in str(path)
        hit = word in str(path) and seen == count
        if hit and when == "tear":
            os.truncate(path, path.stat().st_size - TORN_BYTES)
        if hit and when != "after":
            os.kill(os.getpid(), signal.SIGKILL)
        done = real(first, *rest, **names)
        if hit:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    setattr(os, function, injected)


if __name__ == "__main__":
    inject(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
    sys.exit(main(sys.argv[5:]))
