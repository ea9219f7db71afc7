"""Stop a study in order at SIGTERM, as Ctrl-C does, and remember which signal it was."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

ECHO_SECONDS = 3.0
"""``timeout`` and batch systems send SIGTERM twice: to the command, and at once to its group. Both
count as one signal. The second may be handled late, because Ray's C code checks for signals only
once a second."""


class StopSignals:
    """A context in which SIGTERM stops a study as Ctrl-C does.

    At the first SIGINT, Tune ends its trials in order and restores the handler that it found, so a
    second SIGINT interrupts at once. Tune does not handle SIGTERM, which ``ray job stop`` sends.

    Python drops a KeyboardInterrupt that is raised in a finalizer or in a hook of ``os.fork``. Both
    run often while Ray starts. This class remembers such a signal.

    Python handles signals in its main thread only. In another thread this context does nothing.

    Attributes:
        received: SIGTERM if one has come, otherwise SIGINT.
    """

    def __init__(self) -> None:
        self.received = signal.SIGINT
        self._term_before: Any = None
        self._int_before: Any = None
        self._interrupted = False
        self._last_sigterm = -math.inf

    def __enter__(self) -> StopSignals:
        if not _is_main_thread():
            return self
        self._term_before = signal.signal(signal.SIGTERM, self._on_term)
        self._int_before = signal.getsignal(signal.SIGINT)
        if callable(self._int_before):  # otherwise SIGINT is ignored
            signal.signal(signal.SIGINT, self._on_int)
        return self

    def __exit__(self, *_error: object) -> None:
        if not _is_main_thread():
            return
        signal.signal(signal.SIGTERM, self._term_before)
        if signal.getsignal(signal.SIGINT) == self._on_int:
            signal.signal(signal.SIGINT, self._int_before)

    def raise_dropped(self) -> None:
        """Raise the KeyboardInterrupt that Python may have dropped.

        Raises:
            KeyboardInterrupt: a signal came before the trials, and nothing stopped the study.
        """
        if self._interrupted:
            raise KeyboardInterrupt

    @contextmanager
    def kept_from_ray(self) -> Iterator[None]:
        """Handle SIGTERM inside this context although ``ray.init`` installs a handler of its own.

        Ray's handler stays installed after ``ray.init``. It raises SystemExit with the signal's
        number.
        """
        try:
            yield
            self.raise_dropped()
        except SystemExit as end:
            if end.code != signal.SIGTERM:
                raise
            self.received, self._last_sigterm = signal.SIGTERM, time.monotonic()
            raise KeyboardInterrupt from None
        finally:
            if _is_main_thread():
                signal.signal(signal.SIGTERM, self._on_term)

    def _on_int(self, number: int, frame: FrameType | None) -> None:
        self._interrupted = True
        signal.default_int_handler(number, frame)

    def _on_term(self, _number: int, frame: FrameType | None) -> None:
        # Not raise_signal(SIGINT): a shell ignores SIGINT in background processes, and Ray blocks
        # it in submitted jobs.
        now = time.monotonic()
        if now < self._last_sigterm + ECHO_SECONDS:
            return
        self.received, self._last_sigterm = signal.SIGTERM, now
        on_interrupt = signal.getsignal(signal.SIGINT)
        if not callable(on_interrupt):
            self._interrupted = True
            raise KeyboardInterrupt
        on_interrupt(signal.SIGINT, frame)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
