"""Count false alarms on honest tables, rule by rule: ``python -m tests.checks.audit.simulate 300``.

The number is that of tables of each shape; names of shapes may follow.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path
from zlib import crc32

import numpy as np

from analysis.audit import RULES, audit_table
from analysis.checks.audit.finding import Audit
from analysis.checks.audit.read import read_csv
from tests.checks.audit.honest import KINDS, honest_table
from tests.checks.audit.shapes import SHAPES


def audits_of(name: str, num: int, folder: Path) -> list[Audit]:
    """Audit ``num`` honest tables of one shape."""
    rng = np.random.default_rng(crc32(name.encode()))
    if name in KINDS:
        return [audit_table(honest_table(rng, KINDS[name])) for _ in range(num)]
    audits = []
    for _ in range(num):
        text, options = SHAPES[name](rng)
        path = folder / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        audits.append(audit_table(read_csv(path, options)))
    return audits


def main() -> None:
    """Print how many tables each rule was applied to, and how often it gave more than a note."""
    num = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    applied: Counter[str] = Counter()
    alarms: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[2:] or (*SHAPES, *KINDS):
            for audit in audits_of(name, num, Path(folder)):
                wrong = {f.rule for f in audit.findings if f.severity != "note"}
                applied.update(set(RULES) - set(audit.skipped))
                alarms.update(wrong)
                for finding in audit.findings:
                    if finding.severity != "note":
                        print(f"{name}: {finding.rule}: {finding.says}: {finding.evidence}")
    print("| rule | tables | false alarms |\n| --- | ---: | ---: |")
    for rule in RULES:
        print(f"| `{rule}` | {applied[rule]:,} | {alarms[rule]} |")


if __name__ == "__main__":
    main()
