"""How a launch ends: what is said then, with which exit status, and how the study goes on."""

from __future__ import annotations

import time
from contextlib import suppress

from tune_app.engine.conclusion import Conclusion, Executed
from tune_app.engine.display import Ending, LaunchDisplay
from tune_app.engine.signals import StopSignals
from tune_app.planning.plan import Plan
from tune_app.planning.request import FRESH_CALL, StudyRequest
from tune_app.study.provenance import command_line


class LaunchEnd:
    """What a launch says when it ends.

    Args:
        request: what the command asks for.
        display: shows the launch to the user.
        signals: the signals that stop the launch.

    Attributes:
        started: when the launch began, by ``time.monotonic``.
        reason: what ended it before its work was done; empty if nothing did.
        has_begun: whether the launch is in the study's record.
    """

    def __init__(self, request: StudyRequest, display: LaunchDisplay, signals: StopSignals) -> None:
        self._request, self._display, self._signals = request, display, signals
        self._last_line = ""
        self.started = time.monotonic()
        self.reason = ""
        self.has_begun = False

    def again(self) -> str:
        """Return the command, or the call of ``run_study``, that continues the study."""
        if call := self._request.call:
            return call.replace(FRESH_CALL, "") if self.has_begun else call
        # Until the study has begun, an old one may still lie where --fresh is to begin anew.
        words = self._request.arguments
        return command_line([w for w in words if w != "--fresh" or not self.has_begun])

    def stopped(self) -> int:
        """Show the command that continues the study after a signal; return the exit status."""
        received = self._signals.received
        self.reason = f"stopped by {received.name}"
        line = f"{self.reason}; to continue: {self.again()}"
        if line != self._last_line:
            self._display.say(line)
        self._last_line = line
        return 128 + received

    def early(self, plan: Plan, conclusion: Conclusion, done: Executed) -> int | None:
        """Show what ended the launch before its work was done; return the exit status, if any."""
        if conclusion.limit:
            self.reason = f"{conclusion.limit} is reached"
            goes_on = "" if conclusion.is_target else f"; to continue: {self.again()}"
            self._display.say(f"{self.reason}{goes_on}")
            return conclusion.exit_status
        is_cut = plan.check is not None and not done.all_ended
        return self.stopped() if conclusion.interrupted or is_cut else None

    def notify(self, status: int) -> None:
        """Send the notifications of the launch; a signal ends the wait for them."""
        seconds = time.monotonic() - self.started
        with suppress(KeyboardInterrupt):
            ending = Ending(status, seconds, self.again(), self.reason)
            self._display.ended(self._request.store, ending)
