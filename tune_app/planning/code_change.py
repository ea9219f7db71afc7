"""What becomes of a study whose user's code has changed since its last launch.

Rows of two versions of a function are rows of two experiments. So a launch with other code is
refused, unless nothing was trained with the old code or the user accepts the change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search_spaces.errors import UserError
from tune_app.planning.request import StudyRequest
from tune_app.study.code_fingerprint import changed_files, code_entry, code_of
from tune_app.study.ledger import REMEDY, Ledger
from tune_app.study.recorded import Recorded
from tune_app.study.rows import RowOutcome
from tune_app.study.trials import ENDED, RowKey


def check_code(existing: Ledger, request: StudyRequest) -> None:
    """Check that the code of a request is that of the existing study.

    Raises:
        UserError: it is other code, trials were trained with the old one, and the request does not
            accept the change.
    """
    new = code_entry(request.code)
    if code_of(existing.study) == code_of(new) or request.accept_code_change:
        return
    recorded = existing.read_trials()
    if not _is_trained_by_other(recorded, code_of(new)):
        return
    number = len(recorded.ended(existing.study))
    raise UserError(
        f"study {existing.name} was made with other code ({changed_files(existing.study, new)}); "
        f"{_kept(number)}; use --accept-code-change to go on with the new code (the rows then say "
        f"which code made them), or {REMEDY}"
    )


def code_notes(before: Mapping[str, Any], now: Mapping[str, Any], recorded: Recorded) -> list[str]:
    """Return a note if the code of a study has changed.

    Args:
        before: the existing study.
        now: the study as the request extends it.
        recorded: what earlier launches recorded.
    """
    if code_of(before) == code_of(now):
        return []
    changed = f"the code has changed ({changed_files(before, now)})"
    if not _is_trained_by_other(recorded, code_of(now)):
        return [f"{changed}; nothing was trained with the old code"]
    outcomes = recorded.outcomes(now).values()
    number = sum(outcome.status in ENDED for outcome in outcomes)
    begun = {o.trial.key for o in outcomes if o.trial and o.status not in ENDED and o.trial.history}
    trials = f"{len(begun)} trial{'s' if len(begun) > 1 else ''} begun with the old code"
    goes_on = f"; {trials} may go on from a checkpoint of the old code" if begun else ""
    return [f"{changed}; {_kept(number)}{goes_on}"]


def older_code(study: Mapping[str, Any], outcomes: Mapping[RowKey, RowOutcome]) -> str:
    """Return how many results were made with other code than the study's; empty if none was."""
    codes = [outcome.code for outcome in outcomes.values() if outcome.report]
    older = sum(code != code_of(study) for code in codes)
    if not older:
        return ""
    return (
        f"{older} of {len(codes)} rows with a result were made with older code than the study's, "
        "wholly or in part"
    )


def _is_trained_by_other(recorded: Recorded, code: str) -> bool:
    return any(d.records and d.plan.get("code", "") != code for d in recorded.directories)


def _kept(number: int) -> str:
    if number == 1:
        return "its 1 finished row stays as it is"
    return f"its {number:,} finished rows stay as they are"
