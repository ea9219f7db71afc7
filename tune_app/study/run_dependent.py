"""Names of measures that differ between two runs of the same training."""

from __future__ import annotations

import re

from search_spaces.measure import words_apart

_WORDS = re.compile(
    r"(?<![a-z])(?:(?:wall|run|cpu)?time|seconds|secs?|ms$|latency|duration|elapsed|throughput"
    r"|memory|mb|per_s(?:ec(?:ond)?)?)(?![a-z])",
    re.IGNORECASE,
)


def is_run_dependent(name: str) -> bool:
    """Return whether a name has a word of a time, a speed or memory, as in ``fit_time``."""
    return _WORDS.search(words_apart(name)) is not None
