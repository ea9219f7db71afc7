"""What the record of a launch holds: versions, hardware, command, order, and the rows left open."""

from __future__ import annotations

from typing import Any

from tune_app.engine.gpus import gpu_names
from tune_app.planning.plan import Plan
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.planning.row_choice import why_left_out
from tune_app.study.code_fingerprint import code_entry
from tune_app.study.provenance import collect_provenance, without_secrets
from tune_app.study.rows import open_entries
from tune_app.study.trials import RowKey


def launch_record(study: PreparedStudy, plan: Plan) -> dict[str, Any]:
    """Return what is recorded of a launch when it begins."""
    request = study.request
    reasons = {row.key: row.reason for row in plan.open_rows} | _left_out(study, plan)
    return {
        **collect_provenance(request.arguments, gpu_names()),
        **({"command": without_secrets(request.call)} if request.call else {}),
        **code_entry(request.code),
        "sharing": request.sharing,
        **({"order": study.order()._asdict()} if study.search is None else {}),
        "open": open_entries(reasons),
    }


def _left_out(study: PreparedStudy, plan: Plan) -> dict[RowKey, str]:
    """Return why the launch does not run rows that have not begun."""
    conditions = study.request.where
    if not conditions:
        return {}
    outcomes, reason = study.recorded.outcomes(study.ledger.study), why_left_out(conditions)
    return {key: reason for key in plan.left_out if outcomes[key].status in ("missing", "open")}
