"""Compared arms that were not run alike, and tables that should agree but do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.checks.audit.finding import Finding, NotApplicableError, of_rule, percent
from analysis.checks.audit.sizes import SINGLE_PRECISION, TWICE
from analysis.checks.audit.table import Table
from tune_app.study.measures import is_share

_FURTHER_THAN_NOISE = 5.0
"""In binomial standard errors of a difference. ``_TRAINING_NOISE`` is added to it."""
_TRAINING_NOISE = 0.005
_SAME_FLOPS = 0.05
_PROTOCOL = ("optimizer_details", "mixed_precision", "epochs", "input_shape", "split")


def unmatched(table: Table) -> list[Finding]:
    """Look for rows of compared arms without a counterpart that differs only in the arm."""
    compared = [factor for factor in table.compared if factor in table.varying()]
    if not compared:
        raise NotApplicableError("no arms are compared; name the setting with --compare")
    findings = []
    for factor in compared:
        levels = {*table.levels(factor)}
        matched = {row for rows in table.matched(factor) for row in rows}
        alone = [row for row in range(len(table.frame)) if row not in matched]
        if not alone:
            continue
        findings.append(
            Finding(
                severity="warning",
                says=f"rows in a comparison of {factor} have no counterpart",
                evidence=f"{len(alone)} of {len(table.frame)} rows, levels "
                f"{', '.join(sorted(levels))}: "
                + "; ".join(f"row {table.named(row)} ({table.describe(row)})" for row in alone[:4]),
                settle="the missing counterparts, or a comparison of matched rows only",
                rows=tuple(alone),
            )
        )
    return findings


def restated(first: Table, second: Table) -> list[Finding]:
    """Compare two tables that should hold the same rows and numbers."""
    common = [s for s in first.settings if s in second.settings]
    keys_1, keys_2 = first.keys(common), second.keys(common)
    only_1 = [i for i, key in enumerate(keys_1) if key not in keys_2]
    only_2 = [i for i, key in enumerate(keys_2) if key not in keys_1]
    findings = []
    if only_1 or only_2:
        parts = [
            f"{t.name} alone has {t.describe(i)}"
            for t, rows in ((first, only_1), (second, only_2))
            for i in rows
        ]
        findings.append(
            Finding(
                severity="serious",
                says=f"{first.name} and {second.name} should list the same rows but do not",
                evidence="; ".join(parts),
                settle="the log that both were made from",
                rows=tuple(only_1),
            )
        )
    shared = [(i, keys_2.index(key)) for i, key in enumerate(keys_1) if key in keys_2]
    for column in (c for c in first.unit if c in second.unit):
        findings += disagreement(first, second, str(column), shared)
    return of_rule("restated", first.name, findings)


def disagreement(
    first: Table, second: Table, column: str, shared: list[tuple[int, int]]
) -> list[Finding]:
    """Compare a column of two tables in the rows that they share.

    Args:
        first, second: the tables.
        column: our name of a measured column.
        shared: positions in both tables of each row that they share.
    """
    a, b = first.numbers(column), second.numbers(column)
    units = np.array([max(first.units(column)[i], second.units(column)[j]) for i, j in shared])
    gaps = np.array([abs(a[i] - b[j]) for i, j in shared])
    units = np.maximum(units, SINGLE_PRECISION) if is_share(column) else units
    unknown = ~np.isfinite(gaps)
    rounded = unknown | (gaps <= units * (TWICE + 1e-6))
    cut = unknown | (gaps < units * (1 - 1e-6))
    wrong = [pair for pair, ok in zip(shared, cut, strict=True) if not ok]
    truncated = [pair for pair, r, c in zip(shared, rounded, cut, strict=True) if c and not r]
    findings = []
    for pairs, severity, says in (
        (wrong, "serious", f"print different {column} for the same rows"),
        (truncated, "note", f"agree on {column} only if digits were cut off, not rounded"),
    ):
        if pairs:
            i, j = pairs[0]
            findings.append(
                Finding(
                    severity=severity,
                    says=f"{first.name} and {second.name} {says}",
                    evidence=f"{len(pairs)} of {len(shared)} rows, as {first.describe(i)}: "
                    f"{a[i]:.10g} and {b[j]:.10g}",
                    settle="the log that both were made from",
                    rows=tuple(i for i, _ in pairs),
                )
            )
    return findings


def same_settings(first: Table, second: Table) -> list[Finding]:
    """Compare accuracies of rows with the same settings in two tables of one report."""
    common = [s for s in first.settings if s in second.settings]
    if "model" not in common or "dataset" not in common:
        return []
    a, b = first.numbers("test_accuracy"), second.numbers("test_accuracy")
    keys_1, keys_2 = first.keys(common), second.keys(common)
    far = []
    for i, key in enumerate(keys_1):
        others = [j for j, other in enumerate(keys_2) if other == key]
        if keys_1.count(key) > 1 or not others or not np.isfinite(first.num_test[i]):
            continue
        j = min(others, key=lambda j: abs(a[i] - b[j]))
        error = np.sqrt(sum(p * (1 - p) for p in (a[i], b[j])) / first.num_test[i])
        if abs(a[i] - b[j]) > _FURTHER_THAN_NOISE * error + _TRAINING_NOISE:
            far.append((i, j))
    if not far:
        return []
    differing = [
        f"{name.replace('_', ' ')} ({_said(one)} against {_said(other)})"
        for name in _PROTOCOL
        if (one := getattr(first.protocol, name)) != (other := getattr(second.protocol, name))
    ]
    parts = [f"{first.describe(i)}: {percent(a[i])} and {percent(b[j])}" for i, j in far]
    why = f"; the two tables differ in {', '.join(differing)}" if differing else ""
    finding = Finding(
        severity="warning" if differing else "serious",
        says=f"rows with the same settings have other accuracies in {second.name}",
        evidence="; ".join(parts) + why,
        settle="all settings of both runs",
        rows=tuple(i for i, _ in far),
    )
    return of_rule("same_settings", first.name, [finding])


def _said(value: object) -> str:
    """Return an entry of a protocol as text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {text}" for key, text in value.items())
    return "not stated" if value is None else str(value)


