"""How the best configuration is picked: the one rule of the report and of ``status``."""

from __future__ import annotations

import math


def rank(score: float, mode: str, num_epochs: float, place: int) -> tuple[float, float, int]:
    """Return what candidates are sorted by: the lowest rank is the best one.

    Equal scores are decided by fewer epochs, then by the declared order of the configurations.
    Both are data of the study, so the same study gives the same pick on any machine and any day.

    Args:
        score: the validation metric, a mean over seeds; twelve digits of it count, because the
            last ones of a mean depend on the order of its sum.
        mode: ``"max"`` or ``"min"``.
        num_epochs: the epochs of the configuration; NaN counts as the most.
        place: its place in the declared order.
    """
    assert mode in ("max", "min"), mode
    rounded = float(f"{score:.12g}")
    epochs = math.inf if math.isnan(num_epochs) else num_epochs
    return (rounded if mode == "min" else -rounded, epochs, place)
