"""Published tables as evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.checks.claims.evidence import SETTINGS, Evidence
from analysis.checks.claims.origin import NUM_TEST, NUM_TRAIN, RESULT, RUN, SOURCE
from analysis.frames.trial_frames import with_plain_text
from analysis.labs.reference import ReferenceTable


def from_reference(tables: Sequence[ReferenceTable]) -> Evidence:
    """Return published tables as evidence: every row a training run of its own."""
    assert tables
    frames, flaws = [], []
    for table in tables:
        frame, protocol = table.frame.copy(), table.protocol
        frame[SOURCE] = table.name
        frame[RUN] = [f"{table.name}/{number}" for number in range(len(frame))]
        frame[RESULT] = frame[RUN]
        frame["family"] = "svm" if "kernel" in frame else "resnet"
        images = protocol.num_images
        frame[NUM_TRAIN] = protocol.num_train_images or (0.7 * images if images else np.nan)
        frame[NUM_TEST] = protocol.num_test if protocol.num_test else np.nan
        frames.append(frame)
        if _not_whole(table):
            flaws.append(
                f"the accuracies of {table.name} are not whole numbers of its "
                f"{protocol.num_test:,} test images"
            )
    rows = with_plain_text(pd.concat(frames, ignore_index=True))
    settings = tuple(name for name in SETTINGS if name in rows)
    name = ", ".join(table.name for table in tables)
    return Evidence(name, "report", rows, settings, ("numbers as printed",), "; ".join(flaws))


def _not_whole(table: ReferenceTable) -> bool:
    """Return whether an accuracy is not a whole number of the stated test images.

    This is the test of Brown & Heathers (2017) for means of whole numbers. It needs enough digits.
    """
    printed, num_test = table.protocol.printed.get("test_accuracy"), table.protocol.num_test
    if printed is None or printed.decimals is None or not num_test:
        return False
    rounding = 0.5 * 10.0**-printed.decimals / (100 if printed.unit == "percent" else 1)
    counts = table.frame["test_accuracy"].to_numpy(dtype=float) * num_test
    allowed = rounding * num_test + 1e-6
    return bool(allowed < 0.25 and (np.abs(counts - np.round(counts)) > allowed).any())
