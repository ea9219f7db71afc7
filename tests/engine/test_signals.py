"""Signals as a study meets them, each in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

WAITING = """
import time
from tune_app.engine.signals import StopSignals
with StopSignals() as signals:
    try:
        print("ready", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        print(signals.received.name)
"""

ECHO = """
import os, signal, time
from tune_app.engine.signals import ECHO_SECONDS, StopSignals
with StopSignals() as signals:
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    except KeyboardInterrupt:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(ECHO_SECONDS + 0.1)
        print("stopped in order", flush=True)
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)
        except KeyboardInterrupt:
            print("stopped at once")
"""
"""A SIGTERM that is sent twice is one; a later one is another."""

DROPPED = """
import os, signal, sys, time
from tune_app.engine.signals import StopSignals

class Finalized:
    def __del__(self):
        os.kill(os.getpid(), int(sys.argv[1]))
        for _ in range(1000):  # the interpreter handles a signal between two of its instructions
            pass

with StopSignals() as signals:
    try:
        with signals.kept_from_ray():
            AS_RAY
            Finalized()
            time.sleep(float(sys.argv[2]))
        print("goes on")
    except KeyboardInterrupt:
        print(signals.received.name)
        time.sleep(0.2)
"""
"""Python drops what a finalizer raises."""
AS_RAY = "signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(number))"
IGNORED = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"

ANOTHER = DROPPED.replace(
    "time.sleep(float(sys.argv[2]))", "os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
)
"""The user does not wait until the first signal comes again."""

DISGUISED = """
import os, signal, sys, time
from tune_app.engine.signals import StopSignals

with StopSignals() as signals:
    try:
        with signals.undisguised():
            raise ImportError("a fault of its own")
    except ImportError as error:
        print(error)
    try:
        with signals.undisguised():
            try:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(60)
            except KeyboardInterrupt:
                raise ImportError("could not be imported") from None
    except KeyboardInterrupt:
        print(signals.received.name)
"""

LEFT = """
import os, signal, sys, time
from ray.tune.tune import _setup_signal_catching
from tune_app.engine.signals import StopSignals

def theirs(dropped):
    pass

with StopSignals() as signals:
    _setup_signal_catching()
    signals.catch_interrupts()
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
    except KeyboardInterrupt:
        print("stops after the trials")
    _setup_signal_catching()
    sys.unraisablehook = theirs
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
print(sys.unraisablehook is theirs)
"""
"""Tune leaves its handler installed if no signal came while trials ran."""


def output_of(program: str, *words: str) -> list[str]:
    """Run a program; return the lines that it printed, none of them to standard error."""
    command = [sys.executable, "-c", program, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "before",
    [
        "signal.signal(signal.SIGINT, signal.SIG_IGN)",
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})",
    ],
)
def test_sigterm_counts_where_sigint_does_not(before: str) -> None:
    """A shell ignores SIGINT for what it starts in the background, Ray blocks it in its jobs."""
    program = [sys.executable, "-c", f"import signal; {before}\n{WAITING}"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        process.terminate()
        try:
            assert process.communicate(timeout=100)[0] == "SIGTERM\n"
        finally:
            process.kill()


def test_a_signal_sent_twice_is_one() -> None:
    assert output_of(ECHO) == ["stopped in order", "stopped at once"]


@pytest.mark.parametrize("seconds", [0, 60])
@pytest.mark.parametrize(
    ("number", "before", "handler"),
    [
        (signal.SIGINT, "", "pass"),
        (signal.SIGTERM, "", "pass"),
        (signal.SIGTERM, IGNORED, "pass"),
        (signal.SIGTERM, "", AS_RAY),
    ],
)
def test_an_interrupt_that_python_drops_comes_again(
    number: signal.Signals, before: str, handler: str, seconds: int
) -> None:
    """It comes once, also if the study gets to the next place where it asks for one."""
    program = DROPPED.replace("AS_RAY", handler)
    assert output_of(f"{before}\n{program}", str(int(number)), str(seconds)) == [number.name]


def test_an_interrupt_comes_again_only_if_no_other_has_come() -> None:
    program = ANOTHER.replace("AS_RAY", "pass")
    assert output_of(program, str(int(signal.SIGINT))) == ["SIGINT"]


def test_an_interrupt_that_an_import_disguised_is_one() -> None:
    assert output_of(DISGUISED) == ["a fault of its own", "SIGINT"]


def test_nothing_of_a_study_that_has_ended_handles_signals() -> None:
    assert output_of(LEFT) == ["stops after the trials", "True", "True"]
