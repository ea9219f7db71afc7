"""What the audit finds in the studies of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.frames.cells import counted
from analysis.frames.load import Study
from analysis.render.document import Block, Paragraph, Section, Table
from search_spaces.errors import one_line


def audited(studies: Mapping[str, Study]) -> Section | None:
    """Return the findings of the audit of these studies; None if no study has test accuracies."""
    from analysis.checks.audit.finding import Audit
    from analysis.checks.audit.study import audit_study

    audits: list[Audit] = [
        audit_study(study) for study in studies.values() if "test_accuracy" in study.rows
    ]
    if not audits:
        return None
    found = [finding for audit in audits for finding in audit.findings]
    applied = {rule for audit in audits for rule in audit.clean} | {f.rule for f in found}
    known = applied.union(*(audit.skipped for audit in audits))
    text = (
        f"{len(applied)} of {len(known)} rules could be applied to the rows of these studies; "
        f"{counted(len(found), 'finding')}. python -m analysis.audit lists the other rules, with "
        "the reasons why they could not be applied."
    )
    blocks: list[Block] = [Paragraph(text)]
    if found:
        blocks.append(_findings_table(found))
    return Section("Audit of these numbers", tuple(blocks))


def _findings_table(found: Sequence[Any]) -> Table:
    columns = ("severity", "table", "rule", "says", "evidence", "settle")
    frame = pd.DataFrame([{c: getattr(finding, c) for c in columns} for finding in found])
    names = {"table": "study", "says": "finding", "settle": "what would settle it"}
    cells = {names.get(c, c): [one_line(str(value)) for value in frame[c]] for c in columns}
    return Table("audit", "What the audit finds in these studies.", cells, frame)
