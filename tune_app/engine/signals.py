"""Stop a study in order at SIGTERM, as Ctrl-C does, and remember which signal it was."""

from __future__ import annotations

import math
import queue
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
        self._is_dropped = False
        self._dropped: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._last_sigterm = -math.inf

    def __enter__(self) -> StopSignals:
        if not _is_main_thread():
            return self
        self._term_before = signal.signal(signal.SIGTERM, self._on_term)
        self._int_before = signal.getsignal(signal.SIGINT)
        self.catch_interrupts()
        self._hook_before = sys.unraisablehook
        sys.unraisablehook = self._on_dropped
        threading.Thread(target=self._send_again, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        if not _is_main_thread():
            return
        self._dropped.put(False)
        signal.signal(signal.SIGTERM, self._term_before)
        if self._int_before is not None:  # otherwise nothing can restore it
            signal.signal(signal.SIGINT, self._int_before)
        if sys.unraisablehook == self._on_dropped:
            sys.unraisablehook = self._hook_before

    def catch_interrupts(self) -> None:
        """Handle SIGINT, also after Tune, whose handler stays if no signal came."""
        if _is_main_thread() and callable(self._int_before):  # otherwise SIGINT is ignored
            signal.signal(signal.SIGINT, self._on_int)

    def raise_dropped(self) -> None:
        """Raise the KeyboardInterrupt that an extension module may have dropped.

        Raises:
            KeyboardInterrupt: a signal came before the trials, and nothing stopped the study.
        """
        if self._interrupted:
            self._is_dropped = False
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
            self._note_sigterm()
            raise KeyboardInterrupt from None
        finally:
            if _is_main_thread():
                signal.signal(signal.SIGTERM, self._on_term)

    def _note_sigterm(self) -> None:
        self.received, self._last_sigterm = signal.SIGTERM, time.monotonic()
        self._is_dropped = False

    def _on_int(self, number: int, frame: FrameType | None) -> None:
        self._interrupted, self._is_dropped = True, False
        signal.default_int_handler(number, frame)

    def _on_term(self, _number: int, frame: FrameType | None) -> None:
        # Not raise_signal(SIGINT): a shell ignores SIGINT in background processes, and Ray blocks
        # it in submitted jobs.
        if time.monotonic() < self._last_sigterm + ECHO_SECONDS:
            return
        self._note_sigterm()
        on_interrupt = signal.getsignal(signal.SIGINT)
        if not callable(on_interrupt):
            self._interrupted = True
            raise KeyboardInterrupt
        on_interrupt(signal.SIGINT, frame)

    def _on_dropped(self, dropped: sys.UnraisableHookArgs) -> None:
        error = dropped.exc_value
        if isinstance(error, SystemExit) and error.code == signal.SIGTERM:  # by Ray's handler
            self.received, self._interrupted = signal.SIGTERM, True
        elif not isinstance(error, KeyboardInterrupt):
            self._hook_before(dropped)
            return
        # Sent from here, the signal would raise inside of this hook. A thread that began here
        # would keep this one waiting for its start, and a queue's put does not wait.
        self._is_dropped = True
        self._dropped.put(True)

    def _send_again(self) -> None:
        main = threading.main_thread().ident
        assert main is not None
        while self._dropped.get():
            time.sleep(_AGAIN_SECONDS)
            if self._is_dropped:  # no other signal has come through
                self._is_dropped, self._last_sigterm = False, -math.inf
                signal.pthread_kill(main, self.received)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
