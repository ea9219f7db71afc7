"""What a study recorded, as tests ask for it."""

from __future__ import annotations

from pathlib import Path

from tune_app.study.ledger import Ledger
from tune_app.study.trial_record import Record, parse_records
from tune_app.study.trials import RowKey


def ended(ledger: Ledger) -> dict[RowKey, str]:
    """Return the rows that need no trial any more, with their status."""
    return ledger.read_trials().ended(ledger.study)


def read_rows(path: Path) -> list[Record]:
    """Return the whole lines of a ``result.json``; none of a file that is not there."""
    return parse_records(path.read_text())[0] if path.is_file() else []
