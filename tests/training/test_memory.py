"""What the beginning of a trial frees."""

from __future__ import annotations

import pytest
import torch

from tune_app.training import memory
from tune_app.training.memory import begin_trial


@pytest.mark.parametrize("has_used_a_gpu", [True, False])
def test_a_new_trial_gives_gpu_memory_back_to_other_processes(
    monkeypatch: pytest.MonkeyPatch, has_used_a_gpu: bool
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(memory, "_resident_bytes", lambda: 600_000_000)  # a small process
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: has_used_a_gpu)
    monkeypatch.setattr(memory.gc, "collect", lambda: calls.append("collect"))
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: calls.append("empty"))
    begin_trial()
    assert calls == ["collect", "empty"] * has_used_a_gpu


@pytest.mark.parametrize(
    ("megabytes", "collected"),
    [
        ([600, 690], [False, False]),  # a small process
        ([900, 900, 940, 949], [True, False, False, False]),
        ([900, 900, 960, 1000], [True, False, True, False]),  # 900 to 960 is much, 960 to 1000 not
        ([900, 800, 830, 851], [True, False, False, True]),  # measured from where it was smallest
    ],
)
def test_garbage_is_collected_when_the_process_has_grown(
    monkeypatch: pytest.MonkeyPatch, megabytes: list[int], collected: list[bool]
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(memory, "_bytes_before", 0)
    monkeypatch.setattr(memory.gc, "collect", lambda: calls.append(1))
    found = []
    for size in megabytes:
        monkeypatch.setattr(memory, "_resident_bytes", lambda size=size: size * 1_000_000)
        before = len(calls)
        begin_trial()
        found.append(len(calls) > before)
    assert found == collected
