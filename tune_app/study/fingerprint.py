"""A fingerprint of the data that a trial was trained on.

Each trial's directory holds it. A trial that was trained on other data is therefore never counted
as one of the study, even if ``study.json`` was lost and written again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from search_spaces.configuration import canonical_json


def data_fingerprint(data: Mapping[str, Any], dataset: object) -> str | None:
    """Return the fingerprint of a data set as a study uses it, or None if there is no data set.

    Args:
        data: the ``data`` entry of ``study.json``.
        dataset: the name of the data set; None for a trial without data.

    Returns:
        16 hex digits of the SHA-256 over the files' checksums, the number of images chosen from
        them, and how they are split.
    """
    entry = data["datasets"].get(dataset) if isinstance(dataset, str) else None
    if entry is None:
        return None
    identity = {
        "sha256": sorted(entry["sha256"].values()),
        "num_images": entry["num_images"],
        "split_seed": data["split_seed"],
        "vary_split": bool(data.get("vary_split")),
    }
    return hashlib.sha256(canonical_json(identity).encode()).hexdigest()[:16]
