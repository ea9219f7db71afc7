"""Rules on implausibly high accuracies and on solvers that were stopped early."""

from __future__ import annotations

import functools
from importlib import resources

import numpy as np
import pandas as pd

from analysis.checks.audit.finding import Finding, NotApplicableError, chance, percent
from analysis.checks.audit.methods import are_svms
from analysis.checks.audit.table import Table

_LEVEL = 1e-3


@functools.cache
def _ceilings() -> dict[tuple[str, str], tuple[float, str]]:
    with (resources.files("analysis.labs.reference") / "ceilings.csv").open(
        encoding="utf-8"
    ) as file:
        records = pd.read_csv(file).to_dict("records")
    return {(r["dataset"], r["family"]): (r["test_accuracy"], r["source"]) for r in records}


def ceiling(table: Table) -> list[Finding]:
    """Look for accuracies that exceed the highest known one by more than sampling explains.

    The ceiling is the user's, or the best published accuracy of SVMs or of neural networks on the
    data set. A row is reported if its number of correct images, or more, has a probability below
    0.001 / rows in a binomial distribution with the ceiling as its probability.
    """
    values, num = table.numbers("test_accuracy"), table.num_test
    limits = _limits(table)
    checked = np.isfinite(values) & np.isfinite(num) & np.array([bool(s) for _, s in limits])
    if not checked.any():
        raise NotApplicableError(
            "it needs --num-test, and --ceiling or a data set and method with a known ceiling"
        )
    from scipy.special import bdtr

    top = np.array([limit for limit, _ in limits])
    tail = np.ones(len(values))
    wrong = np.rint((1 - values) * np.nan_to_num(num))
    tail[checked] = bdtr(wrong[checked], num[checked].astype(int), 1 - top[checked])
    rows = np.flatnonzero(tail < _LEVEL / checked.sum()).tolist()
    if not rows:
        return []
    worst = min(rows, key=lambda row: tail[row])
    source = limits[worst][1]
    return [
        Finding(
            severity="serious",
            says="accuracies are above what is plausible for the method",
            evidence=(
                f"{len(rows)} of {int(checked.sum())} rows; row {table.named(worst)} has "
                f"{percent(values[worst])} of {int(num[worst]):,} images where "
                f"{percent(top[worst])} is the highest known ({source}): "
                f"{chance(float(tail[worst]))} by chance; {table.listed(rows)}"
            ),
            settle="the predictions of this row, and which images it was trained on",
            rows=tuple(rows),
        )
    ]


def _limits(table: Table) -> list[tuple[float, str]]:
    """Return each row's ceiling and its source; an empty source if there is no ceiling."""
    if table.ceiling is not None:
        return [(table.ceiling, "given")] * len(table.frame)
    is_network = "model" in table.frame
    names = table.levels("dataset") if "dataset" in table.frame else []
    families = ["svm" if svm else "network" if is_network else "" for svm in are_svms(table)]
    limits = [
        _ceilings().get((name, family), (1.0, ""))
        for name, family in zip(names, families, strict=False)
    ]
    return limits or [(1.0, "")] * len(table.frame)


def unconverged(table: Table) -> list[Finding]:
    """Look for solvers that were stopped before they converged."""
    if "converged" in table.frame:
        rows = [i for i, text in enumerate(table.levels("converged")) if text in ("false", "0")]
        limit = ""
    elif are_svms(table).any() and table.protocol.max_iter is not None:
        rows = list(range(len(table.frame)))
        limit = f", stopped after at most {table.protocol.max_iter:,} iterations"
    else:
        raise NotApplicableError("there is no column converged, and no iteration limit is known")
    if not rows:
        return []
    return [
        Finding(
            severity="warning" if "converged" in table.frame else "serious",
            says="solvers did not converge, so rows compare early stops, not methods",
            evidence=f"{len(rows)} of {len(table.frame)} rows{limit}: {table.listed(rows)}",
            settle="the same fits without an iteration limit",
            rows=tuple(rows),
        )
    ]
