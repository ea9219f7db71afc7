"""What came out of a study, from one reading of what its trials recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tune_app.study.history import RowKey, TrialHistory


def failed_trials(
    histories: Mapping[str, TrialHistory], plan_keys: Sequence[str]
) -> dict[str, str]:
    """Return directory name -> reason for the trials whose latest attempt ended in an error.

    The error of an earlier attempt, which Tune may copy into a directory even after the trial was
    tried again and finished, does not count.
    """
    planned = set(plan_keys)
    return {
        history.directories[-1].name: history.error
        for key, history in histories.items()
        if key in planned
        and history.error is not None
        and not history.rows <= history.finished.keys()
    }


def finished_rows(histories: Mapping[str, TrialHistory]) -> dict[RowKey, str]:
    """Return the finished rows with their status, as :meth:`Ledger.finished` does."""
    return {
        key: status for history in histories.values() for key, status in history.finished.items()
    }
