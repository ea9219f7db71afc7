from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from analysis.labs.device_arms import device_data
from tests.analysed_studies import device_study


def test_device_arms_stand_side_by_side_and_open_ones_keep_their_status(tmp_path: Path) -> None:
    frame = device_data(device_study(tmp_path)).set_index("optimizer")
    assert frame.loc["sgd", "speedup"] == 24.0
    assert pd.isna(frame.loc["adam", "speedup"])
    statuses: dict[str, Any] = frame["cpu_status"].to_dict()
    assert statuses == {"sgd": "finished", "adam": "missing"}
    assert frame.loc["adam", "macs"] == 33_184_000
