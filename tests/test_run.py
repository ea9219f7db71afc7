"""``python -m tune_app.run`` before anything has begun."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import contextlib, runpy, signal, sys, threading, tune_app.cli
print("up", flush=True)
runpy.run_path(tune_app.__path__[0] + sys.argv.pop(1), run_name="__main__")
"""
"""What Python itself does before it can handle the signal is not ours."""
FILES = (["/run.py"], ["/__main__.py", "run"])
"""``python -m tune_app.run`` and ``tune-app run``."""

ENDING = """
import atexit, time
def wait():
    print("ends", flush=True)
    time.sleep(30)
atexit.register(wait)
"""


@pytest.mark.parametrize("moment", range(20))
def test_interrupted_while_it_starts_it_ends_without_a_traceback(moment: int) -> None:
    """It says nothing, or how to go on once it has read the study; a fast machine does both."""
    words = [*FILES[moment % len(FILES)], "--space", "q1a", "--data", "sample", "--plan"]
    command = [sys.executable, "-c", PROGRAM, *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "up\n"
        time.sleep(0.05 + moment * 0.075)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT, error
    assert error == "", error
    assert not out or out.splitlines()[-1].startswith("stopped by SIGINT; to continue: "), out


@pytest.mark.parametrize("file", FILES)
def test_interrupted_at_its_end_it_ends_without_a_traceback(file: list[str]) -> None:
    command = [sys.executable, "-c", ENDING + PROGRAM, *file, "--list"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert any(line == "ends\n" for line in process.stdout)
        process.send_signal(signal.SIGINT)
        error = process.communicate(timeout=20)[1]
    assert process.returncode == 128 + signal.SIGINT
    assert error == ""
