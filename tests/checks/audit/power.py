"""Count how many planted defects the audit finds: ``python -m tests.checks.audit.power 200``.

``--rules`` chooses the rules whose defects are planted.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from zlib import crc32

import numpy as np

from analysis.audit import audit_table
from analysis.checks.audit.read import read_csv
from tests.checks.audit import planted_arms, planted_numbers  # noqa: F401  (they fill PLANTED)
from tests.checks.audit.planting import PLANTED


def found(kind: str, num: int, folder: Path, seed: int = 0) -> tuple[int, int, int]:
    """Return how many of ``num`` tables the rule for a defect found, only noted, or others found.

    A finding counts from a warning on.
    """
    rule, make = PLANTED[kind]
    rng = np.random.default_rng([seed, crc32(kind.encode())])
    by_rule = noted = by_others = 0
    for _ in range(num):
        text, options = make(rng)
        path = folder / "table.csv"
        path.write_text(text, encoding="utf-8")
        findings = audit_table(read_csv(path, options)).findings
        serious = {finding.rule for finding in findings if finding.severity != "note"}
        by_rule += rule in serious
        noted += rule not in serious and rule in {finding.rule for finding in findings}
        by_others += rule not in serious and bool(serious)
    return by_rule, noted, by_others


def main() -> None:
    """Print a table: defect, rule, and how many of the planted ones it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("num", nargs="?", type=int, default=200, help="tables of each kind")
    parser.add_argument("--seed", type=int, default=0, help="of the tables (default: 0)")
    rules = sorted({rule for rule, _ in PLANTED.values()})
    parser.add_argument("--rules", nargs="+", default=rules, choices=rules, metavar="RULE")
    arguments = parser.parse_args()
    print(f"{arguments.num} tables of each kind, seed {arguments.seed}\n")
    print("| planted | rule | found | noted | found by others |")
    print("| --- | --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for kind, (rule, _) in PLANTED.items():
            if rule not in arguments.rules:
                continue
            counts = found(kind, arguments.num, Path(folder), arguments.seed)
            shown = " | ".join(f"{100 * count / arguments.num:.0f} %" for count in counts)
            print(f"| {kind} | `{rule}` | {shown} |", flush=True)


if __name__ == "__main__":
    main()
