from __future__ import annotations

from pathlib import Path

import pytest

from analysis.checks.audit.columns import Options
from analysis.checks.audit.finding import Finding, NotApplicableError
from analysis.checks.audit.means import mean_of_columns
from analysis.checks.audit.read import read_csv

TASKS = [(91.2, 72.4), (90.1, 75.0), (93.3, 70.6), (88.0, 64.2), (94.7, 79.9), (85.5, 60.1)]
TASKS += [(97.1, 83.2), (79.3, 55.5)]
MEANS = [81.8, 82.55, 81.95, 76.1, 87.3, 72.8, 90.15, 67.4]


def means(tmp_path: Path, averages: list[float], heading: str = "Avg.") -> list[Finding]:
    rows = zip(TASKS, averages, strict=True)
    lines = [f"m{i},{a},{b},{mean}" for i, ((a, b), mean) in enumerate(rows)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join([f"Method,MNIST,SVHN,{heading}", *lines]))
    return mean_of_columns(read_csv(path, Options({})))


def test_one_mean_is_wrong(tmp_path: Path) -> None:
    assert means(tmp_path, MEANS) == []
    (finding,) = means(tmp_path, [*MEANS[:3], 79.1, *MEANS[4:]])
    assert (finding.severity, finding.rows) == ("serious", (6,))
    assert "as row 4: 79.1, the mean is 76.1" in finding.evidence


def test_errors_and_fractions(tmp_path: Path) -> None:
    fractions = [mean / 100 for mean in MEANS]
    assert means(tmp_path, [*fractions[:5], 0.901, *fractions[6:]])[0].rows == (10,)


def test_weighted_means_and_other_columns_are_silent(tmp_path: Path) -> None:
    weighted = [round(0.8 * a + 0.2 * b, 1) for a, b in TASKS]
    assert means(tmp_path, weighted) == []
    for heading in ("Std", "Mean time (s)", "Params"):
        with pytest.raises(NotApplicableError):
            means(tmp_path, MEANS, heading)


def test_seeds_as_columns(tmp_path: Path) -> None:
    rows = ""
    for lr in range(1, 7):
        seeds = [80 + 2.5 * lr, 81.5 + 2.5 * lr, 82.5 + 2.5 * lr]
        rows += f"{lr},{seeds[0]},{seeds[1]},{seeds[2]},{sum(seeds) / 3:.2f},{1.1 + lr / 100}\n"
    path = tmp_path / "t.csv"
    path.write_text(f"LR,Seed 0,Seed 1,Seed 2,Mean,Std\n{rows}")
    table = read_csv(path, Options({}, num_test=200))
    assert table.settings == ("lr", "seed") and table.runs == 1
    assert mean_of_columns(table) == []
    path.write_text(path.read_text().replace("88.83", "87.83"))
    assert mean_of_columns(read_csv(path, Options({})))[0].rows == (6,)


def test_means_that_are_off_by_a_rounding_or_two_are_weighted(tmp_path: Path) -> None:
    """Two of eight are 0.1 beyond their rounding: weights of 30 to 31 images do that."""
    nearly = [*MEANS[:3], 76.3, *MEANS[4:7], 67.6]
    assert means(tmp_path, nearly) == []
    assert len(means(tmp_path, [*MEANS[:3], 77.1, *MEANS[4:7], 68.4])) == 1
