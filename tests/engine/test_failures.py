"""Reasons of failed trials, from the texts that Ray 2.60 gives."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.ledgers import epoch, make_ledger, record
from tests.recorders import make_recorder
from tune_app.engine.failures import last_attempt, reason
from tune_app.study.fingerprint import data_fingerprint
from tune_app.study.ledger import Ledger

DEAD_ACTOR = """The actor died unexpectedly before finishing this task.
\tclass_name: ImplicitFunc
\tactor_id: 87f54ea73524b03aaf767a6c01000000
\tpid: 11357
\tip: 192.0.2.2
"""
KILLED = (
    "The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR Worker "
    "exit detail: Worker unexpectedly exits with a connection error code 2. End of file. Some "
    "common causes include: (1) the process was killed by the OOM killer due to high memory usage, "
    "(2) ray stop --force was called"
)
NODE_LOST = "The actor is dead because its node has died. Node Id: 2318d459e58cb6e3"
UNAVAILABLE = """The actor 22f67d0f43e3e6ea26e608eb01000000 is unavailable: The actor is temporarily
unavailable: RpcError: RPC error: Socket closed rpc_code: 14."""
OUT_OF_MEMORY = """1 worker(s) were killed due to the node running low on memory. Memory on the node
OOM kill reason: Memory usage 11942965248B exceeded threshold of 11941765120B
Top 10 memory users: PID\tMEM(GB)\tCOMMAND"""

CUDA_ERROR = """Traceback (most recent call last):
  File "classifier_run.py", line 3, in train_steps
torch.AcceleratorError: CUDA error: device-side assert triggered
Search for `cudaErrorAssert' in https://docs.nvidia.com/cuda/group__CUDART__TYPES.html for more
CUDA kernel errors might be asynchronously reported at some other API call.
For debugging consider passing CUDA_LAUNCH_BLOCKING=1
"""
LOGGED = """The CUDA driver logged these messages, which may provide useful details:
Returning 719 (CUDA_ERROR_LAUNCH_FAILED) from cuCtxSynchronize_v2
"""
OF_BEFORE = "Compile with `TORCH_USE_CUDA_DSA` to enable device-side assertions.\n"
EXPLAINED = """
The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "graphed_step.py", line 88, in record
search_spaces.errors.UserError: cuda_graphs: it cannot be recorded (CUDA error: device-side assert)
"""
CUDA_REASON = "torch.AcceleratorError: CUDA error: device-side assert triggered"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CUDA_ERROR, CUDA_REASON),
        (CUDA_ERROR + LOGGED, CUDA_REASON),
        (CUDA_ERROR + OF_BEFORE, CUDA_REASON),
        (CUDA_ERROR + LOGGED + EXPLAINED, "search_spaces.errors.UserError: cuda_graphs: it cannot"),
        (DEAD_ACTOR + KILLED, "the worker process died (killed by signal 9, or out of memory"),
        (DEAD_ACTOR + NODE_LOST, "the machine it ran on was lost"),
        (UNAVAILABLE, "the connection to its worker process was lost"),
        (OUT_OF_MEMORY, "out of memory: Ray ended the worker process"),
        ("Traceback\n  x\nMemoryError\n", "MemoryError: out of memory"),
        ("Traceback\n  x\nValueError: bad\n\n", "ValueError: bad"),
        ("", "the trial ended without a reason"),
    ],
)
def test_reasons(text: str, expected: str) -> None:
    assert reason(text).startswith(expected) and "\n" not in reason(text)


def failures_of(ledger: Ledger) -> dict[str, str]:
    recorded = ledger.read_trials()
    failed = recorded.failures(recorded.ended(ledger.study).keys())
    return {trial.newest.name: trial.newest.error for trial in failed.values()}


def test_only_the_latest_attempt_counts(tmp_path: Path) -> None:
    file = tmp_path / "error.txt"
    trial: Any = SimpleNamespace(error_file=str(file))
    assert last_attempt(trial) == ""
    first = "Failure # 1 (occurred at 2026-01-01_12-00-00)\nMemoryError\n"
    file.write_text(first + "Failure # 2 (occurred at 2026-01-01_12-00-09)\nValueError: x\n")
    assert last_attempt(trial) == "ValueError: x"
    assert last_attempt(SimpleNamespace(error_file=None)) == ""  # type: ignore[arg-type]


def test_the_error_of_an_attempt_that_was_mended_is_no_failure(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    directory = record(ledger, "001", [epoch(1, milestone=True)])
    (directory / "error.txt").write_text("ValueError: x\n")
    assert failures_of(ledger) == {directory.name: "ValueError: x"}
    with (directory / "result.json").open("a") as stream:
        print(json.dumps(epoch(3, milestone=True)), file=stream)
    assert failures_of(ledger) == {}


def test_a_trial_whose_worker_never_came_up_has_failed(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ledger.save()
    ids = [c.config_id for c in ledger.configurations()]
    plan: dict[str, Any] = {
        "trial_key": "k1",
        "name": "mine",
        "directory": "tune/001/mine",
        "milestones": [1, 3],
    }
    plan["serves"] = {"1": ids[:1], "3": ids[1:2]}
    plan["data"] = data_fingerprint(ledger.study["data"], "mnist")
    config = {"dataset": "mnist", "seed": 0, "plan": plan}
    trial: Any = SimpleNamespace(trial_id="1", config=config, error_file=None, last_result={})
    make_recorder(ledger.store).log_trial_end(trial, failed=True)
    expected = {"mine": "the trial ended without a reason"}
    assert failures_of(ledger) == expected


def test_an_attempt_that_is_followed_by_another_is_no_failure(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    directory = record(ledger, "001", [epoch(1, milestone=True)])
    heading = "Failure # 1 (occurred at 2026-01-01_12-00-00)\n"
    (directory / "error.txt").write_text(heading + "The actor died unexpectedly\n")
    assert failures_of(ledger) == {}
