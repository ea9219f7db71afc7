"""What the beginning of a trial frees."""

from __future__ import annotations

import pytest
import torch

from tune_app.training.memory import begin_trial


@pytest.mark.parametrize("has_used_a_gpu", [True, False])
def test_a_new_trial_gives_gpu_memory_back_to_other_processes(
    monkeypatch: pytest.MonkeyPatch, has_used_a_gpu: bool
) -> None:
    emptied: list[bool] = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: has_used_a_gpu)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(True))
    begin_trial()
    assert emptied == [True] * has_used_a_gpu
