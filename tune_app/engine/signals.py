"""Stop a study in order at SIGTERM, as Ctrl-C does, and remember which signal it was."""

from __future__ import annotations

import math
import signal
import sys
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
_AGAIN_SECONDS = 0.01
"""After a signal that Python dropped: a finalizer has ended by then."""


class StopSignals:
    """A context in which SIGTERM stops a study as Ctrl-C does.

    At the first SIGINT, Tune ends its trials in order and restores the handler that it found, so a
    second SIGINT interrupts at once. Tune does not handle SIGTERM, which ``ray job stop`` sends.

    Python prints and drops a KeyboardInterrupt that is raised in a finalizer, in a callback of a
    weak reference, of which each import has one, or in a hook of ``os.fork``. Inside this context
    nothing is printed and the signal comes once more, a moment later. An extension module that is
    interrupted while it is imported may raise another exception instead, or none.

    Python handles signals in its main thread only. In another thread this context does nothing.

    Attributes:
        received: SIGTERM if one has come, otherwise SIGINT.
    """

    def __init__(self) -> None:
        self.received = signal.SIGINT
        self._term_before: Any = None
        self._int_before: Any = None
        self._hook_before = sys.unraisablehook
        self._interrupted = False
        self._again: threading.Timer | None = None
        self._last_sigterm = -math.inf

    def __enter__(self) -> StopSignals:
        if not _is_main_thread():
            return self
        self._term_before = signal.signal(signal.SIGTERM, self._on_term)
        self._int_before = signal.getsignal(signal.SIGINT)
        if callable(self._int_before):  # otherwise SIGINT is ignored
            signal.signal(signal.SIGINT, self._on_int)
        self._hook_before = sys.unraisablehook
        sys.unraisablehook = self._on_dropped
        return self

    def __exit__(self, *_error: object) -> None:
        if not _is_main_thread():
            return
        signal.signal(signal.SIGTERM, self._term_before)
        if signal.getsignal(signal.SIGINT) == self._on_int:
            signal.signal(signal.SIGINT, self._int_before)
        sys.unraisablehook = self._hook_before

    def raise_dropped(self) -> None:
        """Raise the KeyboardInterrupt that an extension module may have dropped.

        Raises:
            KeyboardInterrupt: a signal came before the trials, and nothing stopped the study.
        """
        if self._interrupted:
            if self._again is not None:
                self._again.cancel()
            raise KeyboardInterrupt

    @contextmanager
    def undisguised(self) -> Iterator[None]:
        """Raise a KeyboardInterrupt instead of the exception that an interrupted import raised."""
        try:
            yield
        except Exception:
            self.raise_dropped()
            raise

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

    def _on_dropped(self, dropped: sys.UnraisableHookArgs) -> None:
        error = dropped.exc_value
        if isinstance(error, SystemExit) and error.code == signal.SIGTERM:  # by Ray's handler
            self.received = signal.SIGTERM
        elif not isinstance(error, KeyboardInterrupt):
            self._hook_before(dropped)
            return
        # A signal to this thread now would raise inside of this hook.
        self._again = threading.Timer(_AGAIN_SECONDS, self._send_again)
        self._again.daemon = True
        self._again.start()

    def _send_again(self) -> None:
        self._last_sigterm = -math.inf
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, self.received)

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
