"""End the process at Ctrl-C where nothing has to be ended in order."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Let Ctrl-C end the process at once, with exit status 130, inside this context.

    A KeyboardInterrupt that is raised during an import may come out as another exception, or be
    dropped.
    """
    before = signal.getsignal(signal.SIGINT)
    end_at_once()
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)


def end_at_once() -> None:
    """Let Ctrl-C end the process at once from now on, unless the shell had SIGINT ignored."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, _frame: os._exit(128 + number))
