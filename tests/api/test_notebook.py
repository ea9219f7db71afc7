"""A study is run, stopped and continued in a real Jupyter kernel."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEFINE = """
import time
from ray import tune
from tune_app import SearchSpace, load_study, run_study

def fit(config):
    for step in range(40):
        time.sleep(config["pause"])
        tune.report({"loss": config["x"] - step})

def space(pause):
    return SearchSpace(name="slow", trainable=fit, metric="loss", mode="min",
                       param_space={"x": tune.grid_search([1, 2]), "pause": pause})
"""
Run = Callable[[str], str]


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Any]:
    from jupyter_client.manager import KernelManager

    manager = KernelManager()
    manager.kernel_cmd = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "module://none"}
    manager.start_kernel(cwd=str(tmp_path), env=environment)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def output(client: Any, cell: str, while_running: Callable[[str], None] = lambda _: None) -> str:
    """Return what a cell prints, and the name and the lines of the error that it raises."""
    texts: list[str] = []

    def note(message: dict[str, Any]) -> None:
        content = message["content"]
        texts.append(content.get("text") or content.get("ename") or "")
        texts.append("<html>" if "text/html" in content.get("data", ()) else "")
        texts.extend(content.get("traceback", ()))
        while_running("".join(texts))

    client.execute_interactive(cell, output_hook=note, timeout=240)
    return "".join(texts)


def displayed(client: Any, cell: str) -> dict[str, Any]:
    """Return what a cell shows as its value: MIME type -> content."""
    found: list[dict[str, Any]] = []
    client.execute_interactive(
        cell, output_hook=lambda message: found.append(message["content"]), timeout=240
    )
    return next(content["data"] for content in found if "data" in content)


@pytest.mark.slow
def test_stopped_and_continued(kernel: Any, tmp_path: Path) -> None:
    manager, client = kernel
    output(client, DEFINE)
    stopped: list[float] = []

    def stop(printed: str) -> None:
        results = list(tmp_path.glob("results/slow/tune/001/*/result.json"))
        if not stopped and "trials to run" in printed:
            while not any(path.stat().st_size for path in results):
                time.sleep(0.2)
                results = list(tmp_path.glob("results/slow/tune/001/*/result.json"))
            stopped.append(time.monotonic())
            manager.interrupt_kernel()

    printed = output(client, "study = run_study(space(0.5))", stop)
    assert "KeyboardInterrupt" in printed and "stopped by SIGINT" in printed, printed
    assert time.monotonic() - stopped[0] < 60
    printed = output(client, "load_study('results/slow')")
    printed += output(client, "print(set(load_study('results/slow').rows['status']))")
    assert "unfinished" in printed
    printed = output(client, "print(run_study(space(0.0), study='quick').best()['x'].iloc[0])")
    assert printed.rstrip().endswith("1"), printed
    assert "2 rows, 0 finished; 2 trials to run" in printed
    assert "<html>" not in printed, "Tune shows nothing of its own"
    mistake = output(client, "run_study(space(0.0), seed=1)")
    assert mistake.startswith("UserErrorerror: run_study: no option 'seed'") and "\n" not in mistake
    assert "[2/2] " in printed and "\x1b[" not in printed, "a line per trial, nothing drawn again"
    shown = displayed(client, "load_study('results/quick').figure('curves')")
    assert shown["image/svg+xml"].startswith("<svg ") and "Loss by epoch" in shown["text/plain"]
    assert shown["application/vnd.vegalite.v6+json"]["datasets"]
