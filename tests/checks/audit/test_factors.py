from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from analysis.audit import from_reference
from analysis.checks.audit.factors import flipped_winner, placebo
from analysis.checks.audit.finding import NotApplicableError
from analysis.labs.reference import load_table
from tests.checks.audit.honest import GRID, Kind, honest_table
from tests.checks.audit.tables import table


def test_placebo_of_report_a() -> None:
    note = placebo(from_reference(load_table("report_a_q1a")))[0]
    assert note.severity == "note"
    assert "64 pairs differ by -0.03 points in the mean, t = -0.2" in note.evidence
    assert "mnist, epochs 5: 0.16 points by the median, 0.18 by rms" in note.evidence


def test_placebo_that_works() -> None:
    honest = honest_table(np.random.default_rng(0), Kind(GRID, 14_000, 6))
    assert [f.severity for f in placebo(honest)] == ["note"]
    honest.frame.loc[honest.frame["pin_memory"], "test_accuracy"] += 0.01
    assert [f.severity for f in placebo(honest)] == ["warning"]


def test_interaction_of_report_a() -> None:
    (finding,) = flipped_winner(from_reference(load_table("report_a_q1a")))
    assert finding.severity == "warning" and "depends on lr" in finding.says
    assert "at lr 0.0001 adam wins 29 of 32 pairs" in finding.evidence
    assert "at lr 0.001 sgd wins 24 of 32 pairs" in finding.evidence


def test_interaction_without_a_text_is_a_note() -> None:
    honest = honest_table(np.random.default_rng(4), Kind(GRID, 14_000, 6))
    assert flipped_winner(honest) == []
    adam, small = honest.frame["optimizer"] == "adam", honest.frame["lr"] == 1e-4
    better = honest.frame["test_accuracy"] + 0.05 * np.where(small, adam, ~adam)
    flipped = replace(honest, frame=honest.frame.assign(test_accuracy=better))
    found = {f.says for f in flipped_winner(flipped)}
    assert "which optimizer is better depends on lr" in found
    assert {f.severity for f in flipped_winner(flipped)} == {"note"}


def test_what_cannot_be_tested_says_so() -> None:
    svm = from_reference(load_table("report_b_pin_memory"))
    for rule in (placebo, flipped_winner):
        with pytest.raises(NotApplicableError):
            rule(svm)


def test_a_placebo_moves_results_only_where_chance_hardly_does() -> None:
    """One placebo in a hundred has such differences: it is a note, not a warning."""
    moved = 0.001 * np.array([-1, 2, 3, -1, 2, 4, 1, 3])
    assert 1e-4 < stats.ttest_1samp(moved, 0).pvalue < 0.05
    accuracies = np.concatenate([np.full(8, 0.9), 0.9 + moved])
    rows = {"pin_memory": [False] * 8 + [True] * 8, "lr": [*range(8), *range(8)]}
    (finding,) = placebo(table(**rows, test_accuracy=accuracies, train_seconds=[1.0] * 16))
    assert finding.severity == "note" and "8 pairs differ by +0.16 points" in finding.evidence
