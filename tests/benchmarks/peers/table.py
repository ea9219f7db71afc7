"""The peers as Markdown: a row for each system, and how each is set up."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

HEADINGS = (
    "",
    "images/s in training",
    "÷",
    "q1a, 128 rows, 800 images",
    "÷",
    "epochs trained",
    "start",
    "a trial that trains nothing",
)


def peers_table(systems: Sequence[dict[str, Any]]) -> str:
    """Return the table of all systems, ours first, and below it how each is set up."""
    head = f"| {' | '.join(HEADINGS)} |\n| ---{' | ---:' * (len(HEADINGS) - 1)} |"
    settings = "\n".join(f"- {system['system']}: {system['settings']}." for system in systems)
    return "\n".join([head, *peers_rows(systems), "", settings, ""])


def peers_rows(systems: Sequence[dict[str, Any]]) -> list[str]:
    """Return a row for each system, ours first."""
    ours = systems[0]
    return [_row(system, ours) for system in systems]


def figure(value: float) -> str:
    """Return the number with three digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _row(system: dict[str, Any], ours: dict[str, Any]) -> str:
    speed, seconds = system["images_per_second"], system["seconds"]
    cells = (
        system["system"],
        figure(speed),
        f"{ours['images_per_second'] / speed:.2f}",
        f"{figure(seconds)} s{'*' if system['is_extrapolated'] else ''}",
        f"{seconds / ours['seconds']:.2f}",
        str(system["epochs"]),
        _rounds([noops["start"] for noops in system["noops"]], "s"),
        _rounds([1000 * noops["each"] for noops in system["noops"]], "ms"),
    )
    return f"| {' | '.join(cells)} |"


def _rounds(values: Sequence[float], unit: str) -> str:
    middle = f"{figure(statistics.median(values))} {unit}"
    if len(values) == 1:
        return middle
    return f"{middle} ({figure(min(values))}–{figure(max(values))})"
