"""``python -m analysis.audit``: find in a table of results what cannot be right."""

import sys

from analysis.checks.audit import RULES, Audit, Finding, audit_table, audit_tables, published
from analysis.checks.audit.command import main
from analysis.checks.audit.table import from_reference

__all__ = [
    "RULES",
    "Audit",
    "Finding",
    "audit_table",
    "audit_tables",
    "from_reference",
    "main",
    "published",
]

if __name__ == "__main__":
    sys.exit(main())
