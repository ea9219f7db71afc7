"""The packages, the processor and the user's code of a launch, on which its results depend.

Another version of torch, NumPy or scikit-learn, or another processor, gives other last digits, and
training amplifies the difference. A study may be continued with any of them, but the user is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.errors import one_line
from tune_app.study.code_fingerprint import CODE, code_of

PACKAGES = ("torch", "numpy", "scikit-learn", "scikit-learn-intelex")
"""The packages that compute results."""

Arithmetic = tuple[tuple[str, str], ...]
"""(name, value) pairs: the known versions of ``PACKAGES``, the processor, and the user's code."""


def mapping(value: object) -> dict[str, Any]:
    """Return a value if it is a mapping, else an empty one; the file may have been edited."""
    return value if isinstance(value, dict) else {}


def arithmetic_of(record: Mapping[str, Any]) -> Arithmetic:
    """Return the packages, the processor and the user's code in the record of a launch."""
    packages = mapping(record.get("packages"))
    found = [
        (name, one_line(str(packages.get(name) or "not installed")))
        for name in (PACKAGES if packages else ())
    ]
    if processor := mapping(record.get("hardware")).get("cpu"):
        found.append(("processor", one_line(str(processor))))
    if code := code_of(record):
        found.append((CODE, one_line(code)))
    return tuple(found)


def change_notes(earlier: Sequence[Mapping[str, Any]], now: Mapping[str, Any]) -> list[str]:
    """Return a note if a launch uses other packages or another processor than earlier launches.

    Args:
        earlier: the records of the study's earlier launches, oldest first.
        now: the record of the new launch.

    Returns:
        One line, or none if nothing changed or the earlier launches did not record it.
    """
    current = dict(arithmetic_of(now))
    current.pop(CODE, None)  # the user accepted another code, or nothing was trained with it
    before: dict[str, dict[str, None]] = {}
    for record in earlier:
        for name, value in arithmetic_of(record):
            if current.get(name, value) != value:
                before.setdefault(name, {})[value] = None
    if not before:
        return []
    changes = [f"{name} {current[name]} (before: {', '.join(v)})" for name, v in before.items()]
    return [
        f"note: this launch computes with {'; '.join(changes)}. Its rows may differ in the last "
        "digits, which training can grow; the report says which rows were computed by which"
    ]
