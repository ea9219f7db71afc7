"""Count false alarms on honest tables, rule by rule.

``python -m tests.checks.audit.simulate 300 --seed 7`` audits 300 tables of each shape; ``--shapes``
and ``--rules`` choose some.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import numpy as np

from analysis.audit import RULES, audit_table
from analysis.checks.audit.finding import Audit
from analysis.checks.audit.read import read_csv
from tests.checks.audit.copies import audit_of_a_copy
from tests.checks.audit.honest import KINDS, honest_table
from tests.checks.audit.shapes import SHAPES

COPIES = "copies"
"""The shape of a table and its own log, which is compared with ``--against``."""
NAMES = (*SHAPES, *KINDS, COPIES)
_CONFIDENCE = 0.95


def audits_of(
    name: str, num: int, folder: Path, seed: int = 0, rules: Sequence[str] = tuple(RULES)
) -> list[Audit]:
    """Audit ``num`` honest tables of one shape, by some of the rules."""
    chosen = {rule: RULES[rule] for rule in rules}
    rng = np.random.default_rng([seed, crc32(name.encode())])
    if name in KINDS:
        return [audit_table(honest_table(rng, KINDS[name]), (), chosen) for _ in range(num)]
    if name == COPIES:
        return [audit_of_a_copy(rng, folder) for _ in range(num)]
    audits = []
    for _ in range(num):
        text, options = SHAPES[name](rng)
        path = folder / "table.csv"
        path.write_text(text, encoding="utf-8")
        audits.append(audit_table(read_csv(path, options), (), chosen))
    return audits


def highest_rate(alarms: int, tables: int) -> float:
    """Return the upper limit of the rate of alarms, one-sided at 95 % (Clopper and Pearson)."""
    from scipy.stats import beta

    return float(beta.ppf(_CONFIDENCE, alarms + 1, tables - alarms)) if alarms < tables else 1.0


def main() -> None:
    """Print how many tables each rule was applied to, and how often it gave more than a note."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("num", nargs="?", type=int, default=300, help="tables of each shape")
    parser.add_argument("--seed", type=int, default=0, help="of the tables (default: 0)")
    parser.add_argument("--shapes", nargs="+", default=NAMES, choices=NAMES, metavar="SHAPE")
    parser.add_argument("--rules", nargs="+", default=tuple(RULES), choices=RULES, metavar="RULE")
    arguments = parser.parse_args()
    applied: Counter[str] = Counter()
    alarms: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.shapes:
            print(f"{name} ...", file=sys.stderr, flush=True)
            of = (name, arguments.num, Path(folder), arguments.seed, arguments.rules)
            for audit in audits_of(*of):
                found = [f for f in audit.findings if f.severity != "note"]
                applied.update(set(arguments.rules) - set(audit.skipped))
                applied["against"] += name == COPIES
                alarms.update({f.rule for f in found})
                for finding in found:
                    print(f"{name}: {finding.rule}: {finding.says}: {finding.evidence}", flush=True)
    total = arguments.num * len(arguments.shapes)
    print(f"{total:,} tables of {len(arguments.shapes)} shapes, seed {arguments.seed}\n")
    print("| rule | tables | false alarms | at most, 95 % |\n| --- | ---: | ---: | ---: |")
    for rule in (*RULES, "against"):
        if applied[rule]:
            limit = f"{100 * highest_rate(alarms[rule], applied[rule]):.3f} %"
            print(f"| `{rule}` | {applied[rule]:,} | {alarms[rule]} | {limit} |")


if __name__ == "__main__":
    main()
