"""How often Tune writes its own state.

The state holds about 36 KB of every trial there was, and Tune writes all of it again each time: at
thousands of trials that is seconds a minute, and with ``num_to_keep`` at every other checkpoint of
any trial too. A study resumes from what its trials recorded; the state is there for those who open
a launch with Ray's own ``ExperimentAnalysis``. So it is written by the clock alone, the more seldom
the more trials there are.
"""

from __future__ import annotations

import os
from typing import Any

from ray.tune.execution.experiment_state import _ExperimentCheckpointManager

LEAST_SECONDS, SECONDS_PER_TRIAL = 60.0, 0.06
"""Writing takes about 0.5 ms a trial: less than 1 % of the time."""


def write_state_seldom(num_trials: int) -> None:
    """Mend Tune in this process for a launch of so many trials.

    ``TUNE_GLOBAL_CHECKPOINT_S`` in the environment, in seconds, takes precedence.
    """
    seconds = max(LEAST_SECONDS, SECONDS_PER_TRIAL * num_trials)
    os.environ.setdefault("TUNE_GLOBAL_CHECKPOINT_S", str(seconds))
    manager: Any = _ExperimentCheckpointManager
    manager.on_trial_checkpoint = _force_nothing


def _force_nothing(self: Any, trial: Any) -> None:
    """Stand in for Tune's count of checkpoints, which makes it write its state."""
