"""Stopping in order: SIGTERM is treated as Ctrl-C, and the difference is remembered."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

ECHO_SECONDS = 3.0
"""``timeout`` and batch systems send SIGTERM to the command and at once again to its group. Python
handles the second one late while Ray's code in C runs, which looks for signals once a second."""


class StopSignals:
    """Makes SIGTERM stop a study as Ctrl-C does while entered.

    Tune ends its trials in order at the first SIGINT and restores the handler it found, so that a
    second one interrupts at once; SIGTERM, which ``ray job stop`` sends, it does not handle.

    Python drops a KeyboardInterrupt that is raised in a finalizer or in a hook of ``os.fork``, of
    which the start of Ray has many, so it is remembered that one was.

    Attributes:
        received: SIGTERM once that has come, else SIGINT.
    """

    def __init__(self) -> None:
        self.received = signal.SIGINT
        self._term_before: Any = None
        self._int_before: Any = None
        self._interrupted = False
        self._termed = -math.inf

    def __enter__(self) -> StopSignals:
        self._term_before = signal.signal(signal.SIGTERM, self._on_term)
        self._int_before = signal.getsignal(signal.SIGINT)
        if callable(self._int_before):  # else it is ignored
            signal.signal(signal.SIGINT, self._on_int)
        return self

    def __exit__(self, *_error: object) -> None:
        signal.signal(signal.SIGTERM, self._term_before)
        if signal.getsignal(signal.SIGINT) == self._on_int:
            signal.signal(signal.SIGINT, self._int_before)

    def raise_dropped(self) -> None:
        """Raise the KeyboardInterrupt that Python may have dropped.

        Raises:
            KeyboardInterrupt: a signal has come while no trials ran, and still the study goes on.
        """
        if self._interrupted:
            raise KeyboardInterrupt

    @contextmanager
    def kept_from_ray(self) -> Iterator[None]:
        """Handle SIGTERM although ``ray.init``, run inside, takes it for itself.

        Ray's handler, which stays when ``ray.init`` is done, raises SystemExit with the signal's
        number.
        """
        try:
            yield
            self.raise_dropped()
        except SystemExit as end:
            if end.code != signal.SIGTERM:
                raise
            self.received, self._termed = signal.SIGTERM, time.monotonic()
            raise KeyboardInterrupt from None
        finally:
            signal.signal(signal.SIGTERM, self._on_term)

    def _on_int(self, number: int, frame: FrameType | None) -> None:
        self._interrupted = True
        signal.default_int_handler(number, frame)

    def _on_term(self, _number: int, frame: FrameType | None) -> None:
        # Not raise_signal(SIGINT): a shell ignores SIGINT for what it starts in the background, and
        # Ray blocks it in the jobs submitted to a cluster.
        now = time.monotonic()
        if now < self._termed + ECHO_SECONDS:
            return
        self.received, self._termed = signal.SIGTERM, now
        on_interrupt = signal.getsignal(signal.SIGINT)
        if not callable(on_interrupt):
            self._interrupted = True
            raise KeyboardInterrupt
        on_interrupt(signal.SIGINT, frame)
