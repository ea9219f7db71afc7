"""Published tables as evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.checks.audit.counts import whole_counts
from analysis.checks.audit.finding import NotApplicableError
from analysis.checks.audit.reference_table import from_reference as as_audited
from analysis.checks.claims.evidence import SETTINGS, Evidence
from analysis.checks.claims.origin import NUM_EPOCHS, NUM_TEST, NUM_TRAIN, RESULT, RUN, SOURCE
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
        frame[NUM_EPOCHS] = frame.get("epochs", protocol.epochs or np.nan)
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
    """Return whether the audit finds that an accuracy is no whole number of the test images."""
    try:
        return bool(whole_counts(as_audited(table)))
    except NotApplicableError:
        return False