def flops(tables: Sequence[Table]) -> list[Finding]:
    """Compare the FLOPs of the same model in different tables."""
    found: dict[str, dict[str, float]] = {}
    for table in tables:
        if "flops" in table.frame and "model" in table.frame:
            for model, value in zip(table.levels("model"), table.numbers("flops"), strict=True):
                if 0 < value < np.inf:
                    found.setdefault(model, {})[table.name] = float(value)
    protocols = {table.name: table.protocol for table in tables}
    findings = []
    for model, by_table in found.items():
        low, high = min(by_table, key=by_table.__getitem__), max(by_table, key=by_table.__getitem__)
        ratio = by_table[high] / by_table[low]
        if ratio <= 1 + _SAME_FLOPS:
            continue
        how = [
            f"{by_table[name] / 1e6:,.1f} M in {name} ({protocols[name].counting or 'unknown unit'}"
            f" at {_shape(protocols[name].input_shape)})"
            for name in (high, low)
        ]
        units = {protocols[high].counting, protocols[low].counting}
        apart = ""
        if units == {"macs", "flops"}:
            apart = "; counted alike they would be about "
            apart += f"{ratio * (2 if protocols[high].counting == 'macs' else 0.5):.0f}-fold apart"
        findings.append(
            Finding(
                rule="flops",
                severity="warning",
                table=low,
                says=f"FLOPs of {model} differ {ratio:.1f}-fold between tables",
                evidence=" against ".join(how) + apart + ", because of the input, not the model",
                settle="the multiply-adds and the input shape beside every number",
            )
        )
    return findings


def _shape(shape: tuple[int, ...] | None) -> str:
    return "×".join(map(str, shape)) if shape else "an unknown input"
