"""Make claims from a lab report's text, which are judged on its own tables too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis.checks.claims.claim import Claim, Criterion

MNIST = {"dataset": "mnist"}
FASHION = {"dataset": "fashion_mnist"}


def claims_of(report: str) -> Callable[..., Claim]:
    """Return a function that makes claims of a report from name, sentence, test, where and tables.

    Args:
        report: ``report_a`` or ``report_b``. The name of a claim begins with the report's letter.
            The names of its tables (by default ``q1a``) begin with the report's name.
    """

    def claim(
        name: str, sentence: str, test: Criterion, where: dict[str, Any] | None = None, *tables: str
    ) -> Claim:
        drawn = tuple(f"{report}_{table}" for table in tables or ("q1a",))
        letter = report.removeprefix("report_")
        return Claim(f"{letter}_{name}", sentence, test, where or {}, report, drawn)

    return claim
