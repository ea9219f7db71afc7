from __future__ import annotations

import numpy as np
import pytest

from analysis.checks.audit.clock import tick_of
from analysis.checks.audit.digits import round_times
from analysis.checks.audit.finding import NotApplicableError
from analysis.checks.audit.tied_times import tied_times
from tests.checks.audit.tables import table


def test_ticks() -> None:
    unit = np.full(5, 1e-6)
    ticks = np.array([1, 3, 2, 7, 64]) / 64
    assert tick_of(np.round(ticks, 6), unit) == 1 / 64
    assert tick_of(np.array([0.05, 0.1, 0.25, 0.3, 0.15]), unit) == pytest.approx(0.05)
    assert tick_of(np.array([0.051237, 0.1, 0.25, 0.3, 0.15]), unit) == 0
    assert tick_of(ticks[:3], unit[:3]) == 0


def test_equal_times_of_a_coarse_clock_are_no_finding() -> None:
    ticks = [61, 72, 72, 83, 61, 72, 83, 83, 72, 61, 94, 72]
    quick = table(lr=np.arange(12), train_seconds=np.round(np.array(ticks) / 64, 6))
    for rule in (tied_times, round_times):
        with pytest.raises(NotApplicableError):
            rule(quick)
    other = [*np.linspace(100.123456, 131.654321, 10), 120.123456, 120.123456]
    (finding,) = tied_times(table(lr=np.arange(12), train_seconds=other))
    assert finding.severity == "serious"
