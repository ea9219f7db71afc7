"""Tune writes its own state when a launch ends, and not while trials run.

The state holds about 36 KB of every trial there was, and Tune writes all of it again each time:
at thousands of trials that is seconds a minute, and with ``num_to_keep`` at every other checkpoint
of any trial too. A study resumes from what its trials recorded; the state is there for those who
open a finished launch with Ray's own ``ExperimentAnalysis``.
"""

from __future__ import annotations

import os
from typing import Any

from ray.tune.execution.experiment_state import _ExperimentCheckpointManager


def write_state_at_the_end() -> None:
    """Mend Tune in this process; a second call changes nothing."""
    os.environ.setdefault("TUNE_GLOBAL_CHECKPOINT_S", "1e9")
    manager: Any = _ExperimentCheckpointManager
    manager.on_trial_checkpoint = _force_nothing


def _force_nothing(self: Any, trial: Any) -> None:
    """Stand in for Tune's count of checkpoints, which makes it write its state."""
