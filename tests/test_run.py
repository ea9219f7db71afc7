"""``python -m tune_app.run`` before anything has begun."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

PROGRAMS = (
    """
import runpy, tune_app
print("up", flush=True)
runpy.run_path(tune_app.__path__[0] + "/run.py", run_name="__main__")
""",
    """
import sys
from tune_app.cli.main import main
print("up", flush=True)
sys.exit(main(["run", *sys.argv[1:]]))
""",
)
"""``python -m tune_app.run`` and ``tune-app run``. What Python itself does before the file's first
line is not ours, nor what the installed command does before it can handle a signal."""


@pytest.mark.parametrize("moment", range(20))
def test_interrupted_while_it_starts_it_ends_without_a_traceback(moment: int) -> None:
    """It says nothing, or how to go on once it has read the study; a fast machine does both."""
    program = PROGRAMS[moment % len(PROGRAMS)]
    command = [sys.executable, "-c", program, "--space", "q1a", "--data", "sample", "--plan"]
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
