"""Names of measures that differ between two runs of the same training."""

from __future__ import annotations

import re

_WORDS = re.compile(
    r"(?<![a-z])(?:(?:wall|run|cpu)?time|seconds|secs?|ms|latency|duration|elapsed|throughput"
    r"|memory|mb|per_s(?:ec(?:ond)?)?)(?![a-z])",
    re.IGNORECASE,
)
_NEW_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a word begins in a name such as ``fitTime``."""


def is_run_dependent(name: str) -> bool:
    """Return whether a name has a word of a time, a speed or memory, as in ``fit_time``."""
    return _WORDS.search(_NEW_WORD.sub("_", name)) is not None
