"""The table of peers: ratios to ours, and what is extrapolated is marked."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.peers.table import peers_table


def system(name: str, speed: float, seconds: float, each: tuple[float, ...]) -> dict[str, Any]:
    ours = name == "tune_app"
    return {
        "system": name,
        "settings": "2 at once",
        "images_per_second": speed,
        "seconds": seconds,
        "is_extrapolated": not ours,
        "epochs": 160 if ours else 448,
        "noops": [{"number": 4, "start": 3.0, "each": value} for value in each],
    }


def test_a_row_has_ratios_to_ours_and_the_mark_of_what_is_extrapolated() -> None:
    ours = system("tune_app", 500.0, 200.0, (0.025,))
    lines = peers_table([ours, system("other", 200.0, 1500.0, (0.003, 0.001, 0.002))]).splitlines()
    assert lines[2] == ("| tune_app | 500 | 1.00 | 200 s | 1.00 | 160 | 3 s | 25 ms |")
    assert lines[3] == "| other | 200 | 2.50 | 1,500 s* | 7.50 | 448 | 3 s (3–3) | 2 ms (1–3) |"
    assert lines[-1] == "- other: 2 at once."
