"""Stopping in order: SIGTERM is treated as Ctrl-C, and the difference is remembered."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any


class StopSignals:
    """Makes SIGTERM stop a study as Ctrl-C does while entered.

    Tune ends its trials in order at the first SIGINT and restores the handler it found, so that a
    second one interrupts at once; SIGTERM, which ``ray job stop`` sends, it does not handle.

    Attributes:
        received: SIGTERM once that has come, else SIGINT.
    """

    def __init__(self) -> None:
        self.received = signal.SIGINT
        self._before: Any = None

    def __enter__(self) -> StopSignals:
        self._before = signal.signal(signal.SIGTERM, self._on_term)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        signal.signal(signal.SIGTERM, self._before)

    def rearm(self) -> None:
        """Handle SIGTERM again after a library, as ``ray.init`` does, took it for itself."""
        signal.signal(signal.SIGTERM, self._on_term)

    def _on_term(self, _number: int, _frame: FrameType | None) -> None:
        self.received = signal.SIGTERM
        signal.raise_signal(signal.SIGINT)
