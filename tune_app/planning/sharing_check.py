"""Checks that a row which shares a trial equals the same row in a trial of its own.

A space claims with ``prefix_axis`` that a short training is the beginning of a longer one. The
claim is wrong if the training depends on its length, as with a learning-rate schedule. So one row
is trained again on its own, and what both trials reported at its last epoch is compared.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from search_spaces.errors import UserError, choices, one_line
from search_spaces.reserved import RESERVED
from tune_app.planning.plan import Plan, SharingCheck
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.planning.resources import Cluster
from tune_app.study.code_fingerprint import code_of
from tune_app.study.ledger import Ledger
from tune_app.study.recorded import Recorded
from tune_app.study.run_dependent import is_run_dependent
from tune_app.study.trials import RowKey


def with_check(study: PreparedStudy, plan: Plan, cluster: Cluster) -> Plan:
    """Return the plan with a check of sharing.

    The row of the check is the cheapest one that ends before its trial does, of the planned trials
    or else of those that have finished.

    Raises:
        UserError: no row ends before its trial does.
    """
    if not study.request.sharing:
        raise UserError("--check-sharing: with --no-sharing no row shares a trial; leave one out")
    rows = list(_planned_rows(plan)) or list(_finished_rows(study))
    trainable = study.trainable
    costs = {
        c.config_id: trainable.cost(trainable.complete(c.config))
        for c in study.ledger.configurations()
    }
    in_order = sorted(rows, key=lambda row: costs[row[0]])
    checks = (_check_of(study, row, cluster) for row in in_order)
    check = next((check for check in checks if check is not None), None)
    if check is None:
        raise UserError(
            f"--check-sharing: no row of {study.ledger.name} is the beginning of a longer one, so "
            "there is nothing to check; leave the option out"
        )
    return replace(plan, check=check)


def _planned_rows(plan: Plan) -> Iterator[RowKey]:
    for trial in plan.trials:
        if len(trial.milestones) > 1:
            yield trial.serves[trial.milestones[0]][0], int(trial.config["seed"])


def _finished_rows(study: PreparedStudy) -> Iterator[RowKey]:
    """Yield the rows with a result of the present code that end before their trial does."""
    content = study.ledger.study
    for key, outcome in study.recorded.outcomes(content).items():
        trial, is_current = outcome.trial, outcome.code == code_of(content)
        is_first = trial is not None and outcome.milestone != trial.last_milestone
        if outcome.report is not None and is_current and is_first:
            yield key


def _check_of(study: PreparedStudy, row: RowKey, cluster: Cluster) -> SharingCheck | None:
    """Return the check of a row, or None if the cluster cannot run it."""
    config_id, seed = row
    content = study.ledger.study
    alone = [entry for entry in content["configurations"] if entry["config_id"] == config_id]
    ledger = Ledger(study.ledger.store, {**content, "configurations": alone, "seeds": [seed]})
    request = replace(study.request, sharing=False, check_sharing=False)
    checked = replace(study.checked, request=request)
    single = replace(study, checked=checked, ledger=ledger, recorded=Recorded(()))
    trials = single.plan(cluster).trials
    if not trials:
        return None
    key = hashlib.sha256(f"check sharing {trials[0].key}".encode()).hexdigest()[:16]
    name = f"check-sharing-{trials[0].name.replace(trials[0].key, key)}"
    return SharingCheck(row, replace(trials[0], key=key, name=name, serves={}))


def check_lines(check: SharingCheck) -> list[str]:
    """Return what a launch is about to check."""
    epochs = check.trial.milestones[-1]
    number = f"{epochs} epoch{'' if epochs == 1 else 's'}"
    return [f"one more trial checks sharing: {_row(check)} is trained on its own, {number}"]


def check_result(
    check: SharingCheck, study: Mapping[str, Any], recorded: Recorded, launch: str
) -> tuple[bool, str]:
    """Return whether sharing is exact, and the line that says so.

    Args:
        check: the check.
        study: the content of ``study.json``.
        recorded: what all launches recorded, this one included.
        launch: the launch of the check.
    """
    where = f"check of sharing: {_row(check)}, epoch {check.trial.milestones[-1]}"
    shared = recorded.outcomes(study)[check.row]
    own = next(
        (d for d in recorded.checks if (d.launch, d.name) == (launch, check.trial.name)), None
    )
    alone = [r for r in own.records if r.get("milestone") == r["epoch"]] if own else []
    if shared.report is None or not alone:
        which, reason = "the shared row", shared.reason
        if shared.report is not None:
            which, reason = "its own trial", own.error if own else ""
        return False, one_line(f"{where}: not known, {which} has no result ({reason or 'unknown'})")
    rows = shared.report.record, alone[-1]
    one, two = map(measures_of, rows)
    differ = [name for name in {**one, **two} if not _is_same(one.get(name), two.get(name))]
    if not one and not two:
        return False, f"{where}: not known, it has no number that two equal trainings share"
    is_own = study["space"].get("is_own")
    if not differ:
        same = "1 measure is" if len(one) == 1 else f"{len(one)} measures are"
        rest = sorted({name for row in rows for name in _numbers(row) if is_run_dependent(name)})
        left_out = f"; not compared: {choices(rest)}" if rest and is_own else ""
        return True, one_line(f"{where}: exact, {same} the same as on its own{left_out}")
    name = differ[0]
    more = f" ({len(differ)} of {len({**one, **two})} measures differ)" if len(differ) > 1 else ""
    remedy = "remove prefix_axis from the space" if is_own else "add --no-sharing"
    return False, one_line(
        f"{where}: NOT exact: {name} is {_shown(one.get(name))} shared and "
        f"{_shown(two.get(name))} on its own{more}; {remedy} and begin anew with --fresh (unless "
        "the same training gives other numbers at every run, shared or not)"
    )


def measures_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers of a row, and lists of numbers, that two equal trainings have in common.

    Times, speeds and memory are left out: names with a word such as ``time``, ``seconds``,
    ``memory`` or ``per_second``.
    """
    return {name: value for name, value in _numbers(record).items() if not is_run_dependent(name)}


def _numbers(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers and lists of numbers that a training has reported."""
    return {
        name: value for name, value in record.items() if name not in RESERVED and _is_numeric(value)
    }


def _is_numeric(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(_is_numeric(entry) for entry in value)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_same(one: Any, two: Any) -> bool:
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(_is_same, one, two))
    both_nan = isinstance(one, float) and isinstance(two, float) and math.isnan(one)
    return bool(one == two or (both_nan and math.isnan(two)))


def _shown(value: object) -> str:
    return "not reported" if value is None else str(value)[:60]


def _row(check: SharingCheck) -> str:
    config_id, seed = check.row
    label = check.trial.name.removeprefix("check-sharing-").rpartition("-s")[0]
    return f"row {config_id} ({label}) at seed {seed}"
