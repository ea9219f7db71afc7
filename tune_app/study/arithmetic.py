"""What computes in a launch: the packages and the processor that the last digits depend on.

Another torch, NumPy, scikit-learn or processor gives other last digits, and training grows them
into other results. A study may be continued with any of them, as long as it is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.errors import one_line

PACKAGES = ("torch", "numpy", "scikit-learn", "scikit-learn-intelex")
"""Packages that do the arithmetic."""

Arithmetic = tuple[tuple[str, str], ...]
"""What computes, by name: the versions of ``PACKAGES`` that are known, and the processor."""


def mapping(value: object) -> dict[str, Any]:
    """Return a mapping of a file that anybody can edit, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def arithmetic_of(record: Mapping[str, Any]) -> Arithmetic:
    """Return what computes in a launch, from what it recorded of itself."""
    packages = mapping(record.get("packages"))
    found = [(name, one_line(str(packages[name]))) for name in PACKAGES if packages.get(name)]
    if processor := mapping(record.get("hardware")).get("cpu"):
        found.append(("processor", one_line(str(processor))))
    return tuple(found)


def change_notes(earlier: Sequence[Mapping[str, Any]], now: Mapping[str, Any]) -> list[str]:
    """Return what a launch computes with that earlier launches did not, as one note.

    Args:
        earlier: what the launches of the study so far recorded, oldest first.
        now: what the new one records.

    Returns:
        One line, or nothing if nothing has changed or the earlier launches do not say.
    """
    current = dict(arithmetic_of(now))
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
