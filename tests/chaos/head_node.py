"""A head node that asks for a token, and jobs that are submitted to it.

Every cluster asks for one that is started where ``~/.ray/auth_token`` exists. ``ray job`` and a
driver with an explicit address send it only with ``RAY_AUTH_MODE=token``.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil

from tests.chaos.harness import ray_directory

RAY = str(Path(sys.executable).with_name("ray"))
PORT, DASHBOARD_PORT, AGENT_PORT = 6390, 8290, 52399
DASHBOARD = f"http://127.0.0.1:{DASHBOARD_PORT}"


@contextlib.contextmanager
def head_node(
    log: Path, *words: str, num_cpus: int = 2, environment: Mapping[str, str] | None = None
) -> Iterator[dict[str, str]]:
    """Run a head node and yield the variables that a client of it needs.

    Args:
        log: file for what it prints.
        words: further ones of the command line.
        num_cpus: how many CPUs it has for trials.
        environment: further variables of it.
    """
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    variables = {**os.environ, **token, "RAY_TMPDIR": str(ray_directory()), **(environment or {})}
    ports = {
        "port": PORT,
        "dashboard-port": DASHBOARD_PORT,
        "dashboard-agent-listen-port": AGENT_PORT,
    }
    options = [word for name, port in ports.items() for word in (f"--{name}", str(port))]
    command = [RAY, "start", "--head", "--block", "--num-cpus", str(num_cpus), *options, *words]
    with log.open("wb") as out:
        head = subprocess.Popen(command, stdout=out, stderr=out, env=variables)
    try:
        yield variables
    finally:
        started = [psutil.Process(head.pid), *psutil.Process(head.pid).children(recursive=True)]
        head.send_signal(signal.SIGTERM)
        for process in psutil.wait_procs(started, timeout=20)[1]:
            process.kill()


def job(verb: str, *words: str, variables: Mapping[str, str]) -> str:
    """Run ``ray job VERB`` and return what it prints."""
    done = subprocess.run(
        [RAY, "job", verb, "--address", DASHBOARD, *words],
        env=variables,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def takes_jobs(variables: Mapping[str, str]) -> bool:
    """Return whether a job that does nothing runs; a head refuses them until all of it is up."""
    try:
        job("submit", "--", "true", variables=variables)
    except AssertionError as error:
        print(str(error).strip().splitlines()[-1])
        return False
    return True


def wait_until(condition: Callable[[], bool], what: str, timeout: float = 300) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout} s until {what}"
        time.sleep(0.2)
