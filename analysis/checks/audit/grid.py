"""Rules on the plan of a table: settings that stand twice, and settings that never vary apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from analysis.checks.audit.finding import Finding, NotApplicableError
from analysis.checks.audit.table import MEASURED, Table
from analysis.frames.cells import counted
from tune_app.study.measures import is_share

_FEWEST_ROWS = 8
_TELLING, _FEWEST_TELLING = 0.5, 3
"""Share of different values with which a column tells results apart, and the fewest of these."""
_FAR = 4.0
_DEPENDENT = {
    "optimizer": ("lr", "weight_decay", "momentum", "epochs"),
    "batch_size": ("lr", "epochs"),
    "lr": ("epochs", "weight_decay", "momentum"),
    "device": ("batch_size", "num_workers", "pin_memory", "mixed_precision"),
    "mixed_precision": ("batch_size",),
    "C": ("gamma", "max_iter"),
    "kernel": ("C", "gamma", "degree", "max_iter"),
    "pin_memory": ("num_workers",),
}
"""Settings that people choose to suit each other, so that their levels often go together."""
_SUITS_ALL = ("model", "dataset", "image_size", "in_channels", "num_train_images")


def repeated_rows(table: Table) -> list[Finding]:
    """Look for rows that stand twice, and for rows with other settings and the same results.

    Honest tables have the first: a run that was started again and reported twice, or a solver
    without chance. Of the second a setting that nothing uses is the usual cause, in a script or
    because its levels do the same. Both findings are notes.
    """
    measured = [c for c in MEASURED if c in table.frame]
    if not measured or not table.settings:
        raise NotApplicableError("it needs settings and results")
    rows = table.groups([*table.settings, *measured])
    twice = [group for group in rows.values() if len(group) > 1]
    return [
        *_repeated(
            table,
            twice,
            says="rows stand twice, with the same settings and the same results",
            settle="whether they are different runs",
        ),
        *_repeated(
            table,
            _alike(table, [c for c in measured if is_share(c)]),
            says="rows with different settings have the same results",
            settle="whether the run uses the settings that differ, or a row was copied",
        ),
    ]


def _repeated(
    table: Table, groups: list[list[int]], *, says: str, settle: str
) -> Iterator[Finding]:
    if groups:
        evidence = f"{counted(len(groups), 'group')}, as {table.listed(groups[0])}"
        if differing := _differing(table, groups[0]):
            evidence += f", which differ in {' and '.join(differing)}"
        rows = tuple(row for group in groups for row in group)
        yield Finding(severity="note", says=says, evidence=evidence, settle=settle, rows=rows)


def _alike(table: Table, columns: list[str]) -> list[list[int]]:
    """Return the groups of rows that differ in settings, but in none of several shares.

    Only columns count that tell most of the groups apart: in others rows are equal by coincidence.
    """
    if len(columns) < _FEWEST_TELLING:
        return []
    known = np.all([np.isfinite(table.numbers(column)) for column in columns], axis=0)
    groups = [[r for r in rows if known[r]] for rows in table.groups(columns).values()]
    groups = [rows for rows in groups if rows]
    distinct = [len({table.numbers(column)[rows[0]] for rows in groups}) for column in columns]
    if sum(number > max(1, _TELLING * len(groups)) for number in distinct) < _FEWEST_TELLING:
        return []
    return [rows for rows in groups if len(rows) > 1 and _differing(table, rows)]


def _differing(table: Table, rows: list[int]) -> list[str]:
    """Return the settings in which some rows differ."""
    return [s for s in table.varying() if len({table.levels(s)[row] for row in rows}) > 1]


def repeated_settings(table: Table) -> list[Finding]:
    """Look for settings that stand several times where others of the grid are missing.

    The table must have as many rows as the full grid of its settings, or a multiple. Two kinds of
    honest tables look like it. In a random search that drew as many settings as the grid has, 63 %
    of them are distinct: the rule is silent unless the number is four standard deviations away.
    Rows that stand twice with the same results are restarts: they are counted once. A plan in which
    each setting stands equally often has several runs of a part of the grid.
    """
    varying = table.varying()
    first = [group[0] for group in table.groups([*varying, "test_accuracy"]).values()]
    keys = table.keys(varying)
    rows = len(first)
    full = prod(len({key[i] for key in keys}) for i in range(len(varying)))
    if len(varying) < 2 or rows < _FEWEST_ROWS or rows % full:
        raise NotApplicableError("the rows are not as many as a full grid of the settings has")
    times = Counter(keys)
    distinct = len(times)
    drawn = 1 - np.exp(-rows / full)
    spread = np.sqrt(full * (1 - drawn) * (1 - (1 + rows / full) * (1 - drawn)))
    is_planned = distinct == full or len(set(times.values())) == 1
    if is_planned or abs(distinct - full * drawn) <= _FAR * spread:
        return []
    groups = [group for group in table.groups(varying).values() if len(group) > rows // full]
    twice = sorted(row for group in groups for row in group)
    return [
        Finding(
            severity="serious",
            says="settings stand several times while others of the grid are missing",
            evidence=f"{rows} rows have {distinct} distinct settings, a full grid of "
            f"{', '.join(varying)} has {full}; {table.listed(groups[0])} are "
            f"{table.describe(groups[0][0])}",
            settle="the settings of these rows in their logs",
            rows=tuple(twice),
        )
    ]


def confounded(table: Table) -> list[Finding]:
    """Look for settings that never vary apart, so that their effects cannot be told apart.

    Honest tables have such settings where one suits the other: a learning rate for each optimizer,
    a size for each model, or a recipe that sets three settings or more. These give a note, others a
    warning. Rows must be more than levels, because otherwise each row is just its own case. Seeds
    are meant to differ from row to row.
    """
    varying = [name for name in table.varying() if name != "seed"]
    if len(varying) < 2:
        raise NotApplicableError("fewer than two settings vary")
    partitions: dict[tuple[int, ...], list[str]] = {}
    for name in varying:
        places: dict[str, int] = {}
        blocks = tuple(places.setdefault(level, len(places)) for level in table.levels(name))
        partitions.setdefault(blocks, []).append(name)
    return [
        _confounded(table, names)
        for blocks, names in partitions.items()
        if len(names) > 1 and len(set(blocks)) * 2 <= len(blocks) >= _FEWEST_ROWS
    ]


def _confounded(table: Table, names: list[str]) -> Finding:
    levels = list(dict.fromkeys(table.keys(names)))
    chosen = len(names) > 2 or _are_chosen_together(names[0], names[1])
    is_compared = bool({*names} & {*table.compared})
    first, *others = names
    # A setting that some rows do not have cannot be varied in them.
    everywhere = [name for name in others if "" not in table.levels(name)]
    return Finding(
        severity="note" if chosen and not is_compared else "warning",
        says=f"{', '.join(names[:-1])} and {names[-1]} never vary apart, so no effect can be put "
        "down to one of them",
        evidence="; ".join(_together(names, key) for key in levels[:4]),
        settle=f"rows with another {(everywhere or others)[-1]} for the same {first}",
    )


def _together(names: Sequence[str], levels: Sequence[str]) -> str:
    first, *others = (
        f"{name} {level}" if level else f"no {name}"
        for name, level in zip(names, levels, strict=True)
    )
    return f"{first} always with {' and '.join(others)}"


def _are_chosen_together(a: str, b: str) -> bool:
    known = {*_DEPENDENT, *(name for names in _DEPENDENT.values() for name in names), "pin_memory"}
    if {a, b} & set(_SUITS_ALL) or not {a, b} <= known:
        return True
    return b in _DEPENDENT.get(a, ()) or a in _DEPENDENT.get(b, ())
