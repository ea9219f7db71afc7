"""Rules on how the best row was picked, and on the limits of the grid."""

from __future__ import annotations

import numpy as np

from analysis.checks.audit.finding import Finding, NotApplicableError, percent
from analysis.checks.audit.table import Table
from analysis.frames.cells import counted
from analysis.frames.labels import heading
from analysis.stats import proportion_interval

_FEWEST_LEVELS = 3
_ORDERED = ("lr", "C", "degree", "gamma", "batch_size", "epochs")


def selection(table: Table) -> list[Finding]:
    """Check that best rows were not picked on the test images that they are reported on."""
    claims = [s for s in table.statements if s.kind == "best"]
    candidates = table.protocol.num_candidates
    picked_on = table.protocol.selection
    validated = "val_accuracy" in table.frame and table.frame["val_accuracy"].notna().any()
    if picked_on is None and not claims:
        raise NotApplicableError("no row is called the best; add --selected-on if one is")
    if picked_on == "val" or (picked_on is None and validated):
        return []
    where = [(str(s.where.get("dataset", "all rows")), table.subset(s.where)) for s in claims]
    evidence = [_tied(table, name, mask) for name, mask in where or table.by_dataset()]
    if candidates > 1:
        evidence.insert(0, f"each row is the best of {candidates} configurations")
    source = "stated by the source" if picked_on else "there is no validation metric to pick on"
    return [
        Finding(
            severity="serious",
            says="best rows are picked on the test images, so their accuracies are too high",
            evidence="; ".join([source, *filter(None, evidence)]),
            settle="the validation accuracies of all configurations",
        )
    ]


def _tied(table: Table, name: str, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    values = np.where(mask, table.numbers("test_accuracy"), np.nan)
    if table.protocol.num_candidates > 1 or np.isfinite(values).sum() < 2:
        return ""
    best = int(np.nanargmax(values))
    num = table.num_test[best]
    low, high = proportion_interval(values[best] * num, num)
    if not np.isfinite(low):
        return f"the best of {int(np.isfinite(values).sum())} on {name}"
    tied = int((values >= low).sum()) - 1
    return (
        f"on {name} {percent(values[best])} is the largest of {int(np.isfinite(values).sum())}, "
        f"its 95 % interval is {100 * low:.2f} to {100 * high:.2f} and "
        f"{counted(tied, 'other row')} {'lies' if tied == 1 else 'lie'} in it"
    )


def _words(metric: str) -> str:
    return heading(metric).partition(" (")[0]


def grid_edge(table: Table) -> list[Finding]:
    """Look for a setting whose results only rise or only fall, so that its best level is an end."""
    metric = "val_accuracy" if "val_accuracy" in table.frame else "test_accuracy"
    values, findings, applied = table.numbers(metric), [], False
    for axis in _ORDERED:
        at = table.numbers(axis)
        levels = np.unique(at[np.isfinite(at)])
        if axis not in table.settings or len(levels) < _FEWEST_LEVELS:
            continue
        if not np.isfinite(values).all():
            raise NotApplicableError(f"some rows have no {_words(metric)}")
        groups = [rows for rows in table.matched(axis) if len(rows) == len(levels)]
        if not groups:
            continue
        applied = True
        ordered = [[rows[i] for i in np.argsort(at[rows], kind="stable")] for rows in groups]
        means = np.nanmean([values[rows] for rows in ordered], axis=0)
        steps = np.diff(means)
        if (steps > 0).all() or (steps < 0).all():
            edge = levels[-1] if steps[0] > 0 else levels[0]
            findings.append(
                Finding(
                    severity="note",
                    says=f"the best {axis} is at the end of the grid, a better one may lie beyond",
                    evidence=f"mean {_words(metric)} over {counted(len(groups), 'group')}: "
                    + ", ".join(
                        f"{level:g}: {percent(mean)}"
                        for level, mean in zip(levels, means, strict=True)
                    ),
                    settle=f"one more level beyond {edge:g}",
                )
            )
    if not applied:
        raise NotApplicableError("no ordered setting has three levels or more")
    return findings
